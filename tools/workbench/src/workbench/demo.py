"""`make demo`: a whole fleet in a folder of its own, one real try-on through its public API, and a picture on disk."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from proteus_cli.tryon import Board, Wish, try_on
from proteus_client import AsyncProteus, TryOnOptions
from workbench import assets
from workbench.stack.console import SELF
from workbench.stack.home import Home
from workbench.stack.up import stack

_HEIGHT: Final = 720
_GAP: Final = 24
_CAPTION: Final = 44
_PAPER: Final = (250, 249, 247)
_INK: Final = (60, 58, 54)


async def demo(home: Home, *, models: Path, given: Mapping[str, str], output: Path, console: Console) -> str:
    """Run the demo; return the line of JSON that sums it up.

    Args:
        home: A folder for this demo alone; the demo deletes its data first.
        models: Where model weights lie.
        given: The caller's environment.
        output: The folder for the pictures.
        console: Shows the progress.
    """
    person, garment = _prepare(home, output)
    wish = Wish(person=person, garment=garment, category="upper", options=TryOnOptions(), output=output / "result.png")
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
                with Board(console).live() as board:
                    done, cut_out = await try_on(client, wish, board=board)
            status.start()
    side_by_side = output / "side-by-side.png"
    side_by_side.write_bytes(_join(person.read_bytes(), cut_out, wish.output.read_bytes()))
    console.print(f"\n[bold green]Done.[/bold green] The picture: [bold]{wish.output}[/bold] (and {side_by_side})")
    console.print(
        f"Made by engine [bold]{done.engine}[/bold]: an instant preview, the cut-out warped onto the torso; "
        "for the diffusion model see “Engines” in README.md."
    )
    return json.dumps(done.summary())


def _prepare(home: Home, output: Path) -> tuple[Path, Path]:
    """Delete the last demo's data; copy the two photos into the output folder."""
    shutil.rmtree(home.data, ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    person, garment = (Path(shutil.copy(photo, output)) for photo in (assets.PERSON, assets.GARMENT))
    return person, garment


def _join(person: bytes, cut_out: bytes, result: bytes) -> bytes:
    """Return person, cut-out and result beside each other, with a caption each, as a PNG."""
    panels = []
    for data in (person, cut_out, result):
        picture = Image.open(io.BytesIO(data)).convert("RGBA")
        width = round(picture.width * _HEIGHT / picture.height)
        panels.append(picture.resize((width, _HEIGHT), Image.Resampling.LANCZOS))
    width = sum(panel.width for panel in panels) + _GAP * (len(panels) + 1)
    canvas = Image.new("RGB", (width, _HEIGHT + 2 * _GAP + _CAPTION), _PAPER)
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=22)
    left = _GAP
    for panel, caption in zip(panels, ("person", "garment, cut out", "try-on"), strict=True):
        canvas.paste(panel, (left, _GAP), panel)
        draw.text((left + panel.width / 2, _HEIGHT + 2 * _GAP), caption, fill=_INK, font=font, anchor="mt")
        left += panel.width + _GAP
    out = io.BytesIO()
    canvas.save(out, "PNG")
    return out.getvalue()
