"""Studio and Fleet in a real Chromium on a real fleet; the tests themselves are in `frontend/tests/browser`."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proteus_cli import access
from workbench import pages
from workbench.stack.home import Home
from workbench.stack.plan import Plan
from workbench.stack.up import stack

from .conftest import MODELS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
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
@pytest.mark.timeout(600)
async def test_studio_and_fleet_do_what_a_person_expects_of_them(slow_fleet: Plan, tmp_path: Path) -> None:
    assert CHROMIUM, "this test needs a browser: apt-get install chromium"
    await asyncio.to_thread(pages.build)
    operator = await asyncio.to_thread(
        access.mint, tmp_path / "stack", tenant=access.OPERATORS, scopes=["admin"], seconds=1_800
    )
    tests = await asyncio.create_subprocess_exec(
        str(pages.NODE / "bin" / "node"),
        "--test",
        "--test-concurrency=1",
        "tests/browser/*.test.mjs",
        cwd=pages.FRONTEND,
        env={
            **os.environ,
            "PROTEUS_URL": slow_fleet.gateway_url,
            "CHROMIUM": CHROMIUM,
            "FLEET_PID": str(os.getpid()),
            "OPERATOR_TOKEN": operator,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await tests.communicate()
    assert tests.returncode == 0, output.decode()
