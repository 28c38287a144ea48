"""What batches cost: measured at the start, corrected by what is woven, and never more certain than that."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.engines import CATVTON, FASHN, PUPPET, TIMED, EngineCard, canvas_of, steps_of
from proteus.estimates import BATCH_SPREAD, CostTable
from proteus.jobs import WorkerId
from proteus.queue.wire import encode
from proteus.registry import WorkerCard, WorkerState, parse_card
from weaver.profile import MOST_SECONDS, CostProfile, expected_seconds, keys_of, rising, spread_of

BALANCED, FAST, DEGRADED = "timed/1/384x512/8", "timed/1/384x512/4", "timed/1/384x512/3"
OTHER = "timed/1/768x1024/8"


def table_of(profile: CostProfile, key: str = BALANCED) -> CostTable:
    table = profile.table(key)
    assert table is not None
    return table


def observe(profile: CostProfile, key: str, pictures: int, seconds: float) -> None:
    """A batch of a preset, woven to its end: all of its time in its steps."""
    profile.observe(canvas_of(key), "step", pictures, seconds / max(1, steps_of(key)))


def woven(*batches: tuple[int, float], key: str = BALANCED, max_batch: int = 8) -> CostProfile:
    profile = CostProfile(max_batch=max_batch)
    for size, seconds in batches:
        observe(profile, key, size, seconds)
    return profile


# ---- whatever is observed

ODD_SECONDS = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, -5.0, 1e-320, 1e-9, 1e9, 1e300, 86_400.0])
ANY_SECONDS = st.floats() | ODD_SECONDS | st.floats(0.01, 10.0)
ANY_SIZE = st.integers(1, 8) | st.integers(-2, 12) | st.sampled_from([0, 10**9])
KEYS = [
    BALANCED,
    FAST,
    DEGRADED,
    OTHER,
    "puppet/1/0x0/0",
    "",
    "/",
    "timed/1/384x512/²",
    "timed/1/384x512/" + "9" * 5_000,
]
ANY_KEY = st.sampled_from(KEYS)
CARD = WorkerCard(id=WorkerId("w"), state=WorkerState.READY)
TOLD = st.lists(
    st.tuples(
        st.sampled_from(["start", "begin", "step", "end", "first"]), ANY_KEY, ANY_SIZE, ANY_SECONDS, st.integers(0, 3)
    ),
    max_size=60,
)


@given(told=TOLD, max_batch=st.integers(1, 16))
def test_whatever_is_observed_every_table_rises_and_is_positive_and_finite(
    told: list[tuple[str, str, int, float, int]], max_batch: int
) -> None:
    profile = CostProfile(max_batch=max_batch)
    for what, key, size, seconds, complete in told:
        canvas = canvas_of(key)
        if what == "start":
            profile.start(canvas, size, {"begin": 0.1, "step": seconds, "end": seconds}, complete=complete)
        elif what == "first":
            profile.note_step(canvas, seconds)
        else:
            profile.observe(canvas, what, size, seconds)  # type: ignore[arg-type]
        assert 0 <= profile.measured_up_to(canvas) <= max_batch
        assert math.isfinite(profile.longest_step_seconds(canvas, 1))
        for known in KEYS:
            table = profile.table(known)
            if table is None:
                continue
            assert all(0 < one < math.inf for one in table.seconds)
            assert all(left <= right for left, right in pairwise(table.seconds))
            assert table.max_batch == max_batch
            assert 0 <= table.spread <= 1
            assert CostTable.from_json(table.to_json()).seconds == pytest.approx(table.seconds, abs=1e-6)
    step, fixed = profile.parts()
    card = replace(CARD, step_seconds=step, fixed_seconds=fixed)
    assert parse_card("w", {name: encode(value) for name, value in asdict(card).items() if name != "id"}) == card
    for known in KEYS:
        table, read = profile.table(known), card.cost(known)
        if table and read:
            assert read.seconds == pytest.approx(table.seconds, rel=1e-6, abs=1e-6)


@given(st.dictionaries(st.integers(1, 8), st.tuples(st.floats(1e-6, 1e5), st.integers(1, 17)), min_size=1))
def test_pooled_points_rise_and_keep_their_weighted_sum(points: dict[int, tuple[float, int]]) -> None:
    pooled = rising(points)
    values = [pooled[size] for size in sorted(pooled)]
    assert set(pooled) == set(points)
    assert all(left <= right * (1 + 1e-12) for left, right in pairwise(values))
    total = sum(value * weight for value, weight in points.values())
    assert sum(pooled[size] * weight for size, (_, weight) in points.items()) == pytest.approx(total)


def test_a_single_picture_that_becomes_slower_than_two_pulls_up_two() -> None:
    table = table_of(woven((1, 0.7), (2, 1.5), (1, 3.0), (1, 3.0)))
    assert table.t(1) == pytest.approx(table.t(2))
    assert 1.5 < table.t(1) < 3.0
    assert table.t(8) >= table.t(2)


def test_a_step_beyond_a_day_counts_as_a_day() -> None:
    assert table_of(woven((1, 1e12))).t(1) == 8 * MOST_SECONDS


# ---- corrected while running, in both directions


@pytest.mark.parametrize(("before", "after"), [(5.0, 0.8), (0.8, 5.0)], ids=["faster", "slower"])
def test_nine_batches_of_another_speed_move_a_full_window(before: float, after: float) -> None:
    profile = woven(*[(1, before)] * 16)
    for _ in range(8):
        observe(profile, BALANCED, 1, after)
    assert table_of(profile).t(1) == min(before, after), "half and half: the lower one of the two in the middle"
    for _ in range(2):
        observe(profile, BALANCED, 1, after)
    assert table_of(profile).t(1) == after


def test_a_few_slow_batches_change_nothing() -> None:
    profile = woven(*[(1, 0.9)] * 10, *[(1, 30.0)] * 6)
    assert table_of(profile).t(1) == 0.9


def test_a_cold_sample_of_the_start_gives_way_to_what_is_woven() -> None:
    profile = CostProfile(max_batch=1)
    profile.start(canvas_of(BALANCED), 1, {"step": 5.4 / steps_of(BALANCED)}, complete=3)
    for _ in range(3):
        observe(profile, BALANCED, 1, 0.86)
    assert table_of(profile).t(1) == 0.86


def test_a_guess_of_the_start_gives_way_to_the_first_batch_woven() -> None:
    profile = CostProfile(max_batch=1)
    profile.start(canvas_of(BALANCED), 1, {"step": 40.0 / steps_of(BALANCED)}, complete=0)
    assert (table_of(profile).t(1), profile.measured_up_to(canvas_of(BALANCED))) == (40.0, 0)
    observe(profile, BALANCED, 1, 2.0)
    assert table_of(profile).t(1) == 2.0


def test_sizes_that_were_not_measured_are_tried_once_and_then_known() -> None:
    profile = woven((1, 1.0))
    paying = table_of(profile).paying_batch(8)
    assert paying > 1, "a guess just below the bound invites a try"
    observe(profile, BALANCED, paying, 8.0)
    assert table_of(profile).paying_batch(8) == 1, "measured: it does not pay"


def test_a_flat_curve_leads_to_ever_larger_batches() -> None:
    profile = woven((1, 1.0))
    for _ in range(3):
        observe(profile, BALANCED, table_of(profile).paying_batch(8), 1.0)
    assert table_of(profile).paying_batch(8) == 8


def test_a_table_is_a_guess_until_three_whole_batches_of_its_canvas_and_beyond_the_largest_of_them() -> None:
    profile = woven((1, 1.0), (1, 1.0))
    assert profile.measured_up_to(canvas_of(BALANCED)) == 0
    observe(profile, FAST, 4, 0.7)
    assert profile.measured_up_to(canvas_of(BALANCED)) == profile.measured_up_to(canvas_of(FAST)) == 4
    assert profile.measured_up_to(canvas_of(OTHER)) == 0


def test_the_claim_sheds_by_the_least_a_batch_can_take() -> None:
    profile = woven((1, 1.0), (1, 1.0), (2, 1.4))
    assert profile.least_seconds(TIMED, BALANCED, 1) == 1.0
    assert profile.least_seconds(TIMED, BALANCED, 8) == pytest.approx(1.4), "what was measured, not the guess beyond"


@pytest.mark.parametrize(("card", "least"), [(CATVTON, 0.2), (TIMED, 0.0)], ids=["expected", "nothing expected"])
def test_while_costs_are_a_guess_the_claim_sheds_by_what_no_device_beats(card: EngineCard, least: float) -> None:
    profile, key = CostProfile(max_batch=8), card.batch_key("balanced")
    assert profile.least_seconds(card, key, 1) == least
    profile.start(canvas_of(key), 1, {"step": 50.0 / steps_of(key)}, complete=0)
    assert profile.least_seconds(card, key, 1) == least


# ---- the spread of the times


def test_the_spread_is_how_much_longer_nine_in_ten_batches_take() -> None:
    profile = woven(*[(1, 1.0)] * 7)
    assert (profile.spreads(), table_of(profile).spread) == ({}, BATCH_SPREAD)
    observe(profile, BALANCED, 1, 1.0)
    assert profile.spreads() == {canvas_of(BALANCED): 0.0}
    profile = woven(*[(1, 1.0)] * 8, *[(1, 1.4)] * 2)
    assert table_of(profile).spread == pytest.approx(0.4)


def test_sizes_with_few_batches_say_nothing_of_the_spread_and_trouble_is_bounded() -> None:
    assert spread_of([[1.0, 9.0], [2.0] * 8]) == 0.0
    assert spread_of([[1.0] * 5 + [50.0] * 3]) == 1.0
    assert spread_of([]) is None


@pytest.mark.parametrize("card", [PUPPET, CATVTON, FASHN], ids=lambda card: card.name)
def test_every_preset_of_an_engine_has_an_expectation_that_makes_sense(card: EngineCard) -> None:
    for quality in card.presets:
        least, most = card.expected_seconds[quality]
        assert 0 < least < most <= MOST_SECONDS
        assert expected_seconds(card, card.batch_key(quality))[0] <= least


def test_a_key_never_woven_has_no_costs_and_no_expected_step() -> None:
    profile = CostProfile(max_batch=4)
    assert profile.table(BALANCED) is None
    assert profile.longest_step_seconds(canvas_of(BALANCED), 1) == 0.0


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("catvton/1/768x1024/50", 50),
        ("puppet/1/0x0/0", 0),
        ("fashn/1.5/576x864/g1.5/30", 30),
        ("x", 0),
        ("x/²", 0),
        ("x/" + "9" * 5_000, 0),
    ],
)
def test_the_last_part_of_a_key_is_its_steps(key: str, steps: int) -> None:
    assert steps_of(key) == steps


def test_an_engine_has_one_key_for_each_different_cost() -> None:
    assert keys_of(PUPPET) == ["puppet/1/0x0/0"]
    assert set(keys_of(TIMED)) == {BALANCED, FAST, DEGRADED}
