"""A worker that is told to stop while it starts ends at once: nothing is in its hands yet."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

ENDS_WITHIN_SECONDS = 2.0
BUSY_MACHINE_SECONDS = 2.0
"""Two test processes share two cores: what takes 2 s alone may take twice that."""

ENDED_BY_SIGTERM = {0, 128 + signal.SIGTERM, -signal.SIGTERM}
"""Drained; told while it imported; told before there was any Python."""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("pose_folder")]


@pytest.mark.parametrize("seconds", [0.3, 1.0, 2.5])
async def test_every_worker_ends_when_it_is_stopped_while_it_starts(fleet: Fleet, seconds: float) -> None:
    started = [
        fleet.start("weaver", "w1", WEAVER_ENGINES="puppet", WEAVER_PROFILE_SECONDS="30"),
        fleet.start("tailor", "t1", TAILOR_HTTP_PORT="0"),
        fleet.start("arbitrator", "a1"),
    ]
    await asyncio.sleep(seconds)  # The moment itself is what is tried.
    for process in started:
        await ends(process)


async def test_a_weaver_that_is_measuring_ends_without_waiting_for_the_measurement(fleet: Fleet) -> None:
    weaver = fleet.start(
        "weaver", "w1", WEAVER_ENGINES="timed", WEAVER_TIMED_CURVE="1:400", WEAVER_PROFILE_SECONDS="600"
    )
    await fleet.until(lambda: said(weaver, "engine_loaded"), what="the engine is loaded")
    hearts = weaver.find_hearts()
    await ends(weaver)
    assert weaver.said("stopping")
    await fleet.until(lambda: gone(hearts), what="its heart is gone")
    assert not await fleet.redis.exists(fleet.queue.keys.worker("w1"))


async def ends(process: Process) -> None:
    told_at = time.monotonic()
    process.send(signal.SIGTERM)
    status = await asyncio.to_thread(process.popen.wait, 30)
    took = time.monotonic() - told_at
    assert status in ENDED_BY_SIGTERM, process.log.read_text()
    assert not process.said("Traceback"), process.log.read_text()
    assert took < ENDS_WITHIN_SECONDS + BUSY_MACHINE_SECONDS


async def said(process: Any, text: str) -> bool:
    return bool(process.said(text))


async def gone(processes: list[psutil.Process]) -> bool:
    return all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes)
