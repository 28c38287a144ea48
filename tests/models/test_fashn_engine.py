"""The FASHN engine behind the seam, on a tiny network and the real canvas arithmetic."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from proteus.artefacts import Landmark, PersonParse
from proteus.engines import FASHN, canvas_of
from proteus.errors import EngineError, InvalidRequest, LicenceRefused, ModelUnavailable, OutOfMemory, PhotoRejected
from proteus.jobs import JobId
from proteus.licences import LicenceRules
from proteus.worker.proofs import Candidate
from weaver.pipelines import fashn, levers, registry
from weaver.pipelines.contract import StepReport, WeaveJob
from weaver.pipelines.fashn import forms
from weaver.pipelines.fashn.engine import FashnEngine
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.pose import Keypoints, from_blazepose
from workbench.bench.checkpoints import write_fashn

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
CANVAS = canvas_of(FASHN.batch_key("fast"))
MARKS = tuple(Landmark(x=40 + index, y=50 + 2 * index, visibility=0.9) for index in range(33))


@pytest.fixture(scope="module")
def engine() -> FashnEngine:
    return FashnEngine(FashnPipeline(network()))


def network() -> TryOnNetwork:
    torch.manual_seed(7)
    made = TryOnNetwork(TINY).eval().requires_grad_(False)
    for name, parameter in made.named_parameters():
        if name.endswith("scale"):
            parameter.fill_(1)
    return made


def job(name: str, *, seed: int = 0, category: str = "upper", size: tuple[int, int] = (90, 120), **changes) -> WeaveJob:
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    person = np.stack([x * 255 / width, y * 255 / height, 0 * x + seed % 256], axis=-1).astype(np.uint8)
    garment = np.full((30, 20, 4), (10, 200, 30 + seed % 100, 255), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2, width // 3 : width // 2] = 255
    parse = PersonParse(
        image_key="images/u/p.png",
        width=width,
        height=height,
        parser="classic",
        parser_version="1",
        pose_model="blazepose",
        landmarks=MARKS,
        person_mask_key="k",
        agnostic_mask_keys={},
    )
    fields = {"parse": parse, "person_mask": mask, "agnostic_mask": mask, "garment_category": category, "seed": seed}
    fields["quality"] = "fast"
    return WeaveJob(id=JobId(name), person=person, garment=garment, **(fields | changes))


def run(session) -> tuple[dict, dict, list]:
    finished, failed, progress = {}, {}, []
    while report := session.step():
        if not (report.finished or report.failed or report.progress):
            break
        finished |= {f.id: f for f in report.finished}
        failed |= {f.id: f.error for f in report.failed}
        progress += [(p.id, p.step, p.steps) for p in report.progress]
    return finished, failed, progress


def weave(engine: FashnEngine, *jobs: WeaveJob) -> dict[str, np.ndarray]:
    session = engine.open(CANVAS)
    for one in jobs:
        session.admit(one)
    return {name: f.image for name, f in run(session)[0].items()}


@pytest.mark.parametrize(("quality", "steps"), [("fast", 20), ("balanced", 30), ("best", 50)])
def test_a_quality_is_a_number_of_steps_and_a_batch_key(engine, quality, steps) -> None:
    assert FASHN.presets[quality].steps == steps
    assert FASHN.batch_key(quality) == f"fashn/1.5/576x864/g1.5/{steps}"
    session = engine.open(CANVAS)
    session.admit(job("a", quality=quality))
    assert [p.steps for p in session.step().progress] == [steps]


def test_degraded_pictures_share_the_batch_of_fast_ones() -> None:
    assert FASHN.batch_key("best", degraded=True) == FASHN.batch_key("fast")


def test_every_step_reports_progress_and_the_last_one_a_picture_of_the_photos_size(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("a", size=(90, 120)))
    finished, failed, progress = run(session)
    assert progress == [("a", step, 20) for step in range(1, 21)]
    assert not failed
    assert finished["a"].image.shape == (120, 90, 3)
    assert finished["a"].notes["pasted_back"]
    assert finished["a"].notes["guidance"] == 1.5


def test_pixels_outside_the_mask_are_the_photos(engine) -> None:
    one = job("a", size=(200, 300))
    result = weave(engine, one)["a"]
    changed = (result != one.person).any(axis=-1)
    assert changed[one.agnostic_mask > 0].mean() > 0.9
    assert not changed[:80].any()
    assert not changed[170:].any()


def test_people_garments_and_categories_of_all_kinds_share_a_batch(engine) -> None:
    categories = ("upper", "lower", "overall", "dress")
    jobs = [job(c, seed=n, category=c, size=(60 + 30 * n, 120)) for n, c in enumerate(categories)]
    together = weave(engine, *jobs)
    for one in jobs:
        alone = weave(engine, one)[one.id]
        assert np.abs(together[one.id].astype(int) - alone).max() <= 1


def test_a_picture_is_that_of_its_seed(engine) -> None:
    first, again, other = (weave(engine, job("a", seed=seed))["a"] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_job_that_joins_halfway_makes_the_picture_it_makes_alone(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("early", seed=1))
    for _ in range(7):
        session.step()
    session.admit(job("late", seed=2))
    finished, _, progress = run(session)
    assert [p for p in progress if p[0] == "late"][-1] == ("late", 20, 20)
    alone = weave(engine, job("late", seed=2))["late"]
    assert np.abs(finished["late"].image.astype(int) - alone).max() <= 1


def test_an_evicted_job_leaves_and_the_others_go_on_undisturbed(engine) -> None:
    session = engine.open(CANVAS)
    for n, name in enumerate(("a", "gone", "c")):
        session.admit(job(name, seed=n))
    session.step()
    session.evict(JobId("gone"))
    session.evict(JobId("never there"))
    finished, _, _ = run(session)
    assert set(finished) == {"a", "c"}
    assert np.abs(finished["c"].image.astype(int) - weave(engine, job("c", seed=2))["c"]).max() <= 1


def test_a_closed_session_has_nothing_left(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("a"))
    session.close()
    report = session.step()
    assert report == StepReport()


def test_out_of_memory_advances_nobody_and_the_step_can_be_tried_again() -> None:
    engine = FashnEngine(FashnPipeline(network()))
    limit = 4  # rows the device bears: two pictures with guidance

    def full(_module, inputs) -> None:
        if len(inputs[0]) > limit:
            raise torch.OutOfMemoryError("CUDA out of memory")

    engine.pipeline.network.x_embedder.register_forward_pre_hook(full)
    session = engine.open(CANVAS)
    for n in range(3):
        session.admit(job(str(n), seed=n))
    with pytest.raises(OutOfMemory):
        session.step()
    session.evict(JobId("2"))
    finished, _, progress = run(session)
    assert progress[0] == ("0", 1, 20)
    assert np.abs(finished["1"].image.astype(int) - weave(engine, job("1", seed=1))["1"]).max() <= 1


def test_another_error_of_torch_is_not_called_out_of_memory() -> None:
    engine = FashnEngine(FashnPipeline(network()))

    def broken(_module, _inputs) -> None:
        raise RuntimeError("device-side assert")

    engine.pipeline.network.x_embedder.register_forward_pre_hook(broken)
    session = engine.open(CANVAS)
    session.admit(job("a"))
    with pytest.raises(RuntimeError, match="device-side assert"):
        session.step()


def test_a_picture_that_is_not_finite_fails_alone() -> None:
    engine = FashnEngine(FashnPipeline(network()))

    def poison(module, _inputs, output):
        output[0] = float("nan")
        return output

    engine.pipeline.network.x_embedder.register_forward_hook(poison)
    session = engine.open(CANVAS)
    session.admit(job("bad"))
    session.admit(job("good"))
    finished, failed, _ = run(session)
    assert set(finished) == {"good"}
    assert isinstance(failed["bad"], EngineError)


def test_a_job_that_cannot_be_woven_is_refused_at_the_door(engine) -> None:
    session = engine.open(CANVAS)
    session.admit(job("good"))
    with pytest.raises(InvalidRequest, match="'shoes' is none of them"):
        session.admit(job("bad", category="shoes"))
    with pytest.raises(InvalidRequest, match="no parse"):
        session.admit(job("bad", parse=None))
    with pytest.raises(InvalidRequest, match="the mask has not the photo's size"):
        session.admit(job("bad", agnostic_mask=np.full((9, 9), 255, np.uint8)))
    with pytest.raises(PhotoRejected, match="mask is empty"):
        session.admit(job("bad", agnostic_mask=np.zeros((120, 90), np.uint8)))
    assert set(run(session)[0]) == {"good"}


def test_a_key_of_another_engine_is_refused(engine) -> None:
    with pytest.raises(InvalidRequest, match="catvton/1"):
        engine.open("catvton/1/768x1024/30")


def test_without_a_mask_the_painted_frame_is_the_picture(engine) -> None:
    one = job("a", agnostic_mask=None)
    result = weave(engine, one)["a"]
    assert result.shape == one.person.shape
    assert (result != one.person).any(axis=-1).mean() > 0.9


def test_a_pose_source_replaces_the_parse(engine) -> None:
    seen = []

    def source(photo: np.ndarray) -> Keypoints:
        seen.append(photo.shape)
        return from_blazepose(MARKS)

    other = FashnEngine(engine.pipeline, pose_source=source)
    with_source = weave(other, job("a", parse=None))["a"]
    assert seen == [(120, 90, 3)]
    assert np.array_equal(with_source, weave(engine, job("a"))["a"])


def test_the_sample_job_runs(engine) -> None:
    assert set(weave(engine, engine.sample_job(CANVAS))) == {"sample"}


def test_a_session_runs_in_another_thread(engine) -> None:
    results = {}
    thread = threading.Thread(target=lambda: results.update(weave(engine, job("a", seed=3))))
    thread.start()
    thread.join()
    assert np.array_equal(results["a"], weave(engine, job("a", seed=3))["a"])


def test_missing_weights_are_named(tmp_path) -> None:
    with pytest.raises(ModelUnavailable, match=r"no weights at .*make weights MODEL=fashn"):
        registry.load("fashn", weights_dir=str(tmp_path), device="cpu")


def test_a_file_of_another_size_is_not_the_published_model(tmp_path) -> None:
    from safetensors.torch import save_file

    save_file(network().state_dict(), tmp_path / fashn.WEIGHTS)
    with pytest.raises(ModelUnavailable, match="does not fit"):
        fashn.load_engine(weights_dir=tmp_path, device="cpu")


def test_the_commercial_policy_lets_fashn_in_and_keeps_catvton_out(tmp_path) -> None:
    with pytest.raises(ModelUnavailable):
        registry.load("fashn", rules=LicenceRules("commercial"), weights_dir=str(tmp_path))
    with pytest.raises(LicenceRefused, match="catvton"):
        registry.load("catvton", rules=LicenceRules("commercial"), weights_dir=str(tmp_path))


def test_bfloat16_serves_where_it_proves_itself_and_results_name_it(tmp_path) -> None:
    file = write_fashn(tmp_path, config=TINY)
    form, pipeline = forms.load(file, device="cpu", forms=(forms.BF16,))
    assert (form, pipeline.dtype) == ("bf16", torch.bfloat16)
    session = FashnEngine(pipeline, form=form).open(CANVAS)
    session.admit(job("a"))
    assert run(session)[0]["a"].notes["form"] == "bf16"


def test_a_wrong_lever_is_dropped_with_its_numbers_and_the_exact_form_serves(tmp_path) -> None:
    file = write_fashn(tmp_path, config=TINY)
    wrong = Candidate(name="half of the heads")

    def load(form: Candidate) -> FashnPipeline:
        pipeline = forms.load(file, device="cpu", forms=())[1]
        if form == wrong:
            pipeline.network.single_blocks[0].linear2.weight.mul_(0.5)
        return pipeline

    with capture_logs() as logs:
        form, _ = levers.ready(
            (wrong,),
            levers.Trial(
                exact=forms.EXACT,
                load=load,
                answers=forms.answers,
                tolerance=FASHN.tolerance,
                what="engine fashn",
                folder=tmp_path,
                device="cpu",
            ),
        )
    assert form == forms.EXACT
    [dropped] = [line for line in logs if line["event"] == "approximation_dropped"]
    assert dropped["form"] == "half of the heads"
    assert float(dropped["distance"].split("%")[0]) / 100 > FASHN.tolerance


def test_on_a_cpu_fashn_tries_no_lever() -> None:
    assert forms.of_device("cpu") == ()
