"""`python -m workbench.shots`: take the pictures of every page, light, dark and on a phone, into docs/images.

A fleet of its own with an hour behind it (`workbench.past_hour`), Chromium with a generated camera, and
`frontend/tests/shots/shots.mjs`; nothing is drawn or edited but that the pictures become WebP of half the size they
were taken in, so that type is sharp.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from workbench import past_hour
from workbench.clip import IMAGES, filmed

FLEET: Final = {
    "WEAVER_ENGINES": "puppet,timed",
    "WEAVER_TIMED_CURVE": "1:9,4:12",
    "WEAVER_MAX_BATCH": "4",
    "LOCAL_MAX_WEAVERS": "2",
    "PRICE_WEAVER_HOUR": "1.2",
}
"""The engine `timed` takes long enough for jobs to be seen while they wait and run."""

QUALITY: Final = 82
WIDTH: Final = 1_366
"""Of the widest picture, in pixels; a phone's are narrower and kept as they were taken."""


def written(taken: Path, target: Path) -> int:
    """Write a picture as WebP; return its size in bytes."""
    with Image.open(taken) as picture:
        shown = picture.convert("RGB")
    if shown.width > WIDTH:
        shown = shown.resize((WIDTH, round(shown.height * WIDTH / shown.width)), Image.Resampling.LANCZOS)
    shown.save(target, quality=QUALITY, method=6)
    return target.stat().st_size


async def take() -> int:
    """Take them once; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="shots-") as name:
        folder = Path(name) / "shots"
        folder.mkdir()
        program = filmed("shots/shots.mjs", Path(name), fleet=FLEET, prepare=past_hour.give, SHOTS=str(folder))
        if status := await program:
            return status
        for taken in sorted(folder.glob("*.png")):
            target = IMAGES / f"{taken.stem}.webp"
            print(f"{target.name} {written(taken, target)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(take()))
