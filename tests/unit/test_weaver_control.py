"""What the arbitrator's values mean to a weaver, and which engines it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proteus.errors import LicenceRefused, ModelUnavailable, PhotoRejected
from proteus.fleet_config import FleetConfig, Ruling
from proteus.licences import LicenceRules
from weaver.control import Config
from weaver.pipelines import registry
from weaver.pipelines.timed import TimedEngine
from weaver.settings import WeaverSettings

CANVAS = "timed/1/384x512"


@pytest.mark.parametrize(
    ("fleet", "wanted"),
    [
        (FleetConfig(), Config()),
        (FleetConfig(batch_size=8, degraded_mode=True), Config(batch_size=8, degraded_fraction=1.0)),
        (FleetConfig(degraded_fraction=0.5), Config(degraded_fraction=0.0)),
        (FleetConfig(ruling=Ruling(arrivals_per_second=6.0, ready=3)), Config(arrivals_per_second=2.0)),
        (FleetConfig(ruling=Ruling(arrivals_per_second=6.0, ready=0)), Config(arrivals_per_second=6.0)),
        (FleetConfig(ruling=Ruling(arrivals_per_second=-1.0)), Config()),
    ],
)
def test_a_weaver_takes_its_share_of_the_arrivals_and_the_fleet_s_batch(fleet: FleetConfig, wanted: Config) -> None:
    assert Config.of(fleet, waiting=0) == wanted


def test_an_engine_whose_weights_forbid_commerce_is_refused_before_anything_is_read() -> None:
    with pytest.raises(LicenceRefused, match="refused by licence_policy 'commercial'"):
        registry.load("catvton", rules=LicenceRules("commercial"))


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
    good = engine.sample_job(CANVAS)
    with pytest.raises(PhotoRejected):
        engine.open(CANVAS).admit(replace(good, seed=7))
    engine.open(CANVAS).admit(replace(good, seed=8))
    TimedEngine({1: 0.0}).open(CANVAS).admit(replace(good, seed=7))
