"""What batches cost, and what the arbitrator's values mean to a weaver."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.engines import PUPPET, TIMED
from proteus.errors import LicenceRefused, ModelUnavailable, PhotoRejected
from weaver.control import Config, parse_config
from weaver.pipelines import registry
from weaver.pipelines.timed import TimedEngine
from weaver.profile import CostProfile, keys_of, measure, steps_of
from weaver.settings import WeaverSettings

BALANCED, FAST, DEGRADED = "timed/1/384x512/8", "timed/1/384x512/4", "timed/1/384x512/3"


class Watch:
    """A clock that moves when the engine sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def measured(curve: dict[int, float], *, budget_seconds: float, max_batch: int = 8) -> tuple[CostProfile, Watch]:
    watch, profile = Watch(), CostProfile(max_batch=max_batch)
    engine = TimedEngine(curve, sleep=watch.sleep)
    measure(engine, profile, budget_seconds=budget_seconds, max_batch=max_batch, clock=watch)
    return profile, watch


def test_with_time_enough_the_profile_is_the_curve() -> None:
    curve = {1: 0.8, 2: 1.0, 4: 1.6, 8: 3.2}
    profile, _ = measured(curve, budget_seconds=60)
    table = profile.table(BALANCED)
    assert table is not None
    assert [round(table.t(b), 3) for b in (1, 2, 4, 8)] == [0.8, 1.0, 1.6, 3.2]


def test_keys_of_one_canvas_are_measured_once_and_scaled_by_their_steps() -> None:
    profile, _ = measured({1: 0.8, 8: 3.2}, budget_seconds=60)
    costs = {key: table.t(1) for key, table in profile.tables().items()}
    assert costs == pytest.approx({BALANCED: 0.8, FAST: 0.4, DEGRADED: 0.3})


def test_a_picture_that_breaks_the_budget_is_extrapolated_from_one_step() -> None:
    profile, watch = measured({1: 800.0, 8: 800.0}, budget_seconds=2.0)
    table = profile.table(BALANCED)
    assert table is not None
    assert table.t(1) == pytest.approx(800.0)
    assert watch.now == pytest.approx(100.0), "one step, however long: the heart must know it"
    assert profile.step_seconds(BALANCED, 1) == pytest.approx(100.0)


def test_the_first_batch_warms_up_and_does_not_count_against_the_engine() -> None:
    watch, profile, naps = Watch(), CostProfile(max_batch=1), iter([3.0] * 8)
    engine = TimedEngine({1: 0.8}, sleep=lambda seconds: watch.sleep(seconds + next(naps, 0.0)))
    measure(engine, profile, budget_seconds=30.0, max_batch=1, clock=watch)
    assert profile.tables()[BALANCED].t(1) == pytest.approx(0.8)


def test_a_first_batch_that_took_the_whole_budget_gives_way_to_the_first_real_one() -> None:
    profile = CostProfile(max_batch=1)
    profile.observe(BALANCED, 1, 40.0, cold=True)
    assert profile.tables()[BALANCED].t(1) == 40.0
    profile.observe(BALANCED, 1, 2.0)
    assert profile.tables()[BALANCED].t(1) == 2.0


def test_measuring_stays_about_within_its_budget() -> None:
    _, watch = measured({1: 0.4, 2: 0.7, 4: 1.3, 8: 2.5}, budget_seconds=2.0)
    assert watch.now <= 3.0


def test_sizes_that_were_not_measured_are_tried_once_and_then_known() -> None:
    profile = CostProfile(max_batch=8)
    profile.observe(BALANCED, 1, 1.0)
    table = profile.table(BALANCED)
    assert table is not None
    assert table.paying_batch(8) > 1, "a guess just below the bound invites a try"
    profile.observe(BALANCED, table.paying_batch(8), 8.0)
    table = profile.table(BALANCED)
    assert table is not None
    assert table.paying_batch(8) == 1, "measured: it does not pay"


def test_a_flat_curve_leads_to_ever_larger_batches() -> None:
    profile = CostProfile(max_batch=8)
    profile.observe(BALANCED, 1, 1.0)
    for _ in range(3):
        table = profile.table(BALANCED)
        assert table is not None
        profile.observe(BALANCED, table.paying_batch(8), 1.0)
    assert profile.tables()[BALANCED].paying_batch(8) == 8


def test_costs_never_fall_with_size_and_follow_later_measurements_slowly() -> None:
    profile = CostProfile(max_batch=4)
    for size, seconds in ((1, 1.0), (4, 2.0), (4, 3.0), (2, 0.5)):
        profile.observe(BALANCED, size, seconds)
    table = profile.tables()[BALANCED]
    assert list(table.seconds) == sorted(table.seconds)
    assert table.t(4) == pytest.approx(2.2)
    assert table.t(1) == pytest.approx(0.5)


