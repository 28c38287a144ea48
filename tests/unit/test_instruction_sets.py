"""An operator's limit on instruction sets is a ceiling: a form may ask for less, never for more."""

from __future__ import annotations

import pytest

from proteus.service.instruction_sets import ONEDNN, ONEDNN_OLD, ONEDNN_ORDER, lowers_onednn
from proteus.worker.proofs import Candidate
from tailor.parsers.segformer.approximate import CANDIDATES, candidates

WITHOUT_AMX = Candidate(name="bf16", environment={ONEDNN: "AVX512_CORE_BF16"})


@pytest.mark.parametrize(
    ("own", "lowers"),
    [
        ("", True),
        ("DEFAULT", True),
        ("default", True),
        ("AVX512_CORE_AMX", True),
        ("AVX512_CORE_FP16", True),
        ("AVX512_CORE_BF16", False),
        ("AVX512_CORE", False),
        ("avx2", False),
        ("SSE41", False),
        ("AVX99_CORE", False),  # whatever it means, it is the operator's
    ],
)
def test_a_limit_is_set_only_where_it_takes_instructions_away(own: str, lowers: bool) -> None:
    assert lowers_onednn("AVX512_CORE_BF16", {ONEDNN: own}) is lowers
    assert lowers_onednn("AVX512_CORE_BF16", {ONEDNN_OLD: own}) is lowers


def test_the_new_name_of_a_limit_counts_before_the_old_one() -> None:
    assert lowers_onednn("AVX512_CORE_BF16", {ONEDNN: "AVX512_CORE_AMX", ONEDNN_OLD: "AVX2"})
    assert not lowers_onednn("AVX512_CORE_BF16", {ONEDNN: "AVX2", ONEDNN_OLD: "AVX512_CORE_AMX"})


@pytest.mark.parametrize("own", ["", *ONEDNN_ORDER])
def test_what_a_candidate_sets_is_never_above_what_an_operator_has_set(own: str) -> None:
    limit = ONEDNN_ORDER.index(own or "DEFAULT")
    for candidate in candidates({ONEDNN: own}):
        assert ONEDNN_ORDER.index(candidate.environment.get(ONEDNN, own or "DEFAULT")) <= limit


def test_under_a_lower_limit_no_form_is_tried_twice() -> None:
    assert candidates({}) == CANDIDATES
    assert [str(one) for one in candidates({ONEDNN: "AVX2"})] == ["bf16", "f16"]
    assert WITHOUT_AMX.below({ONEDNN: "AVX2"}) == Candidate(name="bf16")
    assert WITHOUT_AMX.below({ONEDNN: "AVX512_CORE_AMX"}) == WITHOUT_AMX
