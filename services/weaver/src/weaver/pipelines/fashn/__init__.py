"""The engine `fashn`: FASHN VTON v1.5, a 971.8 M pixel-space diffusion transformer, in our own implementation.

`network` and `blocks` are the model, `weights` reads the published file, `pipeline` samples, `pose`, `resample` and
`images` draw what it sees, `engine` puts it behind the seam of `weaver.pipelines.contract`. Importing this package
imports no torch; `pose`, `resample` and `images` never do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from proteus.errors import ModelUnavailable
from weaver.pipelines.contract import Engine

OWN_PLACE: Final = Path(".proteus/models/fashn")
"""Where `make weights MODEL=fashn` puts the file, relative to the folder a worker is started in."""
WEIGHTS: Final = "model.safetensors"
WHOLEBODY: Final = "wholebody"
"""A folder of this name beside the weights opts in to the published pose estimator; see `wholebody`."""


def load_engine(*, weights_dir: Path | None, device: str) -> Engine:
    """Load the engine: bfloat16 where the GPU has it and it proves itself there, float32 elsewhere.

    Args:
        weights_dir: Folder with `model.safetensors`; None: `OWN_PLACE`.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ModelUnavailable: The weights or torch are missing, the file is damaged, the device is not there, or the exact
            form does not run on it.
    """
    folder = weights_dir or OWN_PLACE
    file = folder / WEIGHTS
    if not file.is_file():
        raise ModelUnavailable(f"fashn has no weights at {file}; fetch them with `make weights MODEL=fashn`")
    try:
        import torch

        from weaver.pipelines.fashn import forms
        from weaver.pipelines.fashn.engine import FashnEngine
    except ImportError as error:
        raise ModelUnavailable(f"fashn is not installed here ({error}); install 'proteus-weaver[torch]'") from error
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelUnavailable("fashn is set to run on cuda, but torch finds no GPU here")
    form, pipeline = forms.load(file, device=device, forms=forms.of_device(device))
    pose_source = None
    if (folder / WHOLEBODY).is_dir():
        from weaver.pipelines import torch_device
        from weaver.pipelines.fashn.wholebody import WholebodyPose

        pose_source = WholebodyPose(folder / WHOLEBODY, device=device, machine=torch_device.describe(device))
    return FashnEngine(pipeline, pose_source=pose_source, form=form)
