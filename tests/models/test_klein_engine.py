"""The klein engine behind the seam, on tiny random weights; its gate is tested apart, on drawn people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from proteus.engines import AUTO_ORDER, CARDS, KLEIN, canvas_of
from proteus.errors import EngineError, InvalidRequest, ModelUnavailable, OutOfMemory, PhotoRejected, QualityTooLow
from proteus.jobs import JobId
from proteus.licences import LicenceRules
from tiny_klein import klein_engine, klein_pipeline, small_card
from weaver.pipelines import registry, rows
from weaver.pipelines.contract import Capturable, Pixels, StepReport, WeaveJob
from weaver.pipelines.klein import images
from weaver.pipelines.klein.engine import KleinEngine, KleinSession
from weaver.pipelines.klein.prompts import WEARING

CARD = small_card()
CANVAS = canvas_of(CARD.batch_key("fast"))


@pytest.fixture(scope="module")
def engine() -> KleinEngine:
    return klein_engine()


def job(name: str, *, seed: int = 0, category: str = "upper", size: tuple[int, int] = (90, 120), **changes) -> WeaveJob:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    person = np.stack([x * 255 / width, y * 255 / height, 0 * x + seed % 256], axis=-1).astype(np.uint8)
    garment = np.full((30, 20, 4), (10, 200, 30 + seed % 100, 255), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2, width // 3 : width // 2] = 255
    fields = {"person_mask": mask, "agnostic_mask": mask, "garment_category": category, "seed": seed, "quality": "fast"}
    return WeaveJob(id=JobId(name), person=person, garment=garment, **(fields | changes))


def run(session: KleinSession) -> tuple[dict, dict, list]:
    finished, failed, progress = {}, {}, []
    while report := session.step():
        if not (report.finished or report.failed or report.progress):
            break
        finished |= {one.id: one for one in report.finished}
        failed |= {one.id: one.error for one in report.failed}
        progress += [(one.id, one.step, one.steps) for one in report.progress]
    return finished, failed, progress


def weave(engine: KleinEngine, *jobs: WeaveJob) -> dict[str, Pixels]:
    session = engine.open(CANVAS)
    for one in jobs:
        session.admit(one)
    return {name: done.image for name, done in run(session)[0].items()}


def apart(one: Pixels, other: Pixels) -> int:
    return int(np.abs(one.astype(int) - other).max())


def test_its_card_says_what_was_decided() -> None:
    assert {preset.steps for preset in KLEIN.presets.values()} == {4}, "distilled to four"
    assert all(preset.width % 16 == preset.height % 16 == 0 for preset in KLEIN.presets.values())
    assert all(preset.width * preset.height <= 1024 * 1024 for preset in KLEIN.presets.values())
    assert AUTO_ORDER[-1] == "klein", "whatever else can make the picture is asked first"
    assert set(KLEIN.categories) == set(WEARING)
    assert CARDS[KLEIN.fallback].commercial_use
    assert LicenceRules("commercial").refusal(KLEIN) is None


def test_people_garments_and_categories_of_all_kinds_share_a_batch(engine) -> None:
    jobs = [job(name, seed=n, category=name, size=(60 + 10 * n, 120)) for n, name in enumerate(WEARING)]
    together = weave(engine, *jobs)
    for one in jobs:
        assert apart(together[one.id], weave(engine, one)[one.id]) <= 1
        assert together[one.id].shape == one.person.shape


def test_a_picture_depends_on_its_category_and_its_seed(engine) -> None:
    base, again, other = (weave(engine, job("a", seed=seed, agnostic_mask=None))["a"] for seed in (1, 1, 2))
    hat = weave(engine, job("a", seed=1, category="hat", agnostic_mask=None))["a"]
    assert np.array_equal(base, again)
    assert apart(base, other) > 20
    assert apart(base, hat) > 2


def test_pixels_outside_the_mask_are_the_photos_and_without_a_mask_the_frame_is_the_models(engine) -> None:
    one = job("a", size=(200, 300))
    changed = (weave(engine, one)["a"] != one.person).any(axis=-1)
    assert changed[one.agnostic_mask > 0].mean() > 0.9
    assert not changed[:80].any()
    assert not changed[170:].any()
    free = weave(engine, replace(one, agnostic_mask=None))["a"]
    assert (free != one.person).any(axis=-1).mean() > 0.9


@pytest.mark.parametrize("size", [(90, 120), (200, 60), (40, 300), (64, 64)])
def test_a_photo_of_any_aspect_lies_whole_on_the_canvas_and_comes_back(size) -> None:
    one = job("a", size=size)
    ready = images.prepare(one.person, one.garment, canvas=(96, 128))
    assert ready.person.shape == ready.garment.shape == (3, 128, 96)
    back = images.whole(images.to_pixels(ready.person), ready.frame)
    assert back.shape == one.person.shape
    assert np.abs(back.astype(int) - one.person).mean() < 6, "scaled down and up again"


def test_a_picture_that_its_gate_refuses_is_not_shown() -> None:
    def refuse(one: WeaveJob, painted: Pixels) -> None:
        assert painted.shape == one.person.shape
        raise QualityTooLow("no", made=True)

    engine = KleinEngine(klein_pipeline(), card=CARD, check=refuse)
    session = engine.open(CANVAS)
    session.admit(job("a"))
    done = run(session)[0]["a"]
    with pytest.raises(QualityTooLow) as refused:
        _ = done.image
    assert refused.value.made


def test_the_gate_of_the_shipped_engine_refuses_what_random_weights_paint() -> None:
    session = KleinEngine(klein_pipeline(), card=CARD).open(CANVAS)
    session.admit(job("a", size=(300, 400)))
    with pytest.raises(QualityTooLow, match="the background changed"):
        _ = run(session)[0]["a"].image


def test_out_of_memory_advances_nobody_and_the_step_can_be_tried_again() -> None:
    engine = klein_engine()

    def full(_module, inputs) -> None:
        if len(inputs[0]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")

    engine.pipeline.transformer.x_embedder.register_forward_pre_hook(full)
    session = engine.open(CANVAS)
    for n in range(3):
        session.admit(job(str(n), seed=n))
    with pytest.raises(OutOfMemory):
        session.step()
    session.evict(JobId("2"))
    finished, _, progress = run(session)
    assert progress[0] == ("0", 1, 4)
    assert apart(finished["1"].image, weave(engine, job("1", seed=1))["1"]) <= 1


def test_a_picture_that_is_not_finite_fails_alone() -> None:
    engine = klein_engine()

    def poison(_module, _inputs, output):
        output[0] = float("nan")
        return output

    engine.pipeline.transformer.x_embedder.register_forward_hook(poison)
    session = engine.open(CANVAS)
    session.admit(job("bad"))
    session.admit(job("good"))
    finished, failed, _ = run(session)
    assert set(finished) == {"good"}
    assert isinstance(failed["bad"], EngineError)


def test_a_job_that_cannot_be_woven_is_refused_at_the_door(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("good"))
    with pytest.raises(InvalidRequest, match="'sofa' is none of them"):
        session.admit(job("bad", category="sofa"))
    with pytest.raises(InvalidRequest, match="the mask has not the photo's size"):
        session.admit(job("bad", agnostic_mask=np.full((9, 9), 255, np.uint8)))
    with pytest.raises(PhotoRejected, match="mask is empty"):
        session.admit(job("bad", agnostic_mask=np.zeros((120, 90), np.uint8)))
    with pytest.raises(InvalidRequest, match="another canvas"):
        session.admit(job("bad", degraded=True))
    with pytest.raises(InvalidRequest, match="klein/9"):
        engine.open("klein/9/1x1")
    assert set(run(session)[0]) == {"good"}


def test_a_closed_session_has_nothing_left(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("a"))
    session.close()
    assert session.step() == StepReport()


def test_captured_steps_make_the_pictures_that_eager_ones_make() -> None:
    engine = klein_engine()
    assert isinstance(engine, Capturable)
    eager = weave(engine, *(job(str(n), seed=n) for n in range(3)))
    replays = []

    def remember(forward: rows.Pass, inputs):
        def replay() -> torch.Tensor:
            replays.append(len(inputs[0]))
            return forward(*inputs)

        return replay

    found = engine.pipeline.rows.capture(
        lambda count: engine.pipeline.row_inputs(count, size=(48, 64)), capture=remember, most_rows=4, tolerance=0.01
    )
    assert found.rows == (1, 2, 4)
    assert not found.failed
    assert engine.padded
    replays.clear()
    captured = weave(engine, *(job(str(n), seed=n) for n in range(3)))
    assert replays == [4] * 4
    for name, picture in captured.items():
        assert apart(picture, eager[name]) <= 1


def test_missing_weights_are_named(tmp_path) -> None:
    with pytest.raises(ModelUnavailable, match=r"klein lacks model_index.json.*make weights MODEL=klein"):
        registry.load("klein", weights_dir=str(tmp_path), device="cpu")
