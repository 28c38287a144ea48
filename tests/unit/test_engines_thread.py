"""A whole weaver in this process: its engine's thread weaves, others prepare before it and finish after it."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from proteus import imaging
from proteus.jobs import JobId
from workbench.bench.idle import Bench, Load, SleepingEngine

PATIENCE_SECONDS = 60.0
SMALL = Load(batches=2, batch=2, photo=(96, 128), steps=3, step_seconds=0.05)
FIRST, SECOND = {"job_0", "job_1"}, {"job_2", "job_3"}


class Notes:
    """What was done, in which thread; pasting the first batch waits until the second one is being woven."""

    def __init__(self) -> None:
        self.done: list[tuple[str, tuple[JobId, ...], str]] = []
        self.second_runs = threading.Event()
        self.waited_in_vain = False

    def __call__(self, what: str, jobs: Sequence[JobId]) -> None:
        self.done.append((what, tuple(jobs), threading.current_thread().name))
        if what == "step" and set(jobs) == SECOND:
            self.second_runs.set()
        if what == "paste" and set(jobs) < FIRST and not self.second_runs.wait(PATIENCE_SECONDS):
            self.waited_in_vain = True

    def threads(self, what: str) -> set[str]:
        return {thread for done, _, thread in self.done if done == what}

    def order(self, what: str, job: str) -> list[int]:
        return [at for at, (done, jobs, _) in enumerate(self.done) if done == what and job in jobs]


async def test_the_engines_thread_waits_neither_for_what_comes_nor_for_what_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes, encoded, encode = Notes(), set[str](), imaging.encode

    def noted(*args: object, **options: object) -> bytes:
        encoded.add(threading.current_thread().name)
        return encode(*args, **options)  # type: ignore[arg-type]

    bench = Bench(SMALL, SleepingEngine(SMALL, noted=notes))
    monkeypatch.setattr(imaging, "encode", noted)
    await bench.run()
    engine = notes.threads("step")
    assert len(engine) == 1
    assert engine.isdisjoint(notes.threads("prepare") | notes.threads("paste") | (encoded - {"MainThread"}))
    assert notes.order("prepare", "job_2")[0] < notes.order("step", "job_0")[-1], "the next batch is prepared meanwhile"
    assert not notes.waited_in_vain, "the next batch is woven while the last one is finished"
    assert len(notes.order("paste", "job_3")) == 1
    assert 0 <= bench.idle_share() < 1
