"""What a session tells of its steps: whole ones as they are, those with shortcuts as the whole ones they would be."""

from __future__ import annotations

import pytest

from proteus.engines import CARDS, CATVTON, FASHN, PUPPET, TIMED, EngineCard, canvas_of, steps_of
from proteus.jobs import JobId
from weaver.pipelines.contract import Progress, StepReport
from weaver.profile import CostProfile
from weaver.session_costs import SessionCosts, computed

CANVAS = canvas_of(CATVTON.batch_key("balanced"))
A, B = JobId("a"), JobId("b")
WHOLE_SECONDS = 0.2


def report(step: int, **costs: float) -> StepReport:
    return StepReport(
        progress=[Progress(id=JobId(name), step=step, steps=9, cost=cost) for name, cost in costs.items()]
    )


@pytest.mark.parametrize("shares", [(1.0, 1.0, 1.0), (1.0, 0.12, 0.12), (0.5, 0.03, 0.5)])
def test_steps_with_shortcuts_tell_what_a_whole_step_costs(shares: tuple[float, ...]) -> None:
    profile = CostProfile(max_batch=4)
    costs = SessionCosts(profile, CANVAS, begun=[A])
    for number, share in enumerate(shares, start=1):
        costs.step(report(number, a=share), [A], WHOLE_SECONDS * share)
    costs.end()
    assert profile.part(CANVAS, "step", 1) == pytest.approx(WHOLE_SECONDS)
    table = profile.table(CATVTON.batch_key("approximate"))
    assert table is not None
    assert table.t(1) == pytest.approx(WHOLE_SECONDS * CATVTON.presets["approximate"].costs)


def test_pictures_of_several_qualities_tell_by_the_mean_of_what_they_computed() -> None:
    assert computed(report(1, a=1.0, b=0.5)) == 0.75
    assert computed(StepReport()) == 1.0
    profile = CostProfile(max_batch=4)
    costs = SessionCosts(profile, CANVAS, begun=[A, B])
    costs.step(report(1, a=1.0, b=0.5), [A, B], 0.75 * WHOLE_SECONDS)
    costs.end()
    assert profile.part(CANVAS, "step", 2) == pytest.approx(WHOLE_SECONDS)


def test_beginning_costs_what_a_cheap_step_takes_longer() -> None:
    profile = CostProfile(max_batch=4)
    profile.start(CANVAS, 1, {"step": WHOLE_SECONDS}, complete=3)
    costs = SessionCosts(profile, CANVAS)
    costs.step(report(1, a=0.5), [A], 0.5 * WHOLE_SECONDS + 0.3)
    assert profile.part(CANVAS, "begin", 1) == pytest.approx(0.3)


def test_what_is_left_is_in_whole_steps() -> None:
    assert Progress(id=A, step=3, steps=9).left == 6
    assert Progress(id=A, step=3, steps=9, cost_left=1.5).left == 1.5


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_approximate_is_a_quality_of_every_engine_and_no_measure_of_costs(card: EngineCard) -> None:
    key, preset = card.batch_key("approximate"), card.preset("approximate")
    assert canvas_of(key) == canvas_of(card.batch_key("balanced")), "it runs among the others"
    assert steps_of(key) == preset.costs
    assert card.preset("approximate", degraded=True) == (card.degraded or preset)
    quality, degraded = card.sample_form(canvas_of(key))
    assert not card.preset(quality, degraded=degraded).shortcuts


def test_only_engines_with_shortcuts_make_approximate_pictures_in_another_way() -> None:
    for card in (PUPPET, TIMED):
        assert card.preset("approximate") == card.preset("balanced")
        assert card.approximate_cost == 1.0
    assert (CATVTON.approximate_cost, FASHN.approximate_cost) == (0.45, 0.43)
