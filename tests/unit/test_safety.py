"""The safety seam: what a card may say, which models are refused at start, and that nothing passes unexamined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from proteus.errors import ContentBlocked, ModelUnavailable, SafetyUnavailable
from proteus.payloads import IngestWork, TryonWork
from proteus.settings import SafetySettings
from proteus.worker.safety import SafetyCheck, SafetyModel, load_safety, safety_weights
from proteus.worker.safety_card import SafetyCard
from safety_models import GREEN, GREY, PINK, RED, SIDE, card, graph, write_model
from tailor.ingest import views_of

LEVELS = ("off", "standard", "strict")


def painted(colour: tuple[int, int, int], height: int = 90, width: int = 60) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def outcome(check: SafetyCheck, *views: np.ndarray, level: Any = None) -> str:
    try:
        check.examine(*views, level=level, picture="input")
    except (ContentBlocked, SafetyUnavailable) as error:
        return error.code
    return "passed"


BROKEN_CARDS: list[tuple[dict[str, Any], str]] = [
    ({"labels": []}, "labels"),
    ({"labels": ["red", "red", "blue"]}, "labels names one twice"),
    ({"name": ""}, "name"),
    ({"colour": "blue"}, "colour"),
    ({"input": {"layout": "hwc"}}, "input.layout is 'hwc'"),
    ({"input": {"width": 0}}, "input.width is 0"),
    ({"input": {"width": "16"}}, "input.width is '16'"),
    ({"input": {"std": [1, 0, 1]}}, "std is [1.0, 0.0, 1.0]"),
    ({"input": {"mean": [0.5]}}, "input.mean"),
    ({"output": {"form": "logits"}}, "output.form is 'logits'"),
    ({"thresholds": {"strict": {"red": 1.2}}}, "thresholds.strict.red is 1.2"),
    ({"thresholds": {"strict": {"red": 0}}}, "thresholds.strict.red is 0"),
    ({"thresholds": {"strict": {"nude": 0.5, "red": 0.5}}}, "thresholds.strict names 'nude'"),
    ({"thresholds": {"strict": {"red": 0.95}}}, "thresholds.strict.red is 0.95; it must be at most standard's 0.9"),
    ({"thresholds": {"strict": {"blue": 0.5}}}, "thresholds.strict.red is missing"),
    ({"thresholds": {"standard": {}}}, "thresholds.standard"),
    ({"thresholds": {"medium": {"red": 0.5}}}, "thresholds.medium"),
]


@pytest.mark.parametrize(("changes", "reason"), BROKEN_CARDS)
def test_a_card_that_breaks_a_rule_is_refused_by_place_value_and_rule(changes, reason, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"safety\.json") as refused:
        SafetyModel(write_model(tmp_path, **changes))
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"input": {"name": "image"}}, "no input 'image'; it has pixels"),
        ({"output": {"name": "logits"}}, "no output 'logits'; it has scores"),
        ({"input": {"width": 32}}, "its input is [1, 3, 16, 16], the card says [1, 3, 16, 32]"),
        ({"input": {"layout": "nhwc"}}, "the card says [1, 16, 16, 3]"),
        ({"labels": ["red", "blue"]}, "cannot examine a grey picture: colours 1 gives 3 numbers, not 2"),
        ({"input": {"mean": [9, 9, 9]}}, "numbers that are no probabilities"),
    ],
)
def test_a_file_that_is_not_what_its_card_says_is_refused_at_start(changes, reason, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as refused:
        SafetyModel(write_model(tmp_path, **changes))
    assert reason in refused.value.message


def _no_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def _no_file(folder: Path) -> None:
    (folder / "safety.onnx").unlink()


def _half_a_file(folder: Path) -> None:
    file = folder / "safety.onnx"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def _no_json(folder: Path) -> None:
    (folder / "safety.json").write_text("{")


@pytest.mark.parametrize("harm", [_no_folder, _no_file, _half_a_file, _no_json])
@pytest.mark.parametrize("level", LEVELS)
def test_a_worker_with_a_broken_model_does_not_start_at_any_level(harm, level, tmp_path: Path) -> None:
    folder, settings = write_model(tmp_path / "safety"), SafetySettings(level=level, weights_dir=str(tmp_path))
    assert load_safety(settings, {}).level == level
    harm(folder)
    with pytest.raises(ModelUnavailable):
        load_safety(settings, {})


def test_a_level_without_a_model_does_not_start_and_off_needs_none() -> None:
    for level in ("standard", "strict"):
        with pytest.raises(ModelUnavailable, match=f"SAFETY_LEVEL is '{level}', but SAFETY_WEIGHTS_DIR"):
            load_safety(SafetySettings(level=level), {})
    assert outcome(load_safety(SafetySettings(), {}), painted(RED)) == "passed"
    why = ModelUnavailable("the source has none")
    with pytest.raises(ModelUnavailable, match="the source has none"):
        load_safety(SafetySettings(weights_dir="/nowhere"), {"safety": why})


def test_the_model_comes_from_a_source_of_its_own_as_other_weights_do() -> None:
    (order,) = safety_weights(SafetySettings(weights_dir="/weights", weights_source="s3://models"))
    assert (order.target, order.source) == (Path("/weights/safety"), "s3://models")
    assert safety_weights(SafetySettings(weights_source="s3://models")) == []


@pytest.mark.parametrize(
    ("colour", "outcomes"),
    [
        (RED, ("passed", "content_blocked", "content_blocked")),
        (PINK, ("passed", "passed", "content_blocked")),
        (GREY, ("passed", "passed", "passed")),
        (GREEN, ("passed", "passed", "passed")),
    ],
)
def test_a_tenants_level_counts_and_else_the_deployments(colour, outcomes, tmp_path: Path) -> None:
    model = SafetyModel(write_model(tmp_path))
    for own in LEVELS:
        check = SafetyCheck(own, model)
        assert tuple(outcome(check, painted(colour), level=level) for level in LEVELS) == outcomes
        assert outcome(check, painted(colour)) == outcomes[LEVELS.index(own)]


@pytest.mark.parametrize("kind", ["nan", "raises"])
def test_nothing_passes_a_model_that_fails(kind, tmp_path: Path) -> None:
    model = SafetyModel(write_model(tmp_path, kind))
    for check in (SafetyCheck("off", model), SafetyCheck("standard", model), SafetyCheck()):
        for level in ("standard", "strict"):
            assert outcome(check, painted(RED), level=level) == "safety_unavailable"
    assert SafetyUnavailable.retryable, "another worker may have a sound model"
    assert not ContentBlocked.retryable


@pytest.mark.parametrize("form", ["softmax", "sigmoid"])
@pytest.mark.parametrize("axes", ["nchw", "nhwc"])
def test_a_random_networks_scores_are_those_of_the_reference_runtime(form, axes, tmp_path: Path) -> None:
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    folder = write_model(
        tmp_path, "random", axes=axes, input={"layout": axes, "mean": mean, "std": std}, output={"form": form}
    )
    picture = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    values = ((picture / 255 - mean) / std).astype(np.float32)
    batch = (values.transpose(2, 0, 1) if axes == "nchw" else values)[None]
    (logits,) = ReferenceEvaluator(graph("random", axes=axes)).run(None, {"pixels": batch})
    wanted = 1 / (1 + np.exp(-logits[0])) if form == "sigmoid" else np.exp(logits[0]) / np.exp(logits[0]).sum()
    found = SafetyModel(folder).scores(picture)
    assert list(found) == ["red", "green", "blue"]
    assert np.allclose(list(found.values()), wanted, atol=1e-4)


@given(
    scores=st.tuples(*[st.floats(0, 1)] * 3),
    standard=st.dictionaries(st.sampled_from(["red", "green", "blue"]), st.floats(0.1, 1), min_size=1),
    ease=st.floats(0, 1),
)
def test_strict_refuses_at_least_what_standard_does(scores, standard, ease) -> None:
    strict = {label: max(0.05, limit * ease) for label, limit in standard.items()}
    found = SafetyCard(**{**card(), "thresholds": {"standard": standard, "strict": strict}})
    shown = dict(zip(found.labels, scores, strict=True))
    assert set(found.reasons(shown, "standard")) <= set(found.reasons(shown, "strict"))
    assert found.reasons(shown, "off") == ()


def test_what_transparency_hides_is_examined_as_well(tmp_path: Path) -> None:
    check = SafetyCheck("standard", SafetyModel(write_model(tmp_path)))
    white, clear = painted((255, 255, 255)), np.zeros((90, 60), np.uint8)
    assert outcome(check, *views_of(painted(RED), clear)) == "content_blocked", "in the colours behind it"
    assert outcome(check, *views_of(painted(GREEN), clear)) == "content_blocked", "white is as red as red here"
    assert outcome(check, *views_of(white, None)) == "content_blocked"
    assert outcome(check, *views_of(painted(GREY), np.full((90, 60), 255, np.uint8))) == "passed"
    opaque, on_white, on_black = views_of(painted(GREY), np.full((90, 60), 128, np.uint8))
    assert (opaque[0, 0, 0], on_white[0, 0, 0], on_black[0, 0, 0]) == (128, 191, 64)


@pytest.mark.parametrize(
    ("word", "level"), [(None, None), *((one, one) for one in LEVELS), ("extreme", "strict"), (3, "strict")]
)
def test_a_level_of_another_version_is_read_as_the_strictest(word, level) -> None:
    body = {
        "user_id": "u",
        "tryon_job_id": "j",
        "n": 1,
        "person_key": "p",
        "garment_key": "g",
        "garment_category": "upper",
    }
    assert TryonWork.read({**body, "safety": word}).safety == level
    assert IngestWork.read({"user_id": "u", "incoming_key": "k", "safety": word}).safety == level
    assert TryonWork.read(body).safety is None, "an older gateway names none: the deployment's counts"


def test_the_example_graph_is_valid_onnx() -> None:
    onnx.checker.check_model(graph("random"))
    json.dumps(card())
