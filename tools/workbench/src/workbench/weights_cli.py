"""`proteus weights`: fetches one model's weights.

It uses `workbench.hub`. Beside SegFormer's it writes the exported network that a tailor without PyTorch needs, beside
CatVTON's the one file in half precision that a weaver on a GPU reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from proteus.engines import CATVTON
from proteus.errors import ModelUnavailable, ProteusError
from proteus.licences import SEGFORMER
from workbench import hub

DEFAULT_FOLDER: Final = Path(".proteus/models")
UNAVAILABLE: Final = 3


def weights(
    model: Annotated[str, typer.Argument(help=f"One of {', '.join(sorted(hub.MODELS))}.")],
    folder: Annotated[Path, typer.Option(help="Parent of the model's folder.")] = DEFAULT_FOLDER,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="You have read the licence of these weights and accept it.")
    ] = False,
) -> None:
    """Fetch one model's weights from the model hub and check them."""
    console = Console(stderr=True, soft_wrap=True)
    try:
        place = hub.fetch_model(model, folder, say=console.print, accepted=accept_licence)
        if model == SEGFORMER.name:
            console.print(f"{export_segformer(place)} is the network for tailors without PyTorch.")
        if model == CATVTON.name:
            console.print(f"{merge_catvton(place)} is all that a GPU's weaver reads.")
    except ProteusError as error:
        console.print(f"[red]{error.message}[/red] {error.hint}".strip())
        raise typer.Exit(UNAVAILABLE) from error
    print(place)


def export_segformer(place: Path) -> Path:
    """Make sure that the exported network is beside the weights; return its path.

    Raises:
        ModelUnavailable: The weights are not SegFormer's, or there is no PyTorch here to export them.
    """
    from tailor.parsers.segformer import SIDE, exported, locate  # reads OpenCV, which no other command here needs

    return exported(locate(place), side=SIDE)


def merge_catvton(place: Path) -> Path:
    """Write the merged file beside the published ones; return its path.

    Raises:
        ModelUnavailable: They are not CatVTON's, or there is no PyTorch here to merge them.
    """
    try:
        from weaver.pipelines.catvton import merged
    except ImportError as error:
        raise ModelUnavailable(
            f"to merge the files needs PyTorch and diffusers ({error}): make install-models"
        ) from error
    return merged.write(place)
