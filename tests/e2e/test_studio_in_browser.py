"""Studio and Fleet in a real Chromium on a real fleet; the tests themselves are in `frontend/tests/browser`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proteus_cli import access
from workbench.stack.home import Home
from workbench.stack.plan import Plan
from workbench.stack.up import stack

from .conftest import MODELS, in_browser

SLOW = {"WEAVER_ENGINES": "puppet,timed", "WEAVER_TIMED_CURVE": "1:9,4:12", "LOG_LEVEL": "WARNING"}
"""The engine `timed` takes long enough for something to come between."""


@pytest.fixture
async def slow_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Plan]:
    for name, value in SLOW.items():
        monkeypatch.setenv(name, value)

    def say(name: str, line: str) -> None:
        print(f"{name:>10} | {line}")

    async with stack(Home(tmp_path / "stack"), models=MODELS, given=SLOW, say=say) as plan:
        yield plan


@pytest.mark.browser
@pytest.mark.timeout(2_400)
async def test_studio_and_fleet_do_what_a_person_expects_of_them(slow_fleet: Plan, tmp_path: Path) -> None:
    operator = await asyncio.to_thread(
        access.mint, tmp_path / "stack", tenant=access.OPERATORS, scopes=["admin"], seconds=1_800
    )
    await in_browser(
        "tests/browser/*.test.mjs",
        PROTEUS_URL=slow_fleet.gateway_url,
        FLEET_PID=str(os.getpid()),
        OPERATOR_TOKEN=operator,
    )
