"""Approximate forms prove themselves, the first that does is taken and remembered, none is a refusal with numbers."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from proteus.errors import ModelUnavailable
from proteus.service.instruction_sets import SWITCHES
from proteus.worker.proofs import Bounds, Candidate, Distance, choose, in_child, key_of

CANDIDATES = (
    Candidate(name="bf16"),
    Candidate(name="bf16", environment={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}),
    Candidate(name="f16"),
)
FAR = Distance(error=0.45, agreement=0.7, decided=0.9, cost=0.6)
NEAR = Distance(error=0.002, agreement=0.998, decided=0.9, cost=0.6)
IMITATED = Distance(error=0.002, agreement=0.998, decided=0.9, cost=5.3)
EXACT = Candidate(name="f32")


def test_the_first_form_within_the_bounds_is_taken_and_the_rest_is_not_measured():
    asked = []

    def prove(candidate):
        asked.append(candidate)
        return FAR if len(asked) == 1 else NEAR

    assert choose(CANDIDATES, prove, what="w", key="k") == CANDIDATES[1]
    assert asked == list(CANDIDATES[:2])


def test_none_within_the_bounds_is_a_refusal_with_every_number():
    answers: Iterator[Distance | str] = iter([FAR, "ended with status -4: illegal instruction", IMITATED])
    with pytest.raises(ModelUnavailable) as refused:
        choose(CANDIDATES, lambda _: next(answers), what="backend x", key="k")
    assert refused.value.message == (
        "backend x: no approximate form proves itself here (at most 2.0% off, 99.5% of the labels equal, "
        "50% of them no ties, at most 1.00 times the exact form's time): "
        "bf16: 45.00% off, 70.00% of the labels equal, 90.0% of them no ties, 0.60 times the exact form's time; "
        "bf16 with ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16: ended with status -4: illegal instruction; "
        "f16: 0.20% off, 99.80% of the labels equal, 90.0% of them no ties, 5.30 times the exact form's time"
    )


def test_a_form_that_is_no_faster_than_the_exact_one_is_passed_over():
    answers = iter([IMITATED, NEAR])
    assert choose(CANDIDATES, lambda _: next(answers), what="w", key="k") == CANDIDATES[1]


def test_with_an_exact_form_to_run_instead_nothing_is_refused_and_each_dropped_one_is_logged_with_its_numbers(tmp_path):
    cache = tmp_path / "choices.json"
    with capture_logs() as logs:
        assert choose(CANDIDATES, lambda _: FAR, what="w", key="k", exact=EXACT, cache=cache) == EXACT
    assert [(line["event"], line["form"]) for line in logs] == [
        ("approximation_dropped", str(candidate)) for candidate in CANDIDATES
    ]
    assert all("45.00% off" in line["distance"] and "at most 2.0% off" in line["bounds"] for line in logs)
    assert choose(CANDIDATES, lambda _: NEAR, what="w", key="k", exact=EXACT, cache=cache) == EXACT  # remembered


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"error": 0.0201}, False),
        ({"error": math.nan}, False),
        ({"error": math.inf}, False),
        ({"agreement": 0.9949}, False),
        ({"agreement": math.nan}, False),
        ({"agreement": None}, False),
        ({"decided": 0.49}, False),
        ({"decided": None}, False),
        ({"cost": 1.01}, False),
        ({"cost": math.nan}, False),
        ({"cost": None}, False),
    ],
)
def test_a_form_keeps_to_every_bound_and_what_was_not_measured_keeps_to_none(changes, passes):
    edge = {"error": 0.02, "agreement": 0.995, "decided": 0.5, "cost": 1.0}
    assert Distance(**(edge | changes)).within(Bounds()) is passes


def test_what_is_not_asked_need_not_be_measured():
    alone = Bounds(error=0.01, agreement=None, decided=None, cost=None)
    assert Distance(error=0.01).within(alone)
    assert (str(alone), str(Distance(error=0.01))) == ("at most 1.0% off", "1.00% off")


def test_a_choice_is_remembered_for_its_key_alone(tmp_path):
    cache = tmp_path / "choices.json"
    assert choose(CANDIDATES, lambda _: NEAR, what="w", key="one", cache=cache) == CANDIDATES[0]
    assert choose(CANDIDATES, lambda _: FAR, what="w", key="one", cache=cache) == CANDIDATES[0]
    with pytest.raises(ModelUnavailable):
        choose(CANDIDATES, lambda _: FAR, what="w", key="another", cache=cache)
    assert len(json.loads(cache.read_text())) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"one": 7}', '{"one": "f64"}'])
def test_a_damaged_memory_only_costs_another_measurement(tmp_path, content):
    cache = tmp_path / "choices.json"
    cache.write_text(content)
    assert choose(CANDIDATES, lambda _: NEAR, what="w", key="one", cache=cache) == CANDIDATES[0]


def test_a_memory_that_cannot_be_written_is_no_error(tmp_path):
    assert choose(CANDIDATES, lambda _: NEAR, what="w", key="one", cache=tmp_path / "no" / "folder") == CANDIDATES[0]


def test_a_choice_by_other_bounds_is_measured_anew(tmp_path):
    cache = tmp_path / "choices.json"
    choose(CANDIDATES, lambda _: NEAR, what="w", key="one", cache=cache)
    with pytest.raises(ModelUnavailable):
        choose(CANDIDATES, lambda _: NEAR, what="w", key="one", cache=cache, bounds=Bounds(error=0.001))


@pytest.mark.parametrize("switch", SWITCHES)
def test_limits_in_the_environment_are_another_processor(monkeypatch, switch):
    free = key_of("weights")
    monkeypatch.setenv(switch, "AVX2")
    assert key_of("weights") != free


CHILD = """
import json, os, sys
print("loading")
if sys.argv[1] == "die": sys.exit("no such instruction")
if sys.argv[1] == "odd": print("nothing"); sys.exit()
print(json.dumps({"error": 0.01, "agreement": float(os.environ["AGREED"])}))
"""


def test_a_child_measures_with_its_own_environment_and_its_end_is_told_in_words(tmp_path, monkeypatch):
    (tmp_path / "measuring.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path)}")
    assert in_child("measuring", ["well"], {"AGREED": "0.999"}) == Distance(error=0.01, agreement=0.999)
    assert in_child("measuring", ["die"], {}) == "ended with status 1: no such instruction"
    assert in_child("measuring", ["odd"], {}) == "printed no distance"
