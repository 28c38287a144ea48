"""The engine `catvton` behind the seam: photos of any size, jobs that come and go between steps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from structlog.testing import capture_logs

from catvton_jobs import BEST, CARD, HEIGHT, SMALL, STEPS, WIDTH, finish, job, small_engine
from proteus.engines import CATVTON
from proteus.errors import (
    EngineError,
    InvalidRequest,
    LicenceRefused,
    ModelUnavailable,
    OutOfMemory,
    PhotoRejected,
)
from proteus.jobs import JobId
from proteus.licences import LicenceRules
from proteus.worker.proofs import Candidate
from weaver.pipelines import catvton, levers, registry
from weaver.pipelines.catvton import forms
from weaver.pipelines.catvton.engine import CatVtonEngine, from_folder
from workbench.bench.checkpoints import write_catvton


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("engine")
    write_catvton(folder)
    return folder


@pytest.fixture
def engine(folder) -> CatVtonEngine:
    return small_engine(folder)


@pytest.mark.parametrize("size", [(100, 140), (300, 90), (64, 300)])
def test_a_picture_keeps_the_photos_size_and_every_pixel_outside_the_feathered_mask(engine, size):
    wanted = job("job_a", size=size)
    [done] = finish(engine.open(BEST), wanted)
    changed = (done.image != wanted.person).any(axis=2)
    assert done.image.shape == wanted.person.shape
    assert changed[wanted.agnostic_mask > 0].mean() > 0.9
    outside = np.ones_like(changed)
    height, width = changed.shape
    reach = 8
    outside[height // 3 - reach : height // 2 + reach, width // 3 - reach : width - width // 3 + reach] = False
    assert not changed[outside].any()


def test_the_session_paints_what_the_published_algorithm_paints(engine):
    whole = np.full((HEIGHT, WIDTH), 255, np.uint8)
    wanted = replace(job("job_a", size=(WIDTH, HEIGHT)), person_mask=None, agnostic_mask=whole)
    [done] = finish(engine.open(BEST), wanted)
    [expected] = engine.pipeline.run(
        [Image.fromarray(wanted.person)],
        [Image.fromarray(wanted.garment)],
        [Image.fromarray(wanted.agnostic_mask)],
        steps=STEPS,
        guidance=2.5,
        eta=1.0,
        generators=[torch.Generator().manual_seed(wanted.seed)],
        width=WIDTH,
        height=HEIGHT,
    )
    assert np.abs(done.image.astype(int) - np.asarray(expected)).max() <= 1
    assert done.notes["sampler"] == "ddim"
    assert done.notes["steps"] == STEPS


@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
def test_a_job_that_joins_a_running_batch_gets_the_picture_it_gets_alone(engine, quality):
    [alone] = finish(engine.open(BEST), job("job_b", seed=3, quality=quality))
    session = engine.open(BEST)
    session.admit(job("job_a"))
    session.step()
    session.admit(job("job_b", seed=3, quality=quality))
    pictures = {}
    while len(pictures) < 2:
        pictures |= {done.id: done.image for done in session.step().finished}
    assert np.abs(pictures["job_b"].astype(int) - alone.image).max() <= 1


def test_every_step_reports_the_progress_of_every_job(engine):
    session = engine.open(BEST)
    session.admit(job("job_a"))
    first = session.step()
    session.admit(job("job_b"))
    second = session.step()
    assert [(p.id, p.step, p.steps) for p in first.progress] == [("job_a", 1, STEPS)]
    assert [(p.id, p.step, p.steps) for p in second.progress] == [("job_a", 2, STEPS), ("job_b", 1, STEPS)]


def test_an_evicted_job_leaves_and_the_others_go_on(engine):
    session = engine.open(BEST)
    session.admit(job("job_a"))
    session.admit(job("job_b"))
    session.step()
    session.evict(JobId("job_a"))
    session.evict(JobId("job_nobody"))
    session.step()
    assert [done.id for done in session.step().finished] == ["job_b"]
    assert not session.step().progress


def test_degraded_mode_has_its_own_smaller_canvas(engine):
    [done] = finish(engine.open(SMALL), job("job_a", degraded=True))
    assert done.notes["canvas"] == "32x32"
    assert done.notes["steps"] == 2


def test_samples_of_one_try_on_are_encoded_once(engine):
    encoded = []
    engine.pipeline.vae.encoder.register_forward_pre_hook(lambda encoder, inputs: encoded.append(len(inputs[0])))
    session = engine.open(BEST)
    first, second = job("job_a"), replace(job("job_a"), id=JobId("job_b"), seed=8)
    pictures = finish(session, first, second)
    assert sum(encoded) == 2
    assert np.abs(pictures[0].image.astype(int) - pictures[1].image).max() > 1


def test_running_out_of_memory_advances_nobody(engine):
    session = engine.open(BEST)
    [expected] = finish(engine.open(BEST), job("job_a"))
    session.admit(job("job_a"))
    session.step()

    def exhausted(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = engine.pipeline.unet.register_forward_pre_hook(exhausted)
    with pytest.raises(OutOfMemory):
        session.step()
    hook.remove()
    assert [p.step for p in session.step().progress] == [2]
    [done] = session.step().finished
    assert np.array_equal(done.image, expected.image)


def test_a_picture_that_is_not_finite_fails_alone(engine):
    session = engine.open(BEST)
    session.admit(job("job_a"))
    session.admit(job("job_b"))
    rows_of_a = torch.tensor([float("nan"), float("nan"), 0, 0])[:, None, None, None]
    hook = engine.pipeline.unet.register_forward_hook(lambda unet, inputs, output: (output[0] + rows_of_a,))
    session.step()
    hook.remove()
    session.step()
    report = session.step()
    assert [failure.id for failure in report.failed] == ["job_a"]
    assert isinstance(report.failed[0].error, EngineError)
    assert [done.id for done in report.finished] == ["job_b"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"degraded": True}, InvalidRequest),  # it is made on another canvas
        ({"agnostic_mask": None}, InvalidRequest),
        ({"agnostic_mask": np.zeros((5, 5), np.uint8)}, InvalidRequest),
        ({"agnostic_mask": np.zeros((140, 100), np.uint8)}, PhotoRejected),
    ],
)
def test_a_job_that_cannot_be_woven_is_refused_at_the_door(engine, changes, error):
    session = engine.open(BEST)
    with pytest.raises(error):
        session.admit(replace(job("job_a"), **changes))
    assert not session.step().progress


def test_a_key_of_another_engine_is_refused(engine):
    with pytest.raises(InvalidRequest, match="not one of catvton's"):
        engine.open("fashn/1.5/576x864/g1.5")


def test_the_sample_job_runs_in_every_key(engine):
    for key in (BEST, SMALL):
        assert finish(engine.open(key), engine.sample_job(key))


def test_the_version_of_the_weights_is_what_lies_in_the_folder(folder, tmp_path):
    engine: Any = catvton.load_engine(weights_dir=folder, device="auto")
    assert engine.pipeline.version == "mix"
    with pytest.raises(ModelUnavailable, match="missing"):
        catvton.load_engine(weights_dir=tmp_path, device="cpu")
    with pytest.raises(ModelUnavailable, match="WEAVER_WEIGHTS_DIR"):
        catvton.load_engine(weights_dir=None, device="cpu")


def test_the_registry_loads_it_and_a_commercial_deployment_refuses_it(folder, tmp_path):
    (tmp_path / "catvton").symlink_to(folder)
    assert registry.load("catvton", weights_dir=str(tmp_path), device="cpu").card is CATVTON
    with pytest.raises(LicenceRefused):
        registry.load("catvton", weights_dir=str(tmp_path), device="cpu", rules=LicenceRules("commercial"))


def test_the_real_canvases_fit_the_model():
    for preset in (*CATVTON.presets.values(), CATVTON.degraded):
        assert preset.width % 64 == 0
        assert preset.height % 32 == 0


BF16 = Candidate(name="bf16")


def test_a_lever_that_is_near_serves_and_results_name_it(folder):
    lenient = replace(CARD, tolerance=0.05)
    engine = from_folder(folder, device="cpu", card=lenient, forms=(BF16,))
    assert engine.pipeline.dtype is torch.bfloat16
    [done] = finish(engine.open(BEST), job("job_a"))
    assert done.notes["form"] == "bf16"


def test_a_lever_beyond_the_cards_tolerance_is_dropped_with_its_numbers(folder):
    strict = replace(CARD, tolerance=1e-4)
    with capture_logs() as logs:
        engine = from_folder(folder, device="cpu", card=strict, forms=(BF16,))
    assert engine.pipeline.dtype is torch.float32
    [dropped] = [line for line in logs if line["event"] == "approximation_dropped"]
    assert (dropped["form"], dropped["bounds"]) == ("bf16", "at most 0.0% off")
    assert 0.001 < float(dropped["distance"].split("%")[0]) / 100 < 0.05
    [done] = finish(engine.open(BEST), job("job_a"))
    assert done.notes["form"] == "fp32"


@pytest.mark.parametrize(
    "part",
    [
        "unet.mid_block.attentions.0",
        pytest.param("vae.encoder.conv_in", marks=pytest.mark.long),
        pytest.param("vae.decoder.conv_out", marks=pytest.mark.long),
    ],
)
def test_a_lever_that_is_wrong_in_any_part_of_the_network_is_dropped(folder, tmp_path, part):
    wrong = Candidate(name="wrong")

    def load(form):
        engine: Any = catvton.load_engine(weights_dir=folder, device="cpu")
        pipeline = engine.pipeline
        if form == wrong:
            owner, _, name = part.partition(".")
            with torch.no_grad():
                for parameter in getattr(pipeline, owner).get_submodule(name).parameters():
                    parameter.mul_(1.5)
        return pipeline

    form, _ = levers.ready(
        (wrong,),
        levers.Trial(
            exact=forms.EXACT,
            load=load,
            answers=partial(forms.answers, width=WIDTH, height=HEIGHT),
            tolerance=CATVTON.tolerance,
            what="engine catvton",
            folder=tmp_path,
            device="cpu",
        ),
    )
    assert form == forms.EXACT


def test_on_a_cpu_no_lever_is_tried(engine):
    assert engine.pipeline.dtype is torch.float32
    assert torch.backends.cudnn.conv.fp32_precision == torch.backends.cuda.matmul.fp32_precision == "ieee"
