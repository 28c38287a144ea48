"""CatVTON: diffusion try-on with one UNet and one VAE, own code on diffusers' modules.

`weights.load` builds the `pipeline.CatVtonPipeline` from the published files; `engine` puts it behind the engine seam,
with `weaver.pipelines.framing` for photos of any size. Importing this package imports no torch; its modules do.
"""

from __future__ import annotations

from pathlib import Path

from proteus.errors import ModelUnavailable
from weaver.pipelines.contract import Engine


def load_engine(*, weights_dir: Path | None, device: str) -> Engine:
    """Load the engine from a folder as `make weights` leaves it.

    Args:
        weights_dir: Holds `stable-diffusion-inpainting/`, `sd-vae-ft-mse/` and `CatVTON/`.
        device: `auto`, `cpu` or `cuda`.

    Raises:
        ModelUnavailable: Libraries or weights are missing; the message says which.
    """
    if weights_dir is None:
        raise ModelUnavailable("catvton needs its weights: `make weights` fetches them, WEAVER_WEIGHTS_DIR names them.")
    try:
        from weaver.pipelines.catvton import engine
    except ImportError as error:
        raise ModelUnavailable(f"catvton is not installed here ({error}); install requirements-models.txt.") from error
    return engine.from_folder(weights_dir, device=device)
