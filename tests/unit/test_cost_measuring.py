"""What batches cost before a job came: an engine's sample, measured at the start, within a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proteus.engines import CATVTON, FASHN, TIMED, EngineCard, canvas_of
from proteus.estimates import CostTable
from weaver.measuring import LONG_STEP_SECONDS, measure
from weaver.pipelines.contract import StepLever, WeaveJob
from weaver.pipelines.timed import TimedEngine, TimedSession
from weaver.profile import CostProfile, keys_of

BALANCED, FAST, DEGRADED = "timed/1/384x512/8", "timed/1/384x512/4", "timed/1/384x512/3"
OTHER = "timed/1/768x1024/8"
CANVAS = "timed/1/384x512"


class Watch:
    """A clock that moves when the engine sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Stub(TimedEngine):
    """An engine of another's card: a step takes what `step_seconds` says of its number, whatever the batch."""

    def __init__(self, card: EngineCard, watch: Watch, step_seconds: Callable[[int], float]) -> None:
        self.steps_run: list[float] = []
        super().__init__({1: 1.0}, sleep=self._run)
        self.card = card
        self._watch, self._cost = watch, step_seconds

    def _run(self, _: float) -> None:
        self.steps_run.append(self._cost(len(self.steps_run)))
        self._watch.sleep(self.steps_run[-1])


def measured(curve: dict[int, float], *, budget_seconds: float, max_batch: int = 8) -> tuple[CostProfile, Watch]:
    watch, profile = Watch(), CostProfile(max_batch=max_batch)
    engine = TimedEngine(curve, sleep=watch.sleep)
    measure(engine, profile, budget_seconds=budget_seconds, max_batch=max_batch, clock=watch)
    return profile, watch


def table_of(profile: CostProfile, key: str = BALANCED) -> CostTable:
    table = profile.table(key)
    assert table is not None
    return table


@pytest.mark.parametrize("card", [CATVTON, FASHN], ids=lambda card: card.name)
@pytest.mark.parametrize("extra", [0.5, 3.0, 30.0])
def test_a_slow_first_step_is_not_told(card: EngineCard, extra: float) -> None:
    watch, profile = Watch(), CostProfile(max_batch=8)
    engine = Stub(card, watch, lambda step: 0.053 + (extra if step == 0 else 0.0))
    measure(engine, profile, budget_seconds=2.0, max_batch=8, clock=watch)
    for quality, preset in card.presets.items():
        assert table_of(profile, card.batch_key(quality)).t(1) == pytest.approx(0.053 * preset.costs, rel=0.1)


def test_every_canvas_warms_up_for_itself() -> None:
    watch, profile = Watch(), CostProfile(max_batch=1)
    engine = Stub(CATVTON, watch, lambda step: 0.02)
    canvases = len({canvas_of(key) for key in keys_of(CATVTON)})
    opened: set[str] = set()

    def open_cold(canvas: str) -> TimedSession:
        session = TimedSession(engine, canvas)
        if canvas not in opened:
            opened.add(canvas)
            step = session.step

            def cold():
                watch.sleep(3.0)
                return step()

            session.step = cold  # type: ignore[method-assign]
        return session

    engine.open = open_cold  # type: ignore[method-assign]
    measure(engine, profile, budget_seconds=10.0, max_batch=1, clock=watch)
    assert len(opened) == canvases == 2
    assert table_of(profile, CATVTON.batch_key("balanced")).t(1) == pytest.approx(0.4)
    assert table_of(profile, CATVTON.batch_key("balanced", degraded=True)).t(1) == pytest.approx(0.4)


def test_the_least_of_three_warm_batches_counts() -> None:
    hiccups = {2: 5.0, 10: 0.0, 18: 2.0}  # step 0 warms up; batches of 8 steps follow
    watch, profile = Watch(), CostProfile(max_batch=1)
    engine = Stub(TIMED, watch, lambda step: 0.1 + hiccups.get(step, 0.0))
    measure(engine, profile, budget_seconds=60.0, max_batch=1, clock=watch)
    assert table_of(profile).t(1) == pytest.approx(0.8)
    assert profile.measured_up_to(CANVAS) == 1


def test_with_time_enough_the_profile_is_the_curve() -> None:
    profile, _ = measured({1: 0.8, 2: 1.0, 4: 1.6, 8: 3.2}, budget_seconds=60)
    assert [round(table_of(profile).t(b), 3) for b in (1, 2, 4, 8)] == [0.8, 1.0, 1.6, 3.2]
    assert profile.measured_up_to(CANVAS) == 8


def test_keys_of_one_canvas_are_measured_once_and_scaled_by_their_steps() -> None:
    profile, _ = measured({1: 0.8, 8: 3.2}, budget_seconds=60)
    costs = {key: table_of(profile, key).t(1) for key in keys_of(TIMED)}
    assert costs == pytest.approx({BALANCED: 0.8, FAST: 0.4, DEGRADED: 0.3})


