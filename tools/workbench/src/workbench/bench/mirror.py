"""`python -m workbench.bench.mirror`: what the Mirror costs in CPU time, in Chromium with a generated camera.

It starts a fleet for the pages, builds them if the sources changed, and lets `frontend/tests/mirror/bench.mjs` count.
Figures are CPU time, which a busy machine disturbs least; frames and poses a second depend on what else runs. The last
line is JSON.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from workbench.clip import filmed


async def measure() -> int:
    """Measure once; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="mirror-") as name:
        return await filmed("mirror/bench.mjs", Path(name))


if __name__ == "__main__":
    sys.exit(asyncio.run(measure()))
