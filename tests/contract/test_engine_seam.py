"""Every engine behind the seam keeps the same promises: `timed`, `puppet`, and the model engines with tiny weights."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from proteus import imaging
from proteus.engines import CARDS, CATVTON, Preset, canvas_of
from proteus.jobs import JobId
from weaver.pipelines.contract import Engine, Finished, Session, WeaveJob
from weaver.pipelines.puppet import PuppetEngine
from weaver.pipelines.timed import TimedEngine

STEP_LIMIT = 100


def timed(_folder: Path) -> Engine:
    return TimedEngine({1: 0.01}, sleep=lambda seconds: None)


def puppet(_folder: Path) -> Engine:
    return PuppetEngine()


def catvton(folder: Path) -> Engine:
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    from weaver.pipelines.catvton import load_engine
    from weaver.pipelines.catvton.engine import CatVtonEngine
    from workbench.bench.checkpoints import write_catvton

    write_catvton(folder)
    loaded = load_engine(weights_dir=folder, device="cpu")
    assert isinstance(loaded, CatVtonEngine)
    small = {quality: Preset(width=48, height=64, steps=4) for quality in CATVTON.presets}
    card = replace(CATVTON, presets=small, degraded=Preset(width=32, height=32, steps=2))
    return CatVtonEngine(loaded.pipeline, card=card)


def fashn(_folder: Path) -> Engine:
    torch = pytest.importorskip("torch")
    from weaver.pipelines.fashn.engine import FashnEngine
    from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
    from weaver.pipelines.fashn.pipeline import FashnPipeline

    torch.manual_seed(7)
    tiny = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
    network = TryOnNetwork(tiny).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("scale"):
            parameter.fill_(1)
    return FashnEngine(FashnPipeline(network))


def klein(_folder: Path) -> Engine:
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    from tiny_klein import klein_engine

    return klein_engine()


MAKERS: dict[str, Callable[[Path], Engine]] = {
    "timed": timed,
    "puppet": puppet,
    "catvton": catvton,
    "fashn": fashn,
    "klein": klein,
}


WITH_TORCH = [pytest.param(name, marks=pytest.mark.slow) for name in ("catvton", "fashn", "klein")]


@pytest.fixture(scope="module", params=["timed", "puppet", *WITH_TORCH])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return MAKERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def key(engine: Engine) -> str:
    return canvas_of(engine.card.batch_key("fast"))


def sample(engine: Engine, key: str, name: str, *, seed: int = 1) -> WeaveJob:
    return replace(engine.sample_job(key), id=JobId(name), seed=seed)


def finish(session: Session, count: int) -> dict[JobId, Finished]:
    done: dict[JobId, Finished] = {}
    for _ in range(STEP_LIMIT):
        report = session.step()
        assert not report.failed
        done |= {one.id: one for one in report.finished}
        if len(done) == count:
            return done
    pytest.fail(f"{count - len(done)} of {count} pictures were not finished in {STEP_LIMIT} steps")


def test_every_known_engine_is_held_to_the_seam() -> None:
    assert set(MAKERS) == set(CARDS)


def test_as_many_pictures_come_out_as_jobs_went_in_at_the_photos_size(engine: Engine, key: str) -> None:
    session = engine.open(key)
    jobs = [sample(engine, key, f"job_{n}", seed=n) for n in range(3)]
    for job in jobs:
        session.admit(job)
    done = finish(session, len(jobs))
    session.close()
    assert set(done) == {job.id for job in jobs}
    for job in jobs:
        assert done[job.id].image.shape == job.person.shape
        assert done[job.id].image.dtype == np.uint8


def test_a_parked_job_goes_on_where_it_was_and_its_mate_too(engine: Engine, key: str) -> None:
    """In the same session or in another one; what it has done is not done again."""
    alone = engine.open(key)
    alone.admit(sample(engine, key, "job_a", seed=5))
    expected = finish(alone, 1)[JobId("job_a")].image

    first, second = engine.open(key), engine.open(key)
    for name, seed in (("job_a", 5), ("job_b", 6)):
        first.admit(sample(engine, key, name, seed=seed))
    one_shot = engine.card.presets["fast"].steps == 0
    walked = 0 if one_shot else first.step().progress[0].step
    parked = first.park(JobId("job_a"))
    mate = finish(first, 1)
    second.resume(parked)
    report = second.step()
    assert set(mate) == {"job_b"}
    assert [one.step for one in report.progress] == ([] if one_shot else [walked + 1])
    done = {one.id: one for one in report.finished} or finish(second, 1)
    assert np.abs(done[JobId("job_a")].image.astype(int) - expected).max() <= 1
    with pytest.raises(KeyError):
        second.park(JobId("job_a"))


class Spy:
    """Notes in which threads pictures are resized, blurred, grown or encoded."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.calls: list[tuple[str, str]] = []
        for owner, name in (
            (Image.Image, "resize"),
            (Image.Image, "save"),
            (cv2, "resize"),
            (cv2, "dilate"),
            (cv2, "GaussianBlur"),
            (imaging, "encode"),
            (np, "rint"),
        ):
            patch.setattr(owner, name, self._noting(name, getattr(owner, name)))

    def _noting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **options: Any) -> Any:
            self.calls.append((name, threading.current_thread().name))
            return call(*args, **options)

        return noted


