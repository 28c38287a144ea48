"""A service that is told to stop while nothing is in its hands ends at once: while it starts, and when it is ready."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from proteus import keys
from starting import END_SECONDS, crowding
from workbench.stack.ports import free_port

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

ENDED_BY_SIGTERM = {0, 128 + signal.SIGTERM, -signal.SIGTERM}
"""Drained; told while it imported; told before there was any Python."""

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("pose_folder")]


@pytest.mark.parametrize(
    "seconds", [pytest.param(0.3, marks=pytest.mark.long), 1.0, pytest.param(2.5, marks=pytest.mark.long)]
)
async def test_every_worker_ends_when_it_is_stopped_while_it_starts(fleet: Fleet, seconds: float) -> None:
    started = [
        fleet.start("weaver", "w1", WEAVER_ENGINES="puppet", WEAVER_PROFILE_SECONDS="30"),
        fleet.start("tailor", "t1", TAILOR_HTTP_PORT="0"),
        fleet.start("arbitrator", "a1"),
    ]
    await asyncio.sleep(seconds)  # The moment itself is what is tried.
    for process in started:
        await ends(process)


@pytest.mark.long
async def test_every_worker_ends_when_it_is_stopped_with_nothing_in_its_hands(fleet: Fleet) -> None:
    weaver = await fleet.weaver()
    tailor = fleet.start("tailor", "t1", TAILOR_HTTP_PORT=str(free_port()), TAILOR_HTTP_HOST="127.0.0.1")
    await fleet.ready(tailor, fleet.tailor_queue)
    arbitrator = fleet.start("arbitrator", "a1")
    await fleet.until(lambda: fleet.redis.exists(keys.MODE), what="the arbitrator leads")
    for process in (weaver, tailor, arbitrator):
        await ends(process)
        assert process.popen.returncode == 0


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
    before, told_at = crowding(), time.monotonic()
    process.send(signal.SIGTERM)
    status = await asyncio.to_thread(process.popen.wait, 30)
    took = time.monotonic() - told_at
    assert status in ENDED_BY_SIGTERM, process.log.read_text()
    assert not process.said("Traceback"), process.log.read_text()
    assert took < END_SECONDS * max(before, crowding())


async def said(process: Any, text: str) -> bool:
    return bool(process.said(text))


async def gone(processes: list[psutil.Process]) -> bool:
    return all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes)
