"""Cuts every garment of the drawn set with a parser and measures the distance to the truth."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from proteus.errors import ProteusError
from tailor.parsers.contract import Parser
from workbench.eval import measure, scenes
from workbench.eval.canvas import Pixels
from workbench.eval.measure import NOTHING, Score

PLAIN: Final = ("plain", "gradient")
"""The groups in which the parser may refuse no picture."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The result of one case.

    Attributes:
        alpha: The parser's; None where it refused.
        refusal: The refusal's code.
    """

    case: scenes.Case
    drawn: scenes.Drawn
    alpha: Pixels | None
    category: str
    confidence: float
    score: Score
    refusal: str
    seconds: float

    @property
    def good(self) -> bool:
        return self.score.good


def cut(case: scenes.Case, parser: Parser, *, drawn: scenes.Drawn | None = None) -> Outcome:
    """Draw a case and cut it."""
    drawn = drawn or scenes.draw(case)
    start = time.process_time()
    try:
        found = parser.find_garment(drawn.picture, category="auto")
    except ProteusError as error:
        return Outcome(
            case=case, drawn=drawn, alpha=None, category="", confidence=0.0, score=NOTHING, refusal=error.code,
            seconds=time.process_time() - start,
        )  # fmt: skip
    seconds = time.process_time() - start
    return Outcome(
        case=case, drawn=drawn, alpha=found.alpha, category=found.category, confidence=found.confidence,
        score=measure.score(drawn.truth, found.alpha), refusal="", seconds=seconds,
    )  # fmt: skip


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Return the figures of a set of outcomes, by group and over all."""
    every = list(outcomes)
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in every:
        groups[outcome.case.group].append(outcome)
    cells: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in every:
        if outcome.case.what == "flat":
            cells[f"{outcome.case.category} on {outcome.case.group}"].append(outcome)
    good = [outcome.good for outcome in every]
    return {
        "pictures": len(every),
        "auc": round(measure.area_under_curve([outcome.confidence for outcome in every], good), 4),
        "bad_share": round(1 - float(np.mean(good)), 3),
        "seconds_per_picture": round(float(np.median([outcome.seconds for outcome in every])), 3),
        "groups": {name: figures(group) for name, group in groups.items()},
        "categories": {name: figures(group) for name, group in sorted(cells.items())},
    }


def figures(group: Sequence[Outcome]) -> dict[str, Any]:
    """Return counts and means of one group."""
    named = [outcome for outcome in group if outcome.case.category and not outcome.refusal]
    return {
        "pictures": len(group),
        "whole": sum(outcome.score.whole for outcome in group),
        "good": sum(outcome.good for outcome in group),
        "refused": sum(bool(outcome.refusal) for outcome in group),
        "kept_least": round(min(outcome.score.kept for outcome in group), 4),
        "kept_mean": round(float(np.mean([outcome.score.kept for outcome in group])), 4),
        "hole_worst": round(max(outcome.score.hole for outcome in group), 4),
        "halo_pixels_worst": round(max(outcome.score.halo_pixels for outcome in group), 2),
        "iou_mean": round(float(np.mean([outcome.score.iou for outcome in group])), 4),
        "confidence_mean": round(float(np.mean([outcome.confidence for outcome in group])), 3),
        "category_right": sum(outcome.category == outcome.case.category for outcome in named),
        "category_asked": len(named),
    }
