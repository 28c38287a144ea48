"""`python -m workbench.bench.mirror`: what the Mirror costs in CPU time, in Chromium with a generated camera.

It starts a fleet for the pages, builds them if the sources changed, and lets `frontend/tests/mirror/bench.mjs` count.
Figures are CPU time, which a busy machine disturbs least; frames and poses a second depend on what else runs. The last
line is JSON.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image

from workbench import assets, browser, pages
from workbench.assets.fake_camera import on_a_wall, write_camera
from workbench.stack.home import Home
from workbench.stack.up import stack

MODELS: Final = pages.ROOT / ".proteus" / "models"
STEPS: Final = 60
"""Two seconds of a person who sways by a twelfth of the frame."""


async def measure(chromium: str) -> int:
    """Measure once; return the exit status."""
    pages.build()
    with tempfile.TemporaryDirectory(prefix="mirror-") as name:
        folder = Path(name)
        with Image.open(assets.PERSON) as picture:
            person = picture.convert("RGB")
        sway = (0.5 + 0.06 * math.sin(2 * math.pi * step / STEPS) for step in range(STEPS))
        camera = write_camera(folder / "moving.y4m", (on_a_wall(person, x=x) for x in sway))
        async with stack(Home(folder / "stack"), models=MODELS, given={}, say=lambda _name, _line: None) as plan:
            bench = await asyncio.create_subprocess_exec(
                str(pages.node()),
                "tests/mirror/bench.mjs",
                cwd=pages.FRONTEND,
                env={
                    **os.environ,
                    "PROTEUS_URL": plan.gateway_url,
                    "CHROMIUM": chromium,
                    "CAMERAS": json.dumps({"moving": str(camera)}),
                },
            )
            return await bench.wait()


def main() -> int:
    """Find a browser and measure."""
    return asyncio.run(measure(browser.program()))


if __name__ == "__main__":
    sys.exit(main())