@pytest.mark.parametrize("engine", ["timed", *WITH_TORCH], indirect=True)
def test_the_engines_thread_does_the_models_work_only(
    engine: Engine, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of engines with a model: puppet's own work is the warp and the blend."""
    plain = engine.open(key)
    plain.admit(sample(engine, key, "job_a"))
    expected = finish(plain, 1)[JobId("job_a")].image

    spy = Spy(monkeypatch)

    def weave(job: WeaveJob) -> Finished:
        session = engine.open(key)
        session.admit(job)
        done = finish(session, 1)[JobId("job_a")]
        session.close()
        return done

    with (
        ThreadPoolExecutor(1, "fetch") as fetch,
        ThreadPoolExecutor(1, "engine") as thread,
        ThreadPoolExecutor(1, "deliver") as deliver,
    ):
        prepared = fetch.submit(engine.prepare, sample(engine, key, "job_a")).result()
        done = thread.submit(weave, prepared).result()
        image = deliver.submit(lambda: done.image).result()
        again = deliver.submit(lambda: done.image).result()
    assert {name for name, where in spy.calls if where.startswith("engine")} == set()
    if engine.card.name != "timed":
        assert {where.split("_")[0] for _, where in spy.calls} == {"fetch", "deliver"}
    assert np.array_equal(image, expected)
    assert np.array_equal(image, again), "a store that was away is offered the same picture again"


def test_a_picture_is_that_of_its_job_whoever_its_mates_are(engine: Engine, key: str) -> None:
    alone, among = engine.open(key), engine.open(key)
    alone.admit(sample(engine, key, "job_a", seed=5))
    for name, seed in (("job_x", 1), ("job_a", 5), ("job_y", 2)):
        among.admit(sample(engine, key, name, seed=seed))
    single = finish(alone, 1)[JobId("job_a")].image.astype(int)
    mixed = finish(among, 3)[JobId("job_a")].image.astype(int)
    assert np.abs(single - mixed).max() <= 2, "rounding of batched sums apart, nothing changes"


def test_progress_grows_and_never_passes_its_number_of_steps(engine: Engine, key: str) -> None:
    session = engine.open(key)
    session.admit(sample(engine, key, "job_a"))
    seen: list[tuple[int, int]] = []
    for _ in range(STEP_LIMIT):
        report = session.step()
        seen += [(one.step, one.steps) for one in report.progress]
        if report.finished:
            break
    steps = [step for step, _ in seen]
    assert steps == sorted(set(steps))
    assert all(0 < step <= whole for step, whole in seen)


def test_an_evicted_job_never_finishes_and_its_mate_does(engine: Engine, key: str) -> None:
    session = engine.open(key)
    for name in ("job_a", "job_b"):
        session.admit(sample(engine, key, name))
    session.evict(JobId("job_a"))
    session.evict(JobId("nobody"))
    assert set(finish(session, 1)) == {"job_b"}


def test_a_closed_session_can_be_followed_by_another(engine: Engine, key: str) -> None:
    first = engine.open(key)
    first.admit(sample(engine, key, "job_a"))
    first.close()
    second = engine.open(key)
    second.admit(sample(engine, key, "job_a"))
    assert set(finish(second, 1)) == {"job_a"}
