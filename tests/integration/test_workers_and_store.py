"""The object store answers errors, half answers or nothing: workers wait it out, and it is never a job's fault."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from proteus.jobs import JobId, JobState
from proteus.settings import StorageSettings
from workbench import assets
from workbench.chaos.proxies import Answer, StoreProxy
from workbench.stack.ports import free_port

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

POSE = Path(__file__).parents[2] / ".proteus/models/pose"
FAULT_SECONDS = 1.5
LEASE_SECONDS = 8.0
LEASE = {"LEASE_SECONDS": str(LEASE_SECONDS), "LEASE_BEAT_SECONDS": "1", "TAILOR_STEP_SECONDS": "2"}
IMPATIENT = {
    "TAILOR_STORE_PATIENCE_SECONDS": "0.2",
    "WEAVER_STORE_PATIENCE_SECONDS": "0.2",
    # No lease is to end: nobody is lost here, and the tailor's first photo takes seconds on a crowded machine.
    "LEASE_SECONDS": "60",
    "TAILOR_STEP_SECONDS": "20",
}
SILENCE = Answer(kind="slow", delay_seconds=2 * LEASE_SECONDS)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("pose_folder")]


class Latest(random.Random):
    """Every slow answer is as slow as it may be."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Door:
    """The store as the workers reach it."""

    def __init__(self, endpoint: str) -> None:
        upstream = urlsplit(endpoint).port
        assert upstream is not None
        self.proxy = StoreProxy(port=free_port(), upstream_port=upstream, rng=Latest(1))
        self.environment = {
            "OBJECT_STORAGE_ENDPOINT": f"http://127.0.0.1:{self.proxy.port}",
            "OBJECT_STORAGE_PUBLIC_ENDPOINT": endpoint,
        }
        self._open = AsyncExitStack()

    async def open(self) -> None:
        await self._open.enter_async_context(self.proxy.listening())

    async def close(self) -> None:
        """Connections are refused from now on."""
        await self._open.aclose()


@pytest.fixture
async def door(storage_settings: StorageSettings) -> AsyncIterator[Door]:
    made = Door(storage_settings.endpoint)
    await made.open()
    yield made
    await made.close()


def says(answer: Answer) -> Callable[[Door], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def fault(door: Door) -> AsyncIterator[None]:
        before = door.proxy.answered
        task = asyncio.create_task(door.proxy.answering(answer, seconds=60))
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert door.proxy.answered > before, "nobody asked the store"

    return fault


@asynccontextmanager
async def refused(door: Door) -> AsyncIterator[None]:
    await door.close()
    yield
    await door.open()


FAULTS: dict[str, Callable[[Door], AbstractAsyncContextManager[None]]] = {
    "503": says(Answer(kind="error", code="503")),
    "500 to half of the requests": says(Answer(kind="error", code="500", share=0.5)),
    "404 of somebody on the way": says(Answer(kind="error", code="404")),
    "403": says(Answer(kind="error", code="403")),
    "half an answer": says(Answer(kind="half")),
    "silence for longer than a lease": says(SILENCE),
    "no connection": refused,
}


async def workers(fleet: Fleet, door: Door, **environment: str) -> tuple[Process, Process]:
    await fleet.configure(batch_size=4)
    settings = {**LEASE, **door.environment, **environment}
    weaver = await fleet.weaver(curve="1:0.3,8:0.3", **settings)
    tailor = fleet.start("tailor", "t1", POSE_MODEL_DIR=str(POSE), TAILOR_HTTP_PORT="0", **settings)
    await fleet.ready(tailor, fleet.tailor_queue)
    return weaver, tailor


async def submitted(fleet: Fleet, name: str, *, each: int) -> tuple[list[JobId], list[Any]]:
    """Pictures for the weaver, uploads for the tailor."""
    upload = (Path(assets.__file__).parent / "garment.jpg").read_bytes()
    uploads: list[Any] = []
    for n in range(each):
        key = f"incoming/usr_1/img_{name}-{n}"
        await asyncio.to_thread(fleet.store.put, key, upload, content_type="image/jpeg")
        body = {"task": "ingest", "incoming_key": key, "content_type": "image/jpeg"}
        uploads += await fleet.submit_to_tailor(f"{name}-{n}", body)
    return await fleet.submit(*[f"{name}-{n}" for n in range(each)]), uploads


async def outcomes(fleet: Fleet, pictures: Sequence[JobId], uploads: Sequence[Any]) -> set[tuple[JobState, int, int]]:
    async def over() -> list[Any] | None:
        views = [view for view in await fleet.tailor_queue.look(*uploads) if view is not None]
        return views if all(view.state.terminal for view in views) else None

    views = [*await fleet.settled(*pictures), *await fleet.until(over, what="the uploads are over")]
    return {(view.state, view.crashes, view.attempts) for view in views}


@pytest.mark.long
async def test_whatever_the_store_answers_the_same_processes_complete_every_job(fleet: Fleet, door: Door) -> None:
    weaver, tailor = await workers(fleet, door)
    for n, (name, fault) in enumerate(FAULTS.items()):
        pictures, uploads = await submitted(fleet, f"{n}", each=6)
        async with fault(door):
            await asyncio.sleep(FAULT_SECONDS)  # How long the fault lasts, not how long something is waited for.
        assert await outcomes(fleet, pictures, uploads) == {(JobState.COMPLETED, 0, 0)}, name
        assert (weaver.popen.poll(), tailor.popen.poll()) == (None, None), name
    assert (weaver.stop(), tailor.stop()) == (0, 0)


@pytest.mark.long
async def test_a_store_that_is_away_for_longer_than_any_patience_costs_no_job_an_attempt(
    fleet: Fleet, door: Door
) -> None:
    weaver, tailor = await workers(fleet, door, **IMPATIENT)
    await door.close()
    pictures, uploads = await submitted(fleet, "long", each=2)
    claims = fleet.policy.max_attempts + 2
    for queue, ids in ((fleet.queue, pictures), (fleet.tailor_queue, uploads)):
        await fleet.until(partial(were_claimed, queue, ids, claims), what="each job was taken many times")
        assert {(view.crashes, view.attempts) for view in await queue.look(*ids)} == {(0, 0)}
    await door.open()
    # From here on one job may end its patience of 0.2 s while the store already answers another: that is an attempt.
    assert {state for state, _, _ in await outcomes(fleet, pictures, uploads)} == {JobState.COMPLETED}
    assert (weaver.stop(), tailor.stop()) == (0, 0)


async def were_claimed(queue: Any, ids: Sequence[JobId], times: int) -> bool:
    return all(view.token >= 1_000_000 + times for view in await queue.look(*ids))
