"""The parser `classic` on a spread of the drawn set; `make eval` cuts all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tailor.parsers.classic import ClassicParser
from tailor.parsers.flat import find_flat
from tailor.pose import PoseModel
from workbench.eval import cuts, measure, scenes

PICTURES = 48

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

FAINT = (
    "a/shirt-white/255/flat", "a/jumper-blocks/246/flat", "a/camisole-white/246/flat", "a/off-shoulder-white/235/flat",
    "a/jumpsuit-white/fading/flat", "b/boxy-snow/229/flat", "b/boxy-thin-stripes/250/flat",
    "b/sundress-stripes/241/flat",
)  # fmt: skip
"""White sleeves without a fold, shade along the cloth's own rim, shadows beside it, white stripes at the rim."""


def test_a_spread_of_the_drawn_set_keeps_the_bars(pose_folder: Path) -> None:
    """One test: processes that share the tests' work would each cut the whole spread for theirs."""
    parser = ClassicParser(PoseModel(pose_folder))
    outcomes = [cuts.cut(case, parser) for case in scenes.sample(PICTURES, scenes.TUNED)]
    for family in ("a", "b"):
        calm = [one for one in outcomes if one.case.family == family and one.case.group in cuts.PLAIN]
        assert len(calm) >= 8
        none_is_refused(calm)
        all_keep_their_area_without_holes(calm)
        outlines_have_no_halo(calm)
    a_texture_is_no_refusal_but_a_low_confidence(outcomes)


def none_is_refused(calm: list[cuts.Outcome]) -> None:
    assert [one.case.name for one in calm if one.refusal] == []


def all_keep_their_area_without_holes(calm: list[cuts.Outcome]) -> None:
    lost = [one.case.name for one in calm if one.score.kept < 0.97 or one.score.hole > 0.01]
    assert len(lost) <= 1, lost
    assert np.mean([one.score.kept for one in calm]) >= 0.985


def outlines_have_no_halo(calm: list[cuts.Outcome]) -> None:
    assert np.mean([one.score.halo_pixels <= 2 for one in calm]) >= 0.85
    assert np.mean([one.score.iou for one in calm]) >= 0.975


def a_texture_is_no_refusal_but_a_low_confidence(outcomes: list[cuts.Outcome]) -> None:
    textured = [one for one in outcomes if one.case.group == "textured"]
    assert not any(one.refusal for one in textured)
    assert np.median([one.score.kept for one in textured]) > 0.9
    plain = [one.confidence for one in outcomes if one.case.group == "plain"]
    assert np.mean([one.confidence for one in textured]) < np.mean(plain)


FAINT_CASES = [case for family in scenes.TUNED for case in scenes.cases(family) if case.name in FAINT]


@pytest.mark.parametrize("case", FAINT_CASES, ids=lambda case: case.name)
def test_a_faint_outline_is_found_whole(case: scenes.Case) -> None:
    drawn = scenes.draw(case)
    score = measure.score(drawn.truth, find_flat(drawn.picture).alpha)
    assert score.whole, score


TILTED = [case for case in scenes.cases("a") if case.turn == -15 and case.ground in ("255", "235")]


@pytest.mark.parametrize("case", TILTED[:2], ids=lambda case: case.name)
def test_a_tilted_garments_image_adds_no_ground(case: scenes.Case) -> None:
    drawn = scenes.draw(case)
    score = measure.score(drawn.truth, find_flat(drawn.picture).alpha)
    assert score.good, score
