"""The loom with an engine that only sleeps: what goes wrong beside the pictures costs no picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from proteus.engines import canvas_of
from proteus.errors import OutOfMemory, ReplyClass
from proteus.jobs import JobId, JobState, Stage
from proteus.replies import class_of
from runner_bench import KEY, Bench
from weaver.engine_runner import CAP_SECONDS
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import Engine, Finished, StepReport
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile


class ClosesBadly(TimedEngine):
    """An engine whose sessions break when they are closed."""

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)

        def close() -> None:
            raise RuntimeError("the device was gone")

        session.close = close  # type: ignore[method-assign]
        return session


class RunsOutOfMemoryAndClosesBadly(ClosesBadly):
    """An engine that holds two pictures at most, and breaks once more when it is closed."""

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)
        step = session.step

        def limited() -> StepReport:
            if len(session._jobs) > 2:
                raise OutOfMemory
            return step()

        session.step = limited  # type: ignore[method-assign]
        return session


class ShortOfMemoryFrom(TimedEngine):
    """An engine that holds two pictures at most from its fifth step on; it notes who took part in each step."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps: list[list[JobId]] = []
        self.fits = 2

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)
        step = session.step

        def limited() -> StepReport:
            if len(self.steps) >= 4 and len(session._jobs) > self.fits:
                raise OutOfMemory
            self.steps.append(list(session._jobs))
            return step()

        session.step = limited  # type: ignore[method-assign]
        return session


class Miscounts(CostProfile):
    """A profile that breaks on every measurement."""

    def observe(self, *_args: object, **_options: object) -> None:
        raise ValueError("a cost table needs positive finite seconds")


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    engine, profile = request.param
    made = Bench(engine({1: 0.0}), profile(max_batch=8))
    yield made
    made.runner.close()


def turns_failed() -> float:
    return REGISTRY.get_sample_value("proteus_loop_errors_total", {"loop": "loom"}) or 0.0


BROKEN: list[tuple[Callable[..., Engine], Callable[..., CostProfile]]] = [
    (ClosesBadly, CostProfile),
    (TimedEngine, Miscounts),
]


@pytest.mark.parametrize("bench", BROKEN, indirect=True, ids=["close", "bookkeeping"])
@pytest.mark.parametrize("pictures", [1, 3])
async def test_a_batch_that_fails_after_its_last_picture_left_is_done(bench: Bench, pictures: int) -> None:
    done: list[BatchItem] = []
    failed = turns_failed()
    left = await bench.runner.weave(
        await bench.items(*[f"j{n}" for n in range(pictures)]), emit=done.extend, stop=asyncio.Event()
    )
    assert not left
    assert not bench.runner.sick
    assert [type(item.outcome) for item in done] == [Finished] * pictures
    assert turns_failed() == failed + 1, "it is seen as a failed turn of the loom, and as nobody's crash"


@pytest.mark.parametrize("bench", [(ClosesBadly, CostProfile)], indirect=True)
async def test_a_session_that_closes_badly_still_tells_what_its_batch_cost(bench: Bench) -> None:
    await bench.runner.weave(await bench.items("a", "b"), emit=lambda _: None, stop=asyncio.Event())
    table = bench.profile.table(KEY)
    assert table is not None
    assert table.t(2) > 0


@pytest.mark.parametrize("bench", [(RunsOutOfMemoryAndClosesBadly, CostProfile)], indirect=True)
async def test_a_session_that_closes_badly_does_not_hide_why_it_ended(bench: Bench) -> None:
    done: list[BatchItem] = []
    await bench.runner.weave(await bench.items("a", "b", "c", "d"), emit=done.extend, stop=asyncio.Event())
    assert [type(item.outcome) for item in done] == [Finished] * 4
    assert bench.runner.memory_cap(canvas_of(KEY)) == 2


@pytest.mark.parametrize("bench", [(ShortOfMemoryFrom, CostProfile)], indirect=True)
async def test_when_memory_runs_out_half_waits_and_no_step_is_done_twice(bench: Bench) -> None:
    done: list[BatchItem] = []
    await bench.runner.weave(await bench.items("a", "b", "c", "d"), emit=done.extend, stop=asyncio.Event())
    assert [type(item.outcome) for item in done] == [Finished] * 4
    assert isinstance(bench.engine, ShortOfMemoryFrom)
    assert bench.engine.steps == [["a", "b", "c", "d"]] * 4 + [["a", "b"]] * 4 + [["c", "d"]] * 4


@pytest.mark.parametrize("bench", [(ShortOfMemoryFrom, CostProfile)], indirect=True)
async def test_a_picture_that_does_not_fit_alone_fails_alone(bench: Bench) -> None:
    assert isinstance(bench.engine, ShortOfMemoryFrom)
    bench.engine.fits = 0
    done: list[BatchItem] = []
    await bench.runner.weave(await bench.items("a", "b"), emit=done.extend, stop=asyncio.Event())
    assert [type(item.outcome) for item in done] == [OutOfMemory] * 2
    assert not bench.runner.sick


