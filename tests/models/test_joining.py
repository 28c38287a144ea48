"""Whoever joins, makes way, goes on or is cancelled, and however its mates are made: a picture is what it is alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proteus.engines import CATVTON, FASHN, KLEIN, TIMED, EngineCard, Preset, Quality, canvas_of
from proteus.jobs import JobId
from tiny_klein import klein_engine as tiny_klein_engine
from weaver.pipelines import catvton
from weaver.pipelines.catvton.engine import CatVtonEngine
from weaver.pipelines.contract import Engine, Session, WeaveJob
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.timed import TimedEngine
from workbench.bench.checkpoints import write_catvton

pytestmark = pytest.mark.slow

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
STEPS: dict[Quality, int] = {"fast": 2, "balanced": 3, "best": 5, "approximate": 5}
TOLERANCE = 1e-4
SEEDS = 3


def with_few_steps(card: EngineCard, *, width: int, height: int, guidance: float | None = None) -> EngineCard:
    presets = {
        quality: Preset(
            width=width,
            height=height,
            steps=steps,
            guidance=guidance,
            shortcuts=("some",) if quality == "approximate" else (),
        )
        for quality, steps in STEPS.items()
    }
    return replace(card, presets=presets, degraded=replace(presets["fast"], steps=4))


def catvton_engine(folder: Path) -> Engine:
    write_catvton(folder)
    loaded = catvton.load_engine(weights_dir=folder, device="cpu")
    assert isinstance(loaded, CatVtonEngine)
    return CatVtonEngine(loaded.pipeline, card=with_few_steps(CATVTON, width=48, height=64))


def fashn_engine(_folder: Path) -> Engine:
    torch.manual_seed(7)
    network = TryOnNetwork(TINY).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("scale"):
            parameter.fill_(1)
    engine = FashnEngine(FashnPipeline(network))
    engine.card = with_few_steps(FASHN, width=576, height=864, guidance=1.5)
    return engine


def klein_engine(_folder: Path) -> Engine:
    return tiny_klein_engine(with_few_steps(KLEIN, width=32, height=48))


def timed_engine(_folder: Path) -> Engine:
    engine = TimedEngine({1: 0.0}, sleep=lambda _: None)
    engine.card = with_few_steps(TIMED, width=384, height=512)
    return engine


Form = tuple[Quality, bool, int]
"""Quality, whether degraded, seed."""


class Bench:
    """An engine, and what each form's picture is when it is made alone."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.canvas = canvas_of(engine.card.batch_key("fast"))
        self.alone: dict[Form, torch.Tensor] = {}

    def open(self) -> tuple[Session, dict[JobId, torch.Tensor]]:
        """Return a session, and where the raw pictures that leave it appear: latents, or pixels of fashn."""
        session: Any = self.engine.open(self.canvas)
        pictures: dict[JobId, torch.Tensor] = {}
        if not hasattr(session, "_finish"):
            return session, pictures
        finish = session._finish

        def noted(running: Any, *rest: Any) -> Any:
            picture = rest[0] if rest else running.picture
            pictures[running.job.id] = getattr(picture, "latents", picture).clone()
            return finish(running, *rest)

        session._finish = noted
        return session, pictures

    def job(self, name: str, form: Form) -> WeaveJob:
        quality, degraded, seed = form
        sample = self.engine.sample_job(self.canvas)
        person = (sample.person + seed).astype(sample.person.dtype)
        return replace(sample, id=JobId(name), quality=quality, degraded=degraded, seed=seed, person=person)

    def expected(self, form: Form) -> torch.Tensor:
        if form not in self.alone:
            session, pictures = self.open()
            session.admit(self.job("alone", form))
            while not (report := session.step()).finished:
                assert not report.failed
            done = report.finished[0].image
            self.alone[form] = pictures.get(JobId("alone"), torch.from_numpy(done))
        return self.alone[form]


@pytest.fixture(
    scope="module",
    params=[timed_engine, catvton_engine, fashn_engine, klein_engine],
    ids=["timed", "catvton", "fashn", "klein"],
)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(request.param(tmp_path_factory.mktemp("engine")))


@dataclass(frozen=True)
class Guest:
    """One picture: when it comes, what may happen to it, and how it is made."""

    form: Form
    at: int
    parked_at: int
    parked_for: int
    cancelled_at: int


GUESTS = st.builds(
    Guest,
    form=st.tuples(st.sampled_from(sorted(STEPS)), st.booleans(), st.integers(1, SEEDS)),
    at=st.integers(0, 6),
    parked_at=st.integers(0, 20),
    parked_for=st.integers(1, 4),
    cancelled_at=st.integers(0, 25),
)


def walk(bench: Bench, guests: list[Guest]) -> Iterator[tuple[Guest, torch.Tensor | None, int]]:
    """Let all come, be parked, go on and be cancelled; yield each one's picture and how many steps it took."""
    session, pictures = bench.open()
    names = {JobId(f"job_{n}"): guest for n, guest in enumerate(guests)}
    outside: dict[JobId, tuple[object, int]] = {}
    inside: set[JobId] = set()
    taken, gone = dict.fromkeys(names, 0), set[JobId]()
    for step in range(60):
        for name, guest in names.items():
            if guest.at == step:
                session.admit(bench.job(name, guest.form))
                inside.add(name)
            elif name in inside and guest.cancelled_at == step:
                session.evict(name)
                inside.discard(name)
                gone.add(name)
            elif name in inside and guest.parked_at == step:
                outside[name] = session.park(name), step + guest.parked_for
                inside.discard(name)
            elif name in outside and outside[name][1] == step:
                session.resume(outside.pop(name)[0])
                inside.add(name)
        if not inside:
            continue
        report = session.step()
        assert not report.failed
        assert {one.id for one in report.progress} == inside
        for one in report.progress:
            taken[one.id] += 1
            assert one.step == taken[one.id]
        for done in report.finished:
            inside.discard(done.id)
            pictures.setdefault(done.id, torch.from_numpy(done.image))
    assert not inside
    assert not outside
    for name, guest in names.items():
        assert (name in pictures) != (name in gone)
        yield guest, pictures.get(name), taken[name]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(guests=st.lists(GUESTS, min_size=2, max_size=4))
def test_a_picture_is_what_it_is_alone_whoever_comes_and_goes_beside_it(bench: Bench, guests: list[Guest]) -> None:
    for guest, picture, taken in walk(bench, guests):
        quality, degraded, _ = guest.form
        steps = bench.engine.card.preset(quality, degraded=degraded).steps
        if picture is None:
            assert taken <= steps
            continue
        assert taken == steps, "its own steps, each once"
        expected = bench.expected(guest.form)
        if isinstance(bench.engine, TimedEngine):
            assert torch.equal(picture, expected)
        else:
            assert float((picture - expected).abs().max()) <= TOLERANCE * float(expected.abs().max())