def test_a_key_never_woven_has_no_costs_and_no_expected_step() -> None:
    profile = CostProfile(max_batch=4)
    assert profile.table(BALANCED) is None
    assert profile.step_seconds(BALANCED, 1) == 0.0


@pytest.mark.parametrize(
    ("key", "steps"),
    [("catvton/1/768x1024/50", 50), ("puppet/1/0x0/0", 1), ("fashn/1.5/576x864/g1.5/30", 30), ("x", 1)],
)
def test_the_last_part_of_a_key_is_its_steps(key: str, steps: int) -> None:
    assert steps_of(key) == steps


def test_an_engine_has_one_key_for_each_different_cost() -> None:
    assert keys_of(PUPPET) == ["puppet/1/0x0/0"]
    assert set(keys_of(TIMED)) == {BALANCED, FAST, DEGRADED}


STATE = json.dumps({"arrivals_per_second": 6.0, "ready": 3})


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([None, None, None, None], Config(batch_size=1, degraded_fraction=0.0)),
        (["4", "0", "0.0", STATE], Config(batch_size=4, arrivals_per_second=2.0)),
        (["8", "1", "0.25", None], Config(batch_size=8, degraded_fraction=0.25)),
        (["8", "1", None, None], Config(batch_size=8, degraded_fraction=1.0)),
        (["8", "0", "0.5", None], Config(batch_size=8, degraded_fraction=0.0)),
        (["many", "yes", "half", "{"], Config()),
        (["-3", "1", "7", "[1]"], Config(batch_size=1, degraded_fraction=1.0)),
        (["nan", "1", "nan", '{"ready": "x"}'], Config(batch_size=1, degraded_fraction=1.0)),
        (["inf", "0", None, '{"arrivals_per_second": "x", "ready": 0}'], Config(batch_size=1)),
    ],
)
def test_what_is_missing_or_makes_no_sense_means_the_safe_default(values: list[str | None], wanted: Config) -> None:
    assert parse_config(values, 0) == wanted


ODD = st.sampled_from(
    ["", "nan", "inf", "-inf", "1e999", "-1", "-1e308", "1e308", "0x10", "9" * 5_000, "x" * 10_000, "\x00", "1_0", "²"]
)
NUMBERS = st.one_of(st.floats(), st.integers(-(10**400), 10**400), st.none(), st.text(max_size=5), st.booleans())
STATES = st.one_of(
    ODD,
    st.sampled_from(["[" * 50_000, '{"ready":' * 5_000]),
    st.fixed_dictionaries({}, optional={"arrivals_per_second": NUMBERS, "ready": NUMBERS}).map(json.dumps),
)


@given(batch_size=ODD, mode=st.sampled_from(["0", "1", "yes"]), fraction=ODD, state=STATES)
def test_whatever_stands_in_the_configuration_what_is_read_makes_sense(
    batch_size: str, mode: str, fraction: str, state: str
) -> None:
    config = parse_config([batch_size, mode, fraction, state], 0)
    assert config.batch_size >= 1
    assert 0.0 <= config.degraded_fraction <= 1.0
    assert 0.0 <= config.arrivals_per_second < float("inf")


def test_an_engine_whose_weights_forbid_commerce_is_refused_before_anything_is_read() -> None:
    with pytest.raises(LicenceRefused, match="refused by licence_policy 'commercial'"):
        registry.load("catvton", licence_policy="commercial")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: registry.load("dreambooth"), "'dreambooth' is unknown"),
        (lambda: registry.load("catvton", weights_dir="/nowhere"), "catvton"),
    ],
)
def test_a_missing_engine_is_one_sentence(call: Callable[[], object], sentence: str) -> None:
    with pytest.raises(ModelUnavailable, match=sentence) as refused:
        call()
    assert "\n" not in refused.value.message


def test_seeds_are_poison_only_where_the_deployment_names_them() -> None:
    settings = WeaverSettings(timed_poison="7:refuse")  # type: ignore[arg-type] # as the environment spells it
    engine = TimedEngine({1: 0.0}, poison=settings.timed_poison)
    good = engine.sample_job(BALANCED)
    with pytest.raises(PhotoRejected):
        engine.open(BALANCED).admit(replace(good, seed=7))
    engine.open(BALANCED).admit(replace(good, seed=8))
    TimedEngine({1: 0.0}).open(BALANCED).admit(replace(good, seed=7))
