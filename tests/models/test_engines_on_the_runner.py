"""The diffusion engines on the loom: what a broken batch, a full device or a cancelled job does to its mates."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from prometheus_client import CollectorRegistry

from proteus import keys
from proteus.clock import ManualClock
from proteus.engines import CATVTON, Preset, canvas_of
from proteus.errors import EngineError
from proteus.jobs import JobId, WorkerId
from proteus.queue import MemoryJobQueue, QueuePolicy, Submission
from proteus.worker.claims import Claims, Gone
from tiny_klein import klein_engine, small_card
from weaver.engine_runner import EngineRunner
from weaver.measuring import measure
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines import catvton, fashn
from weaver.pipelines.catvton.engine import CatVtonEngine
from weaver.pipelines.contract import Engine, Finished, WeaveJob
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import TryOnConfig
from weaver.profile import CostProfile, keys_of
from weaver.progress import ProgressReporter
from workbench.bench.checkpoints import write_catvton, write_fashn
from worker_parts import worker_parts

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
STEPS = 20
CARD = replace(
    CATVTON,
    presets={quality: Preset(width=48, height=64, steps=STEPS) for quality in CATVTON.presets},
    degraded=Preset(width=32, height=32, steps=2),
)


@dataclass(frozen=True, kw_only=True)
class Model:
    """An engine and the network in it that a test can listen to.

    Attributes:
        persons: Says of each row of the network's input whether its picture may change everywhere (catvton) or shows
            a white person (fashn, klein): how a test knows a job again inside the model.
        rows: Of the network's input for each picture.
    """

    engine: Engine
    network: torch.nn.Module
    persons: Callable[[torch.Tensor], torch.Tensor]
    rows: int = 2

    @property
    def key(self) -> str:
        return self.engine.card.batch_key("fast")

    @property
    def canvas(self) -> str:
        return canvas_of(self.key)

    @contextmanager
    def listening(self, hear: Callable[[torch.Tensor], None]) -> Iterator[None]:
        """Let `hear` see the network's input before every pass."""
        hook = self.network.register_forward_pre_hook(lambda _module, inputs: hear(inputs[0]))
        try:
            yield
        finally:
            hook.remove()


