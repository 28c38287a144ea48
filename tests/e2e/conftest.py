"""The whole fleet for a test: embedded servers and the four services as processes of their own, in a fresh folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

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
