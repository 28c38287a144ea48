"""What the arbitrator's values mean to a weaver, and which engines it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.errors import LicenceRefused, ModelUnavailable, PhotoRejected
from weaver.control import Config, parse_config
from weaver.pipelines import registry
from weaver.pipelines.timed import TimedEngine
from weaver.settings import WeaverSettings

BALANCED = "timed/1/384x512/8"
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