def catvton_model(folder: Path) -> Model:
    write_catvton(folder)
    loaded = catvton.load_engine(weights_dir=folder, device="cpu")
    assert isinstance(loaded, CatVtonEngine)
    engine = CatVtonEngine(loaded.pipeline, card=CARD)
    return Model(
        engine=engine,
        network=engine.pipeline.unet,
        persons=lambda rows: (rows[:, 4, : rows.shape[2] // 2] == 1).flatten(1).all(1),
    )


def fashn_model(folder: Path) -> Model:
    write_fashn(folder, config=TINY)
    engine = fashn.load_engine(weights_dir=folder, device="cpu")
    assert isinstance(engine, FashnEngine)
    return Model(
        engine=engine,
        network=engine.pipeline.network.x_embedder,
        persons=lambda rows: (rows[:, 3:6] == 1).flatten(1).float().mean(1) > 0.5,
    )


def klein_model(_folder: Path) -> Model:
    engine = klein_engine(card=small_card(STEPS))
    preset = engine.card.presets["fast"]
    white = torch.ones(1, 3, preset.height, preset.width)
    known = engine.pipeline.begin(white, white, category="upper", seed=0, steps=STEPS)
    tokens = known.latents.shape[1]
    person = known.references[:, :tokens]
    return Model(
        engine=engine,
        network=engine.pipeline.transformer.x_embedder,
        persons=lambda rows: (rows[:, tokens : 2 * tokens] - person).abs().flatten(1).amax(1) < 1e-3,
        rows=1,
    )


@pytest.fixture(
    scope="module",
    params=[catvton_model, fashn_model, pytest.param(klein_model, marks=pytest.mark.long)],
    ids=["catvton", "fashn", "klein"],
)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    made: Model = request.param(tmp_path_factory.mktemp("engine"))
    return made


class Bench:
    """A loom with one engine, and a worker's hands to take jobs with."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.clock = ManualClock()
        policy = QueuePolicy(lease_ms=600_000)
        self.queue = MemoryJobQueue(policy=policy, clock=self.clock, jitter=random.Random(1))
        self.claims = Claims(self.queue, WorkerId("w1"), now=self.clock.now)
        self.profile = CostProfile(max_batch=8)
        self.runner = EngineRunner(
            {model.engine.card.name: model.engine},
            worker_parts(self.claims, keys.JOBS, policy=policy),
            profile=self.profile,
            progress=ProgressReporter(self.queue),
            metrics=Metrics(CollectorRegistry()),
        )

    async def items(self, *jobs: WeaveJob, deadline_seconds: float | None = None) -> list[BatchItem]:
        """Submit and claim; the deadline is the first job's."""
        deadline_ms = None if deadline_seconds is None else int((self.clock.now() + deadline_seconds) * 1000)
        body = {"job_type": "tryon", "user_id": "u", "vton_id": None, "result_url": "/r", "trace_id": "t"}
        name = self.model.engine.card.name
        submissions = [
            Submission(
                id=job.id,
                epoch=1,
                payload={"id": job.id},
                body=body,
                engine=name,
                batch_key=self.model.key,
                deadline_ms=deadline_ms if job is jobs[0] else None,
            )
            for job in jobs
        ]
        await self.queue.submit(*submissions)
        claimed = await self.claims.take(len(jobs), engines=[name])
        inputs = {job.id: job for job in jobs}
        return [BatchItem(job=one, inputs=inputs[one.id]) for one in claimed]

    async def weave(self, *jobs: WeaveJob, deadline_seconds: float | None = None) -> dict[JobId, Any]:
        """Return what became of each job."""
        done: list[BatchItem] = []
        items = await self.items(*jobs, deadline_seconds=deadline_seconds)
        assert not await self.runner.weave(items, emit=done.extend, stop=asyncio.Event())
        return {item.job.id: item.outcome for item in done}


@pytest.fixture
def bench(model: Model) -> Iterator[Bench]:
    made = Bench(model)
    yield made
    made.runner.close()


def job(model: Model, name: str, *, seed: int = 1, known: bool = False) -> WeaveJob:
    """Return a grey figure; `known` ones the model's `persons` finds."""
    sample = replace(model.engine.sample_job(model.canvas), id=JobId(name), seed=seed, quality="fast")
    if not known:
        return sample
    assert sample.agnostic_mask is not None
    return replace(
        sample, person=np.full_like(sample.person, 255), agnostic_mask=np.full_like(sample.agnostic_mask, 255)
    )


def same(one: Finished, other: Finished) -> bool:
    return bool(np.abs(one.image.astype(int) - other.image).max() <= 1)


async def test_a_batch_that_does_not_fit_is_halved_and_the_size_that_fits_is_remembered(bench: Bench) -> None:
    alone = await bench.weave(job(bench.model, "alone", seed=3))
    rows: list[int] = []
    splits: list[int] = []

    def device(inputs: torch.Tensor) -> None:
        rows.append(len(inputs))
        if len(inputs) > 2 * bench.model.rows:
            splits.append(len(inputs))
            raise torch.OutOfMemoryError("CUDA out of memory")

    with bench.model.listening(device):
        first = await bench.weave(*[job(bench.model, f"a{n}", seed=n) for n in range(4)])
        assert bench.runner.memory_cap(bench.model.canvas) == 2
        second = await bench.weave(*[job(bench.model, f"b{n}", seed=n) for n in range(4)])
    assert splits == [4 * bench.model.rows], "once, and never again"
    assert max(rows[1:]) == 2 * bench.model.rows
    for done in (first, second):
        assert all(isinstance(outcome, Finished) for outcome in done.values())
    assert same(first[JobId("a3")], alone[JobId("alone")])
    assert same(second[JobId("b3")], alone[JobId("alone")])


async def test_pictures_that_make_way_after_a_step_are_bit_for_bit_those_of_an_undisturbed_batch(bench: Bench) -> None:
    undisturbed = await bench.weave(*[job(bench.model, f"u{n}", seed=n) for n in range(2)])
    left = await bench.items(*[job(bench.model, f"s{n}", seed=n) for n in range(2)])
    done: list[BatchItem] = []
    make_way, steps = asyncio.Event(), 0

    def device(_inputs: torch.Tensor) -> None:
        nonlocal steps
        steps += 1
        if steps % 7 == 0:
            make_way.set()

    rounds = 0
    while left:
        make_way.clear()
        with bench.model.listening(device):
            left = await bench.runner.weave(left, emit=done.extend, stop=asyncio.Event(), make_way=make_way)
        if rounds == 0:
            await bench.weave(job(bench.model, "other", seed=9))
        rounds += 1
    assert rounds > 2
    made = {item.job.id: item.outcome for item in done}
    for n in range(2):
        one, other = made[JobId(f"s{n}")], undisturbed[JobId(f"u{n}")]
        assert isinstance(one, Finished)
        assert np.array_equal(one.image, other.image)


async def test_a_picture_that_breaks_its_batch_is_found_and_its_mates_get_the_pictures_they_get_alone(
    bench: Bench,
) -> None:
    alone = await bench.weave(job(bench.model, "alone", seed=2))

    def device(inputs: torch.Tensor) -> None:
        if bool(bench.model.persons(inputs).any()):
            raise RuntimeError("device-side assert")

    jobs = [job(bench.model, f"j{n}", seed=n, known=n == 1) for n in range(4)]
    with bench.model.listening(device):
        done = await bench.weave(*jobs)
    assert str(done.pop(JobId("j1"))) == "device-side assert"
    assert all(isinstance(outcome, Finished) for outcome in done.values())
    assert same(done[JobId("j2")], alone[JobId("alone")])
    assert not bench.runner.sick


async def test_an_engine_that_fails_whatever_it_is_given_takes_no_more_jobs(bench: Bench) -> None:
    def device(_inputs: torch.Tensor) -> None:
        raise RuntimeError("the device fell off the bus")

    with bench.model.listening(device):
        done = await bench.weave(job(bench.model, "j"))
    assert not isinstance(done[JobId("j")], EngineError | Finished)
    assert bench.runner.sick


@pytest.mark.parametrize("why", [Gone.CANCELED, Gone.EXPIRED, Gone.LOST])
async def test_a_job_that_is_gone_takes_no_further_step_and_its_mate_goes_on(bench: Bench, why: Gone) -> None:
    alone = await bench.weave(job(bench.model, "alone", seed=2))
    gone, seen = JobId("gone"), []

    def device(inputs: torch.Tensor) -> None:
        seen.append(bool(bench.model.persons(inputs).any()))
        if len(seen) == 3:
            match why:
                case Gone.CANCELED:
                    bench.claims.hears_gone([], [gone])
                case Gone.LOST:
                    bench.claims.hears_gone([gone], [])
                case Gone.EXPIRED:
                    bench.clock.advance(90)

    with bench.model.listening(device):
        jobs = job(bench.model, "gone", known=True), job(bench.model, "mate", seed=2)
        done = await bench.weave(*jobs, deadline_seconds=60)
    assert done[gone] is why
    assert same(done[JobId("mate")], alone[JobId("alone")])
    assert seen == [True] * 3 + [False] * (STEPS - 3)


async def test_the_costs_are_measured_at_start_and_corrected_by_what_is_woven(bench: Bench) -> None:
    engine, key = bench.model.engine, bench.model.key
    measure(engine, bench.profile, budget_seconds=0.5, max_batch=8)
    assert all(bench.profile.table(each) for each in keys_of(engine.card))
    before = bench.profile.table(key)
    assert before is not None
    assert list(before.seconds) == sorted(before.seconds)
    assert bench.profile.longest_step_seconds(bench.model.canvas, 2) < before.t(2)
    await bench.weave(job(bench.model, "a"), job(bench.model, "b"))
    after = bench.profile.table(key)
    assert after is not None
    assert after.t(2) != before.t(2)
