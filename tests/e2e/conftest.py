"""The whole fleet for a test: embedded servers and the four services as processes of their own, in a fresh folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from workbench import pages
from workbench.stack.home import Home
from workbench.stack.plan import Plan
from workbench.stack.up import stack

MODELS: Final = Path(__file__).parents[2] / ".proteus" / "models"
"""Shared with `make up`: the weights are fetched once."""


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Plan]:
    """A running fleet, for one test."""
    async with running(tmp_path / "stack") as plan:
        yield plan


@asynccontextmanager
async def running(folder: Path, **given: str) -> AsyncIterator[Plan]:
    """Run a fleet with these variables; its output is printed, so a failing test shows it."""

    def say(name: str, line: str) -> None:
        print(f"{name:>10} | {line}")

    async with stack(Home(folder), models=MODELS, given=given, say=say) as plan:
        yield plan


async def in_browser(tests: str, **given: str) -> None:
    """Run JavaScript tests that drive Chromium: a pattern below `frontend`, and variables for them.

    The pages are built and a browser is fetched where they are not there.
    """
    await asyncio.to_thread(pages.build)
    chromium = await asyncio.to_thread(pages.chromium)
    running = await asyncio.create_subprocess_exec(
        str(pages.node()),
        "--test",
        "--test-concurrency=1",
        tests,
        cwd=pages.FRONTEND,
        env={**os.environ, "CHROMIUM": chromium, **given},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    assert running.returncode == 0, said.decode()
