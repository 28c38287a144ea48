"""Which engines a weaver starts with: what is missing is left out, what is forbidden stops it."""

from __future__ import annotations

import pytest

from proteus.errors import LicenceRefused, ModelUnavailable
from weaver.app import load_engines
from weaver.profile import CostProfile
from weaver.settings import Settings, WeaverSettings, WorkerSettings


def settings(*engines: str, policy: str = "any") -> Settings:
    return Settings(
        weaver=WeaverSettings(engines=engines, profile_seconds=0), worker=WorkerSettings(licence_policy=policy)
    )


def test_without_the_big_models_weights_a_weaver_goes_on_with_the_others() -> None:
    loaded = load_engines(settings("catvton", "puppet"), CostProfile(max_batch=2))
    assert list(loaded) == ["puppet"]


def test_a_weaver_without_any_engine_says_what_is_missing() -> None:
    with pytest.raises(ModelUnavailable, match="WEAVER_WEIGHTS_DIR"):
        load_engines(settings("catvton"), CostProfile(max_batch=2))


def test_a_commercial_deployment_does_not_start_with_forbidden_weights() -> None:
    with pytest.raises(LicenceRefused, match="catvton"):
        load_engines(settings("puppet", "catvton", policy="commercial"), CostProfile(max_batch=2))
