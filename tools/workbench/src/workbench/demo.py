"""`make demo`: a whole fleet in a folder of its own, three real try-ons through its public API, pictures on disk."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from proteus_cli.tryon import Board, TryOn, Wish, try_on
from proteus_client import AsyncProteus, TryOnOptions
from workbench import assets
from workbench.assets import people
from workbench.eval import portraits
from workbench.stack.console import SELF
from workbench.stack.home import Home
from workbench.stack.up import stack

GARMENTS: Final = (
    ("A tee with a print", "result", "upper"),
    ("A striped long sleeve", "long-breton", "upper"),
    ("A dress", "dress-red", "dress"),
)
"""Words, the picture's name (after `eval.family_a`, but for the first, `assets.GARMENT`) and the category."""

_WIDTH: Final = 360
_HEIGHT: Final = 480
_MARGIN: Final = 40
_SHEET: Final = (246, 246, 246)
_GAP: Final = 24
_CAPTION: Final = 44
_PAPER: Final = (250, 249, 247)
_INK: Final = (60, 58, 54)


async def demo(home: Home, *, models: Path, given: Mapping[str, str], output: Path, console: Console) -> str:
    """Run the demo; return the line of JSON that sums up its first try-on.

    Args:
        home: A folder for this demo alone; the demo deletes its data first.
        models: Where model weights lie.
        given: The caller's environment.
        output: The folder for the pictures.
        console: Shows the progress.
    """
    person, wishes = _prepare(home, output)
    found: list[tuple[TryOn, bytes]] = []
    with console.status("starting", spinner="dots") as status:

        def say(name: str, line: str) -> None:
            if name == SELF:
                status.update(line)
                if not console.is_terminal:
                    console.print(f"  {line}")

        async with stack(home, models=models, given=given, say=say) as plan:
            status.stop()
            console.print(f"[bold]The fleet runs[/bold] at {plan.gateway_url}; now a client uses its public API.")
            async with AsyncProteus(plan.gateway_url) as client:
                for words, wish in wishes:
                    console.print(f"\n{words}:")
                    with Board(console).live() as board:
                        found.append(await try_on(client, wish, board=board))
            status.start()
    sheet = output / "side-by-side.png"
    cuts, results = [cut for _, cut in found], [wish.output.read_bytes() for _, wish in wishes]
    sheet.write_bytes(_join(person.read_bytes(), cuts, results, [words for words, _ in wishes]))
    console.print(f"\n[bold green]Done.[/bold green] The picture: [bold]{sheet}[/bold] (each alone beside it)")
    console.print(
        f"Made by engine [bold]{found[0][0].engine}[/bold]: an instant preview, the cut-out warped onto the body; "
        "for the diffusion model see “Engines” in README.md."
    )
    return json.dumps(found[0][0].summary())


def _prepare(home: Home, output: Path) -> tuple[Path, list[tuple[str, Wish]]]:
    """Delete the last demo's data; put the photos into the output folder; return the person's and the wishes."""
    shutil.rmtree(home.data, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    person = Path(shutil.copy(people.photo_file(people.DEMO), output / "person.jpg"))
    wishes = []
    for words, name, category in GARMENTS:
        garment = output / f"garment-{name}.jpg"
        garment.write_bytes(assets.GARMENT.read_bytes() if name == "result" else on_paper(name))
        picture = output / f"{name}.png"
        wish = Wish(person=person, garment=garment, category=category, options=TryOnOptions(), output=picture)
        wishes.append((words, wish))
    return person, wishes


def on_paper(garment: str) -> bytes:
    """Return the photo of a drawn garment that lies on paper, as a JPEG."""
    cut = Image.fromarray(portraits.garment(garment))
    photo = Image.new("RGB", (cut.width + 2 * _MARGIN, cut.height + 2 * _MARGIN), _SHEET)
    photo.paste(cut, (_MARGIN, _MARGIN), cut)
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=92)
    return out.getvalue()


def _join(person: bytes, cuts: Sequence[bytes], results: Sequence[bytes], words: Sequence[str]) -> bytes:
    """Return the person and each garment with its result beside each other, with a caption each, as a PNG."""
    panels = [(person, "person")]
    for cut, result, word in zip(cuts, results, words, strict=True):
        panels += [(cut, "cut out"), (result, word)]
    pictures = []
    for data, _ in panels:
        picture = Image.open(io.BytesIO(data)).convert("RGBA")
        picture.thumbnail((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS)
        pictures.append(picture)
    width = sum(picture.width for picture in pictures) + _GAP * (len(pictures) + 1)
    canvas = Image.new("RGB", (width, _HEIGHT + 2 * _GAP + _CAPTION), _PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=18)
    left = _GAP
    for picture, (_, caption) in zip(pictures, panels, strict=True):
        canvas.paste(picture, (left, _GAP + (_HEIGHT - picture.height) // 2), picture)
        draw.text((left + picture.width / 2, _HEIGHT + 2 * _GAP), caption, fill=_INK, font=font, anchor="mt")
        left += picture.width + _GAP
    out = io.BytesIO()
    canvas.save(out, "PNG")
    return out.getvalue()
