"""The loom with an engine that only sleeps: what goes wrong beside the pictures costs no picture."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry

from proteus import keys
from proteus.clock import ManualClock
from proteus.engines import TIMED, Quality, canvas_of
from proteus.errors import OutOfMemory, ReplyClass
from proteus.jobs import JobId, JobState, Stage, WorkerId
from proteus.queue import MemoryJobQueue, QueuePolicy, Submission
from proteus.replies import class_of
from proteus.worker.claims import Claims, Gone
from weaver.engine_runner import CAP_SECONDS, EngineRunner
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem, Joiners
from weaver.pipelines.contract import Engine, Finished, StepReport
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile
from weaver.progress import ProgressReporter
from worker_parts import worker_parts

KEY = "timed/1/384x512/8"
STEPS: dict[Quality, int] = {"fast": TIMED.presets["fast"].steps, "balanced": TIMED.presets["balanced"].steps}


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


class Bench:
    """A loom and the hands that take jobs for it."""

    def __init__(self, engine: Engine, profile: CostProfile) -> None:
        clock = ManualClock()
        self.queue = MemoryJobQueue(policy=QueuePolicy(), clock=clock, jitter=random.Random(1))
        self.claims = Claims(self.queue, WorkerId("w1"), now=clock.now)
        self.engine = engine
        self.profile = profile
        self.progress = ProgressReporter(self.queue)
        self.now = 1000.0
        self.runner = EngineRunner(
            {"timed": engine},
            worker_parts(self.claims, keys.JOBS),
            profile=profile,
            progress=self.progress,
            metrics=Metrics(CollectorRegistry()),
            now=lambda: self.now,
        )

    async def items(self, *names: str) -> list[BatchItem]:
        body = {"job_type": "tryon", "user_id": "u", "vton_id": None, "result_url": "/r", "trace_id": "t"}
        for name in names:
            await self.queue.submit(
                Submission(id=JobId(name), epoch=1, payload={"id": name}, body=body, engine="timed", batch_key=KEY)
            )
        sample = self.engine.sample_job(canvas_of(KEY))
        jobs = await self.claims.take(len(names), engines=["timed"])
        return [BatchItem(job=job, inputs=replace(sample, id=job.id)) for job in jobs]


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


class NotesJoins(TimedEngine):
    """An engine that notes who took part in each step, and lets others come and go before it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps: list[list[JobId]] = []
        self.before: Callable[[int], None] = lambda step: None

    def open(self, canvas: str) -> TimedSession:
        session = super().open(canvas)
        step = session.step

        def noted() -> StepReport:
            self.steps.append(list(session._jobs))
            report = step()
            self.before(len(self.steps))
            return report

        session.step = noted  # type: ignore[method-assign]
        return session


JOINS = st.lists(
    st.tuples(st.integers(1, 20), st.sampled_from(["join", "join", "cancel"]), st.sampled_from(sorted(STEPS))),
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(begin=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3), events=JOINS, limit=st.integers(1, 4))
def test_whoever_joins_takes_its_own_steps_and_no_step_has_more_than_the_limit(
    begin: list[Quality], events: list[tuple[int, str, Quality]], limit: int
) -> None:
    async def run() -> None:
        bench, done = Bench(NotesJoins({1: 0.0}), CostProfile(max_batch=8)), list[BatchItem]()
        engine, qualities = bench.engine, dict[JobId, Quality]()
        assert isinstance(engine, NotesJoins)
        joiners = Joiners(limit=limit)
        coming = [await bench.items(f"join{n}") for n, (_, what, _) in enumerate(events) if what == "join"]
        first = await bench.items(*[f"first{n}" for n in range(len(begin))])

        def known(items: list[BatchItem], quality: Quality) -> list[BatchItem]:
            for item in items:
                qualities[item.job.id] = quality
                item.inputs = replace(item.inputs, quality=quality)
            return items

        def before(step: int) -> None:
            for at, what, quality in events:
                if at == step and what == "join":
                    joiners.items += known(coming.pop(0), quality)
                elif at == step and engine.steps:
                    bench.claims.hears_gone([], engine.steps[-1][:1])

        engine.before = before
        items = [item for item, quality in zip(first, begin, strict=True) for item in known([item], quality)]
        assert not await bench.runner.weave(items, emit=done.extend, stop=asyncio.Event(), joiners=joiners)
        bench.runner.close()
        taken = Counter(job_id for step in engine.steps for job_id in step)
        assert max(map(len, engine.steps)) <= max(limit, len(begin))
        for item in done:
            steps = STEPS[qualities[item.job.id]]
            if isinstance(item.outcome, Finished):
                assert taken[item.job.id] == steps
            else:
                assert (item.outcome, taken[item.job.id] <= steps) == (Gone.CANCELED, True)
        assert len(done) + len(joiners.items) == len(qualities)
        assert not joiners.items or len(engine.steps) < 20, "only who comes after the last step is left"

    asyncio.run(run())


@pytest.mark.parametrize("bench", [(NotesJoins, CostProfile)], indirect=True)
async def test_nobody_joins_a_batch_that_was_split_to_find_who_breaks_it(bench: Bench) -> None:
    engine, done, joiners = bench.engine, list[BatchItem](), Joiners(limit=8)
    assert isinstance(engine, NotesJoins)
    late = await bench.items("late")
    items = await bench.items("bad", "good")
    items[0].inputs = replace(items[0].inputs, options={"poison": "raise"})
    joiners.items += late
    joiners.limit = 2
    assert not await bench.runner.weave(items, emit=done.extend, stop=asyncio.Event(), joiners=joiners)
    assert {item.job.id: type(item.outcome) for item in done} == {"bad": RuntimeError, "good": Finished}
    assert joiners.items == late


@pytest.mark.parametrize("bench", [(NotesJoins, CostProfile)], indirect=True)
async def test_whoever_would_join_when_the_worker_stops_is_left(bench: Bench) -> None:
    engine, done, joiners, stop = bench.engine, list[BatchItem](), Joiners(limit=8), asyncio.Event()
    assert isinstance(engine, NotesJoins)
    late = await bench.items("late")

    def before(step: int) -> None:
        if step == 3:
            joiners.items += late
            stop.set()

    engine.before = before
    await bench.runner.weave(await bench.items("a"), emit=done.extend, stop=stop, joiners=joiners)
    assert engine.steps == [["a"]] * 8, "what runs is finished"
    assert joiners.items == late
