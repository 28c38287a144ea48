"""Approximate forms prove themselves, the first that does is taken and remembered, none is a refusal with numbers."""

from __future__ import annotations

import json
import math
import sys

import pytest

from proteus import proofs
from proteus.errors import ModelUnavailable
from proteus.proofs import Candidate, Distance, choose, in_child, key_of

CANDIDATES = (
    Candidate(name="bf16"),
    Candidate(name="bf16", environment={"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"}),
    Candidate(name="f16"),
)
FAR = Distance(error=0.45, agreement=0.7)
NEAR = Distance(error=0.002, agreement=0.998)


def test_the_first_form_within_the_bounds_is_taken_and_the_rest_is_not_measured():
    asked = []

    def prove(candidate):
        asked.append(candidate)
        return FAR if len(asked) == 1 else NEAR

    assert choose(CANDIDATES, prove, what="w", key="k") == CANDIDATES[1]
    assert asked == list(CANDIDATES[:2])


def test_none_within_the_bounds_is_a_refusal_with_every_number():
    answers = iter([FAR, "ended with status -4: illegal instruction", Distance(error=math.nan, agreement=math.nan)])
    with pytest.raises(ModelUnavailable) as refused:
        choose(CANDIDATES, lambda _: next(answers), what="backend x", key="k")
    assert refused.value.message == (
        "backend x: no approximate form proves itself here (at most 2% off and 99.5% of the labels equal): "
        "bf16: 45.00% off, 70.00% of the labels equal; "
        "bf16 with ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16: ended with status -4: illegal instruction; "
        "f16: nan% off, nan% of the labels equal"
    )


@pytest.mark.parametrize(
    ("error", "agreement", "passes"),
    [(0.02, 0.995, True), (0.0201, 1.0, False), (0.0, 0.994, False), (math.nan, 1.0, False), (math.inf, 1.0, False)],
)
def test_the_bounds_are_two_percent_and_99_5_percent(error, agreement, passes):
    assert Distance(error=error, agreement=agreement).passes is passes


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


def test_limits_in_the_environment_are_another_processor(monkeypatch):
    free = key_of("weights")
    monkeypatch.setenv(proofs.ISA_SWITCHES[0], "AVX2")
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
