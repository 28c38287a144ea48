"""`proteus tryon`: put a garment on a person, from two files to a picture."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from proteus_cli import checks
from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, address_of
from proteus_cli.operator import UrlOption
from proteus_cli.sentences import sentences
from proteus_cli.tryon import Board, TryOn, Wish, lines_about, try_on
from proteus_client import NO_PICTURE, AsyncProteus, TryOnOptions, content_type_of

MaskMode = Literal["auto", "provided", "free"]


def _photo(help_: str) -> Any:
    """Return an argument that must be a picture; any other file is refused before the first upload."""
    return typer.Argument(exists=True, dir_okay=False, callback=_checked, help=help_)


def _checked(file: Path | None) -> Path | None:
    if file is None:
        return None
    if not file.stat().st_size:
        raise typer.BadParameter(f"file {str(file)!r} is empty.")
    with file.open("rb") as opened:
        if content_type_of(opened.read(16)) == NO_PICTURE:
            raise typer.BadParameter(f"file {str(file)!r} is no JPEG, PNG, WebP, AVIF or HEIC picture.")
    return file


def tryon(
    person: Annotated[Path, _photo("A photo of a person.")],
    garment: Annotated[Path, _photo("A photo of a garment.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, writable=True, help="File to write the picture to.")
    ] = Path("tryon.png"),
    url: UrlOption = None,
    category: Annotated[
        str, typer.Option(help="auto, upper, lower, overall, dress, inner (under a jacket), outer, shoes, bag or hat.")
    ] = "auto",
    engine: Annotated[str | None, typer.Option(help="See GET /v1/models; default: the deployment's.")] = None,
    person_index: Annotated[
        int | None,
        typer.Option(min=0, help="Which person of the photo, from the left, 0 being the first; default: the largest."),
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            callback=_checked,
            help="A picture of the person photo's size: white may change, black stays.",
        ),
    ] = None,
    mask_mode: Annotated[
        MaskMode | None, typer.Option(help="Whose mask counts; default: yours, if there is one.")
    ] = None,
    return_mask: Annotated[
        Path | None, typer.Option(dir_okay=False, writable=True, help="File to write the mask that was used to.")
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(envvar="PROTEUS_TOKEN", callback=checks.token, help="Access token; default: a guest's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON on standard output.")] = False,
) -> None:
    """Put a garment on a person. Exit status: 0 done, 1 failed, 3 no server, 4 refused."""
    console = CommandConsole()
    address = address_of(DEFAULT_FOLDER, url)
    options = TryOnOptions(model=engine) if engine else TryOnOptions()
    if person_index is not None:
        options["person_index"] = person_index
    if mask_mode:
        options["mask_mode"] = mask_mode
    wish = Wish(
        person=person, garment=garment, category=category, options=options, output=output, mask=mask,
        mask_output=return_mask,
    )  # fmt: skip

    async def flow() -> TryOn:
        async with AsyncProteus(address, token=token) as client:
            with Board(console.rich).live() as board:
                done, _ = await try_on(client, wish, board=board)
        return done

    with sentences(console):
        done = asyncio.run(flow())
        for line in lines_about(done):
            console.rich.print(line, highlight=False)
        console.rich.print(f"The picture: {output}")
        if return_mask:
            console.rich.print(f"The mask that was used: {done.mask or 'none, the whole picture might change'}")
        if as_json:
            print(json.dumps(done.summary()))
