"""Who joins a session between two steps: its own steps, its limit, and when nobody does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.engines import TIMED, Quality
from proteus.jobs import JobId
from proteus.worker.claims import Gone
from runner_bench import Bench
from weaver.open_batch import BatchItem, Joiners
from weaver.pipelines.contract import Finished, StepReport
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile

STEPS: dict[Quality, int] = {"fast": TIMED.presets["fast"].steps, "balanced": TIMED.presets["balanced"].steps}


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench(NotesJoins({1: 0.0}), CostProfile(max_batch=8))
    yield made
    made.runner.close()


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
