"""The engine `catvton` when the device's memory or half precision is not enough: nothing that was done is lost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from catvton_jobs import BEST, CARD, STEPS, finish, job, small_engine
from proteus.errors import EngineError, OutOfMemory
from weaver.pipelines.catvton.engine import CatVtonEngine
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from workbench.bench.checkpoints import write_catvton


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("engine")
    write_catvton(folder)
    return folder


@pytest.fixture
def engine(folder) -> CatVtonEngine:
    return small_engine(folder)


def test_what_is_decoded_leaves_although_the_next_decode_does_not_fit(engine):
    """Of four pictures: two are decoded, the third finds no memory, and the next step decodes the other two."""
    jobs = [job(f"job_{n}", seed=n) for n in range(4)]
    expected = {one.id: one.image for one in finish(engine.open(BEST), *jobs)}
    session, decoded = engine.open(BEST), []
    passes: list[int] = []

    def device(_decoder, _inputs):
        decoded.append(1)
        if len(decoded) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")

    hooks = [
        engine.pipeline.vae.decoder.register_forward_pre_hook(device),
        engine.pipeline.unet.register_forward_pre_hook(lambda _unet, inputs: passes.append(len(inputs[0]))),
    ]
    for one in jobs:
        session.admit(one)
    reports = [session.step() for _ in range(STEPS + 1)]
    for hook in hooks:
        hook.remove()
    assert [[one.id for one in report.finished] for report in reports[-2:]] == [["job_0", "job_1"], ["job_2", "job_3"]]
    assert len(passes) == STEPS, "no step is done twice"
    for report in reports:
        for done in report.finished:
            assert np.array_equal(done.image, expected[done.id])


def test_a_decode_that_never_fits_is_said_to_the_worker(engine):
    session = engine.open(BEST)
    session.admit(job("job_a"))

    def exhausted(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    hook = engine.pipeline.vae.decoder.register_forward_pre_hook(exhausted)
    for _ in range(STEPS):
        assert not session.step().finished  # The last one's memory may have been the UNet's: the next step tries again.
    with pytest.raises(OutOfMemory):
        session.step()
    hook.remove()
    assert [done.id for done in session.step().finished] == ["job_a"]


@pytest.fixture
def half(engine) -> CatVtonEngine:
    """The engine in half precision, whose decoder overflows in it."""
    exact = engine.pipeline
    unet, vae = exact.unet.to(torch.bfloat16), exact.vae.to(torch.bfloat16)

    def overflows(_decoder, _inputs, output):
        return output * float("inf") if output.dtype is torch.bfloat16 else output

    vae.decoder.register_forward_hook(overflows)
    return CatVtonEngine(CatVtonPipeline(unet=unet, vae=vae, schedule=exact.schedule), card=CARD)


def test_a_picture_that_half_precision_cannot_hold_is_decoded_in_single_precision(half):
    [done] = finish(half.open(BEST), job("job_a"))
    assert done.notes["decoded_in"] == "float32"
    assert done.image.std() > 0
    assert next(half.pipeline.vae.parameters()).dtype is torch.bfloat16, "the engine's own stays as it is"


def test_a_picture_that_was_not_finite_before_the_decoder_is_not_decoded_again(half):
    session = half.open(BEST)
    session.admit(job("job_a"))
    hook = half.pipeline.unet.register_forward_hook(lambda unet, inputs, output: (output[0] * float("nan"),))
    reports = [session.step() for _ in range(STEPS)]
    hook.remove()
    [failure] = reports[-1].failed
    assert isinstance(failure.error, EngineError)
