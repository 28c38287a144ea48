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
from pathlib import Path
from typing import Final

from PIL import Image

from workbench import assets, browser, pages
from workbench.assets.fake_camera import on_a_wall, write_camera
from workbench.stack.home import Home
from workbench.stack.up import stack

IMAGES: Final = pages.ROOT / "docs" / "images"
MODELS: Final = pages.ROOT / ".proteus" / "models"
GIF_WIDTH: Final = 640
FRAME_MILLISECONDS: Final = 400
EVERY: Final = 2
"""The GIF takes every second picture of the WebM's: it must stay small."""

MOST_BYTES: Final = 3_000_000
COLOURS: Final = (96, 64, 40)


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


async def record(chromium: str) -> int:
    """Record once; return the exit status."""
    pages.build()
    with tempfile.TemporaryDirectory(prefix="clip-") as name:
        folder = Path(name)
        with Image.open(assets.PERSON) as picture:
            person = picture.convert("RGB")
        sway = (0.5 + 0.06 * math.sin(2 * math.pi * step / 60) for step in range(60))
        camera = write_camera(folder / "moving.y4m", (on_a_wall(person, x=x) for x in sway))
        async with stack(Home(folder / "stack"), models=MODELS, given={}, say=lambda _name, _line: None) as plan:
            clip = await asyncio.create_subprocess_exec(
                str(pages.node()),
                "tests/clip/clip.mjs",
                cwd=pages.FRONTEND,
                env={
                    **os.environ,
                    "PROTEUS_URL": plan.gateway_url,
                    "CHROMIUM": chromium,
                    "CAMERAS": json.dumps({"moving": str(camera)}),
                    "FRAMES": str(folder / "frames"),
                },
            )
            if status := await clip.wait():
                return status
        frames = folder / "frames"
        shutil.copy(frames / "clip.webm", IMAGES / "clip.webm")
        print(f"clip.webm {(IMAGES / 'clip.webm').stat().st_size} bytes")
        print(f"clip.gif {gif_of(sorted(frames.glob('[0-9]*.jpg')), IMAGES / 'clip.gif')} bytes")
    return 0


def main() -> int:
    """Find a browser and record."""
    return asyncio.run(record(browser.program()))


if __name__ == "__main__":
    sys.exit(main())