@pytest.mark.parametrize("bench", [(ShortOfMemoryFrom, CostProfile)], indirect=True)
async def test_a_size_that_did_not_fit_is_tried_again_after_a_while(bench: Bench) -> None:
    await bench.runner.weave(await bench.items("a", "b", "c"), emit=lambda _: None, stop=asyncio.Event())
    assert bench.runner.memory_cap(canvas_of(KEY)) == 2
    bench.now += CAP_SECONDS - 1
    assert bench.runner.memory_cap(canvas_of(KEY)) == 2
    bench.now += 2
    assert bench.runner.memory_cap(canvas_of(KEY)) is None


@pytest.mark.parametrize("bench", [(TimedEngine, CostProfile)], indirect=True)
async def test_progress_that_cannot_be_told_of_one_job_is_told_of_the_others(bench: Bench) -> None:
    first, second = await bench.items("a", "b")
    tell = bench.queue.report_progress

    async def refusing(job_id: JobId, token: int, *, stage: Stage, step: int, steps: int) -> bool:
        if job_id == "a":
            raise ValueError("a broken key")
        return await tell(job_id, token, stage=stage, step=step, steps=steps)

    bench.queue.report_progress = refusing  # type: ignore[method-assign]
    for item in (first, second):
        bench.progress.note(item.job, Stage.DENOISING, 3, 8)
    with pytest.raises(ExceptionGroup) as told:
        await bench.progress.tell()
    assert class_of(told.value) is ReplyClass.OURS
    views = await bench.queue.look(JobId("a"), JobId("b"))
    assert [(view.state, view.step) for view in views if view] == [(JobState.RUNNING, 0), (JobState.RUNNING, 3)]


class MakesWayIn(TimedEngine):
    """An engine in whose n-th step of all others come; it notes who took part in each step."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps: list[list[JobId]] = []
        self.make_way = asyncio.Event()
        self.at = 0
        self.breaks_at = 0

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)
        step = session.step

        def noted() -> StepReport:
            self.steps.append(list(session._jobs))
            if len(self.steps) == self.at:
                self.make_way.set()
            if len(self.steps) == self.breaks_at:
                raise RuntimeError("a batch that breaks")
            return step()

        session.step = noted  # type: ignore[method-assign]
        return session


@pytest.mark.parametrize("bench", [(MakesWayIn, CostProfile)], indirect=True)
@pytest.mark.parametrize("at", range(1, 9))
async def test_who_makes_way_does_no_further_step_and_none_twice(bench: Bench, at: int) -> None:
    engine, done = bench.engine, list[BatchItem]()
    assert isinstance(engine, MakesWayIn)
    engine.at = at
    more = {"emit": done.extend, "stop": asyncio.Event(), "make_way": engine.make_way}
    left = await bench.runner.weave(await bench.items("a", "b"), **more)  # type: ignore[arg-type]
    assert engine.steps == [["a", "b"]] * at
    assert [item.job.id for item in left] == (["a", "b"] if at < 8 else [])
    await bench.runner.weave(await bench.items("c"), emit=done.extend, stop=asyncio.Event())
    engine.make_way.clear()
    assert not await bench.runner.weave(left, **more)  # type: ignore[arg-type]
    assert engine.steps == [["a", "b"]] * at + [["c"]] * 8 + [["a", "b"]] * (8 - at)
    assert sorted(item.job.id for item in done if isinstance(item.outcome, Finished)) == ["a", "b", "c"]
    assert bench.runner.seconds_left == 0
    assert bench.runner.batches == {2: 1, 1: 1}, "one that goes on is not begun again"


@pytest.mark.parametrize("bench", [(MakesWayIn, CostProfile)], indirect=True)
async def test_what_made_way_and_breaks_later_begins_anew(bench: Bench) -> None:
    engine, done = bench.engine, list[BatchItem]()
    assert isinstance(engine, MakesWayIn)
    engine.at, engine.breaks_at = 3, 5
    left = await bench.runner.weave(
        await bench.items("a", "b"), emit=done.extend, stop=asyncio.Event(), make_way=engine.make_way
    )
    assert not await bench.runner.weave(left, emit=done.extend, stop=asyncio.Event())
    assert engine.steps == [["a", "b"]] * 5 + [["a"]] * 8 + [["b"]] * 8
    assert [type(item.outcome) for item in done] == [Finished] * 2


@pytest.mark.parametrize("bench", [(ShortOfMemoryFrom, CostProfile)], indirect=True)
async def test_who_makes_way_in_two_halves_goes_on_in_two_halves(bench: Bench) -> None:
    """The memory ran out before: half of them stood outside when the others came."""
    engine, done, make_way = bench.engine, list[BatchItem](), asyncio.Event()
    assert isinstance(engine, ShortOfMemoryFrom)

    class SetsAt(list[list[JobId]]):
        def append(self, jobs: list[JobId]) -> None:
            super().append(jobs)
            if len(self) == 6:
                make_way.set()

    engine.steps = SetsAt()
    items = await bench.items("a", "b", "c", "d")
    left = await bench.runner.weave(items, emit=done.extend, stop=asyncio.Event(), make_way=make_way)
    assert {item.job.id for item in left} == {"a", "b", "c", "d"}
    assert not await bench.runner.weave(left, emit=done.extend, stop=asyncio.Event())
    assert [type(item.outcome) for item in done] == [Finished] * 4
    assert {name: sum(jobs.count(JobId(name)) for jobs in engine.steps) for name in "abcd"} == dict.fromkeys("abcd", 8)
