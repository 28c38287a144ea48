"""`config:*` is read by one rule, whoever reads it: what is written comes back, what makes no sense is the default."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.fleet_config import KEYS, FleetConfig, Ruling, count
from proteus.keys import BATCH_SIZE, DEGRADED_FRACTION, DEGRADED_MODE, STATE, WEAVER_REPLICAS

TEXT = st.text(max_size=9)
SHARE = st.floats(0, 1)
COUNT = st.integers(0, 10**6)
RULINGS = st.builds(
    Ruling,
    policy=st.none() | TEXT,
    state=st.none() | TEXT,
    batch_size=st.none() | COUNT,
    degraded_mode=st.none() | st.booleans(),
    degraded_fraction=st.none() | SHARE,
    ready=st.none() | COUNT,
    arrivals_per_second=st.none() | st.floats(0, 1e6),
    memory=st.none() | st.dictionaries(TEXT, st.floats(-1e9, 1e9), max_size=2),
)
CONFIGS = st.builds(
    FleetConfig,
    batch_size=st.integers(1, 999),
    degraded_mode=st.booleans(),
    degraded_fraction=SHARE,
    mode=st.sampled_from(["VIP", "ECONOMY", "SURGE"]),
    ruling=RULINGS,
    weaver_replicas=st.none() | COUNT,
)


@given(config=CONFIGS, as_bytes=st.booleans())
def test_what_the_arbitrator_writes_is_what_everybody_reads(config: FleetConfig, as_bytes: bool) -> None:
    written = config.write()
    assert tuple(written) == KEYS
    raw = {key: value.encode() if as_bytes else value for key, value in written.items()}
    assert FleetConfig.read(raw) == config


def test_nothing_there_means_the_safe_defaults() -> None:
    assert FleetConfig.read({}) == FleetConfig.read(dict.fromkeys(KEYS)) == FleetConfig()
    assert (FleetConfig().batch_size, FleetConfig().degraded_share, FleetConfig().weaver_replicas) == (1, 0.0, None)


@pytest.mark.parametrize(
    ("batch", "read"),
    [
        ("4", 4),
        (b"4", 4),
        ("1", 1),
        *((odd, 1) for odd in ("0", "-3", "many", "nan", "inf", "4.5", "1e3", "", "²", "9" * 10)),
    ],
)
def test_a_batch_size_is_a_whole_number_from_1_or_the_default(batch: str | bytes, read: int) -> None:
    assert FleetConfig.read({BATCH_SIZE: batch}).batch_size == read


@pytest.mark.parametrize(
    ("mode", "fraction", "share"),
    [
        ("1", "0.25", 0.25),
        ("1", None, 1.0),
        ("1", "", 1.0),
        ("1", "half", 1.0),
        ("1", "nan", 1.0),
        ("1", "inf", 1.0),
        ("1", "7", 1.0),
        ("1", "-1", 0.0),
        ("0", "0.5", 0.0),
        ("yes", "0.5", 0.0),
        (None, "0.5", 0.0),
        (b"\xff\xfe", "0.5", 0.0),
    ],
)
def test_the_degraded_share_counts_while_the_mode_is_on(
    mode: str | bytes | None, fraction: str | None, share: float
) -> None:
    assert FleetConfig.read({DEGRADED_MODE: mode, DEGRADED_FRACTION: fraction}).degraded_share == share


@pytest.mark.parametrize(("asked", "number"), [("0", 0), ("12", 12), ("-1", None), ("1.0", None), ("1" * 10, None)])
def test_a_number_of_weavers_is_a_whole_number_or_none(asked: str, number: int | None) -> None:
    assert FleetConfig.read({WEAVER_REPLICAS: asked}).weaver_replicas == number == count(asked)


ODD = st.one_of(
    st.none(),
    st.binary(max_size=9),
    st.text(max_size=9),
    st.sampled_from(["nan", "-inf", "1e999", "-1e308", "0x10", "9" * 5_000, "x" * 10_000, "\x00", "1_0", "²"]),
    st.sampled_from(["[" * 50_000, '{"ready":' * 5_000, "null", "3", "[1]", "{"]),
)
VALUES = st.one_of(st.floats(), st.integers(-(10**400), 10**400), st.none(), st.text(max_size=5), st.booleans())
NAMES = tuple(Ruling().write())


@given(values=st.fixed_dictionaries(dict.fromkeys(KEYS, ODD)))
def test_whatever_stands_in_the_keys_what_is_read_makes_sense(values: dict[str, str | bytes | None]) -> None:
    config = FleetConfig.read(values)
    assert config.batch_size >= 1
    assert 0.0 <= config.degraded_share <= 1.0
    assert config.weaver_replicas is None or config.weaver_replicas >= 0


@given(found=st.dictionaries(st.sampled_from(NAMES), VALUES | st.lists(VALUES, max_size=1)))
def test_one_odd_name_of_a_decision_takes_no_other_along(found: dict[str, object]) -> None:
    text = json.dumps({**found, "policy": "slo", "ready": 3, "of_a_later_version": [1]})
    ruling = FleetConfig.read({STATE: text}).ruling
    assert ruling is not None
    assert (ruling.policy, ruling.ready) == ("slo", 3)
    for name in ("degraded_fraction", "mean_wait_seconds", "arrivals_per_second"):
        value = getattr(ruling, name)
        assert value is None or float("-inf") < value < float("inf")
    for name in ("batch_size", "desired_replicas", "waiting", "running", "starting"):
        assert getattr(ruling, name) is None or 0 <= getattr(ruling, name) < 10**9


def test_a_decision_has_the_names_that_other_versions_know() -> None:
    assert set(NAMES) == {
        "policy", "state", "reason", "batch_size", "mode", "degraded_mode", "degraded_fraction", "desired_replicas",
        "waiting", "running", "mean_wait_seconds", "ready", "starting", "arrivals_per_second", "canaries", "memory",
        "staying_replicas",
    }  # fmt: skip
