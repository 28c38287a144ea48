"""How many weavers the supervisor runs, and what a person may ask of this machine."""

from __future__ import annotations

import pytest

from arbitrator.settings import ArbitratorSettings
from gateway.settings import AdmissionSettings
from workbench.stack.crew import Bounds, asked_in, crew_size
from workbench.stack.errors import StackError


@pytest.mark.parametrize(
    ("asked", "runs", "size"),
    [
        ("0", 2, 0),
        ("1", 0, 1),
        ("3", 1, 3),
        ("4", 1, 3),
        ("999999999", 0, 3),
        ("9" * 5_000, 2, 2),
        (None, 2, 2),
        (None, 0, 1),
        (None, 9, 3),
        ("", 0, 1),
        ("-1", 2, 2),
        ("1.5", 2, 2),
        ("²", 0, 1),
        ("two", 2, 2),
    ],
)
def test_a_number_is_followed_within_the_places_and_anything_else_keeps_what_runs(
    asked: str | None, runs: int, size: int
) -> None:
    assert crew_size(asked, runs=runs, most=3) == size


def test_a_redis_that_is_away_says_nothing() -> None:
    assert asked_in("redis://127.0.0.1:1/0")() is None


def test_by_default_one_weaver_stays() -> None:
    assert Bounds.of({}) == Bounds.of({"LOCAL_MAX_WEAVERS": "", "LOCAL_IDLE_SECONDS": ""}) == Bounds()
    assert Bounds().environment()["ARBITRATOR_MIN_REPLICAS"] == "1"


def test_the_arbitrator_reads_what_the_stack_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"LOCAL_MAX_WEAVERS": "3", "LOCAL_IDLE_SECONDS": "90", "LOCAL_COLD_START_SECONDS": "45"}
    for name, value in Bounds.of(given).environment().items():
        monkeypatch.setenv(name, value)
    read = ArbitratorSettings()
    assert (read.local_replicas, read.min_replicas, read.max_replicas, read.idle_seconds) == (True, 0, 3, 90.0)
    assert read.cold_start_seconds == AdmissionSettings().cold_start_seconds == 45.0
    assert AdmissionSettings().max_replicas == 3


@pytest.mark.parametrize("name", ["LOCAL_MAX_WEAVERS", "LOCAL_IDLE_SECONDS", "LOCAL_COLD_START_SECONDS"])
@pytest.mark.parametrize("value", ["many", "-1", "nan", "1e999"])
def test_a_senseless_setting_is_a_sentence(name: str, value: str) -> None:
    with pytest.raises(StackError, match=f"{name} is '{value}'"):
        Bounds.of({name: value})


def test_this_many_weavers_are_a_mistake() -> None:
    with pytest.raises(StackError, match="from 1 to 16"):
        Bounds.of({"LOCAL_MAX_WEAVERS": "17"})
