"""The engine `klein`: FLUX.2 klein 4B, a general picture editor, through diffusers' own pipeline class.

`weights` reads the published folder, `pipeline` takes the published class apart at its steps, `prompts` says what is
asked for, `images` draws what the model sees, `gate` decides whether its picture is shown, `engine` puts it behind the
seam of `weaver.pipelines.contract`. Importing this package imports no torch; `prompts`, `images` and `gate` never do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from proteus.errors import ModelUnavailable
from weaver.pipelines.contract import Engine

OWN_PLACE: Final = Path(".proteus/models/klein")
"""Where `make weights MODEL=klein` puts the files, relative to the folder a worker is started in."""


def load_engine(*, weights_dir: Path | None, device: str) -> Engine:
    """Load the engine: bfloat16, as published, on a GPU, float32 on a CPU.

    Args:
        weights_dir: Folder with the published files; None: `OWN_PLACE`.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ModelUnavailable: The weights or libraries are missing, a file is damaged, or the device cannot run it.
    """
    try:
        import torch

        from weaver.pipelines.klein import weights
        from weaver.pipelines.klein.engine import KleinEngine
    except ImportError as error:
        raise ModelUnavailable(f"klein is not installed here ({error}); install requirements-models.txt") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float32
    if device.startswith("cuda"):
        if not torch.cuda.is_available():
            raise ModelUnavailable("klein is set to run on cuda, but torch finds no GPU here")
        if not torch.cuda.is_bf16_supported(including_emulation=False):
            raise ModelUnavailable("klein runs on a GPU that computes in bfloat16; this one does not")
        dtype = torch.bfloat16
    pipeline = weights.load(weights_dir or OWN_PLACE, dtype=dtype, device=device)
    return KleinEngine(pipeline, form="fp32" if dtype == torch.float32 else "bf16")
