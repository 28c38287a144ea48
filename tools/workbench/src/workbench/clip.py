"""`python -m workbench.clip`: record the README's clip into docs/images.

A fleet of its own, Chromium with a generated camera, and `frontend/tests/clip/clip.mjs`; nothing is drawn or edited but
that waiting is cut. The GIF is made here, of the same pictures as the WebM.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from PIL import Image

from proteus_cli import access
from workbench import pages
from workbench.assets import people
from workbench.assets.fake_camera import HEIGHT, WIDTH, write_camera
from workbench.stack.home import Home
from workbench.stack.plan import Plan
from workbench.stack.up import stack

FLEET: Final = {"WEAVER_ENGINES": "puppet"}
IMAGES: Final = pages.ROOT / "docs" / "images"
MODELS: Final = pages.ROOT / ".proteus" / "models"
GIF_WIDTH: Final = 640
FRAME_MILLISECONDS: Final = 400
EVERY: Final = 2
"""The GIF takes every second picture of the WebM's: it must stay small."""

MOST_BYTES: Final = 3_000_000
COLOURS: Final = (96, 64, 40)
STEPS: Final = 120
"""Four seconds of a person who sways by a ninetieth of the frame to either side, as somebody does who looks."""

VIEW: Final = (704, 528)
"""What the camera sees of the photo, in its pixels: from above the head to the hips."""


def swaying() -> Iterator[Image.Image]:
    """Yield what a camera sees of the demo's person."""
    with Image.open(people.photo_file(people.DEMO)) as picture:
        photo = picture.convert("RGB")
    width, height = VIEW
    spare = (photo.width - width) / 2
    for step in range(STEPS):
        left = round(spare * (1 + math.sin(2 * math.pi * step / STEPS)))
        yield photo.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS, box=(left, 0, left + width, height))


def gif_of(pictures: list[Path], target: Path) -> int:
    """Write the pictures as a GIF that is no larger than allowed; return its size in bytes."""
    for colours in COLOURS:
        frames = []
        for path in pictures[::EVERY]:
            with Image.open(path) as picture:
                small = picture.convert("RGB").resize((GIF_WIDTH, round(GIF_WIDTH * picture.height / picture.width)))
            frames.append(small.quantize(colours, dither=Image.Dither.NONE))
        frames[0].save(
            target, save_all=True, append_images=frames[1:], duration=FRAME_MILLISECONDS, loop=0, optimize=True
        )
        if target.stat().st_size <= MOST_BYTES:
            break
    return target.stat().st_size


async def nothing(_plan: Plan) -> None:
    """Leave the fleet as it starts."""


async def filmed(
    program: str,
    folder: Path,
    *,
    fleet: Mapping[str, str] = FLEET,
    prepare: Callable[[Plan], Awaitable[None]] = nothing,
    **given: str,
) -> int:
    """Run a program of `frontend/tests` in Chromium on a fleet of its own, before a camera that sees a person sway.

    Args:
        program: Below `frontend/tests`.
        folder: Where fleet and camera live, for as long as it runs.
        fleet: The fleet's variables.
        prepare: Makes the fleet what the program finds.
        given: Variables for the program.

    Returns:
        Its exit status.

    Raises:
        PagesNotBuilt: Pages or browser are missing, and no registry answers.
    """
    pages.build()
    chromium = pages.chromium()
    camera = write_camera(folder / "moving.y4m", swaying())
    home = folder / "stack"
    async with stack(Home(home), models=MODELS, given=fleet, say=lambda _name, _line: None) as plan:
        await prepare(plan)
        operator = access.mint(home, tenant=access.OPERATORS, scopes=["admin"], seconds=3_600)
        running = await asyncio.create_subprocess_exec(
            str(pages.node()),
            f"tests/{program}",
            cwd=pages.FRONTEND,
            env={
                **os.environ,
                "PROTEUS_URL": plan.gateway_url,
                "CHROMIUM": chromium,
                "CAMERAS": json.dumps({"moving": str(camera)}),
                "OPERATOR_TOKEN": operator,
                **given,
            },
        )
        return await running.wait()


async def record() -> int:
    """Record once; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="clip-") as name:
        frames = Path(name) / "frames"
        if status := await filmed("clip/clip.mjs", Path(name), FRAMES=str(frames)):
            return status
        shutil.copy(frames / "clip.webm", IMAGES / "clip.webm")
        print(f"clip.webm {(IMAGES / 'clip.webm').stat().st_size} bytes")
        print(f"clip.gif {gif_of(sorted(frames.glob('[0-9]*.jpg')), IMAGES / 'clip.gif')} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(record()))