def test_a_picture_that_breaks_the_budget_is_worked_out_from_its_warm_steps_and_is_a_guess() -> None:
    profile, watch = measured({1: 8.0, 8: 8.0}, budget_seconds=2.0)
    assert table_of(profile).t(1) == pytest.approx(8.0)
    assert watch.now == pytest.approx(4.0), "one step warms up, and three are timed"
    assert profile.measured_up_to(CANVAS) == 0


def test_of_very_long_steps_one_is_timed_for_the_heart_must_know_it() -> None:
    profile, watch = measured({1: 800.0, 8: 800.0}, budget_seconds=2.0)
    assert watch.now == pytest.approx(200.0)
    assert profile.longest_step_seconds(CANVAS, 1) == pytest.approx(100.0)


def test_measuring_stays_about_within_its_budget() -> None:
    _, watch = measured({1: 0.4, 2: 0.7, 4: 1.3, 8: 2.5}, budget_seconds=2.0)
    assert watch.now <= 3.0


@pytest.mark.parametrize(("step_seconds", "told"), [(1e-5, 0.2), (2 * LONG_STEP_SECONDS, 50.0)], ids=["low", "high"])
def test_what_the_card_does_not_expect_is_brought_back_and_is_a_guess(step_seconds: float, told: float) -> None:
    watch, profile, key = Watch(), CostProfile(max_batch=1), CATVTON.batch_key("balanced")
    measure(Stub(CATVTON, watch, lambda _: step_seconds), profile, budget_seconds=2.0, max_batch=1, clock=watch)
    assert table_of(profile, key).t(1) == pytest.approx(told)
    assert profile.measured_up_to(canvas_of(key)) == 0
    assert profile.longest_step_seconds(canvas_of(key), 1) >= step_seconds, (
        "the heart waits as long as a step really took"
    )
    for _ in range(3):
        profile.observe(canvas_of(key), "step", 1, 350.0)
    assert table_of(profile, key).t(1) == 7_000.0, "what was woven is true, whatever was expected"
    assert profile.measured_up_to(canvas_of(key)) == 1


def test_an_engine_that_breaks_on_its_sample_is_found_out_by_its_first_job() -> None:
    class Broken(TimedEngine):
        def sample_job(self, canvas: str) -> WeaveJob:
            return replace(super().sample_job(canvas), options={"poison": "raise"})

    profile = CostProfile(max_batch=1)
    measure(Broken({1: 0.0}), profile, budget_seconds=1.0, max_batch=1, clock=Watch())
    assert profile.parts() == ({}, {})


def test_presets_of_one_canvas_cost_in_proportion_to_their_steps_whoever_was_woven() -> None:
    profile, _ = measured({1: 0.8}, budget_seconds=60, max_batch=1)
    for _ in range(4):
        profile.observe(CANVAS, "step", 1, 0.5)
    assert table_of(profile, FAST).t(1) == pytest.approx(2.0)
    assert table_of(profile).t(1) == pytest.approx(4.0)
    assert profile.table(OTHER) is None, "another canvas costs something else"


def test_what_the_first_and_the_last_step_take_longer_is_no_cost_of_a_step() -> None:
    """To encode takes 0.3 s, to decode 0.5 s: a preset of half the steps does not halve them."""
    watch, profile = Watch(), CostProfile(max_batch=1)
    engine = Stub(TIMED, watch, lambda step: 0.1 + {0: 0.3, 7: 0.5}.get((step - 1) % 8, 0.0))
    measure(engine, profile, budget_seconds=60.0, max_batch=1, clock=watch)
    assert table_of(profile).t(1) == pytest.approx(1.6)
    assert table_of(profile, FAST).t(1) == pytest.approx(1.2)


class Padding(TimedEngine):
    """Runs the next of 1, 2, 4, 8 pictures, as an engine with captured steps does."""

    padded = True

    def warm_up(self, lever: StepLever, *, max_batch: int) -> None:
        raise AssertionError("it is measured, not captured")


def test_of_an_engine_that_pads_three_pictures_cost_what_four_do_until_work_shows_it() -> None:
    curve = {1: 0.8, 2: 1.0, 4: 1.6, 8: 3.2}
    watch, profile = Watch(), CostProfile(max_batch=8)
    measure(Padding(curve, sleep=watch.sleep), profile, budget_seconds=120, max_batch=8, clock=watch)
    table = table_of(profile)
    expected = [0.8, 1.0, 1.6, 1.6, 3.2, 3.2, 3.2, 3.2]
    assert [table.t(size) for size in range(1, 9)] == pytest.approx(expected)
    for _ in range(4):
        profile.observe(CANVAS, "step", 3, 1.2 / 8)
    assert table_of(profile).t(3) == pytest.approx(1.2, rel=0.05)
    unpadded, _ = measured(curve, budget_seconds=120)
    assert table_of(unpadded).t(3) == pytest.approx(1.3)


# ---- how far a table was measured
