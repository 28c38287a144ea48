"""Which engines a weaver starts with: what is missing is left out, what is forbidden stops it."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from proteus.engines import CARDS
from proteus.errors import LicenceRefused, ModelUnavailable
from weaver.loading import load_engines
from weaver.pipelines import checksums, registry
from weaver.pipelines.timed import TimedEngine
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


def test_weights_that_this_user_may_not_read_are_not_called_missing() -> None:
    """As in a container, whose user is another one than whoever fetched them."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "model.safetensors"
        weights.write_bytes(b"weights")
        weights.chmod(0)
        Path(folder).chmod(0o755)
        me = os.geteuid()
        try:
            if me == 0:
                os.seteuid(65534)  # root may read everything
            with pytest.raises(ModelUnavailable, match=r"may not be read by user \d+ \(Permission denied\)"):
                checksums.verify([weights])
        finally:
            os.seteuid(me)


@pytest.mark.parametrize(("lever", "seconds"), [("graphs", 0.0), ("off", 0.0), ("graphs", 1e-9), ("off", 1e-9)])
def test_an_engine_is_captured_and_warm_before_it_is_handed_out(
    monkeypatch: pytest.MonkeyPatch, lever: str, seconds: float
) -> None:
    """A weaver is ready after `load_engines`, so whatever happens in it costs no job its time."""
    did: list[str] = []

    class Weighty(TimedEngine):
        card = replace(CARDS["timed"], needs_weights=True)
        padded = False

        def warm_up(self, lever: str, *, max_batch: int) -> None:
            did.append(f"captured {lever} {max_batch}")

    engine = Weighty({1: 0.0}, sleep=lambda _: did.append("step"))
    monkeypatch.setattr(registry, "load", lambda name, **_: engine)
    weaver = WeaverSettings(engines=("timed",), profile_seconds=seconds, step_lever=lever, max_batch=2)
    load_engines(Settings(weaver=weaver), CostProfile(max_batch=2))
    first = ["captured graphs 2"] if lever == "graphs" else []
    assert did[: len(first) + 1] == [*first, "step"]
