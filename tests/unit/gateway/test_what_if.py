"""What another fleet would do, by the times that the weavers measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fleet.what_if import Imagined, Outcome, what_if
from gateway.settings import AdmissionSettings
from proteus.engines import CARDS
from proteus.jobs import WorkerId
from proteus.registry import WorkerCard, WorkerState

ENGINE = CARDS["puppet"]
KEY = ENGINE.batch_key("balanced")
CARD = WorkerCard(
    id=WorkerId("w1"),
    state=WorkerState.READY,
    engines=("puppet",),
    seconds_per_batch={KEY: {"1": 2.0, "2": 2.4, "4": 3.0}},
    measured_up_to={KEY: 4},
)
TWO = Imagined(weavers=2, batch_size=4, degraded_share=0.0, arrivals_per_minute=80.0)


def outcome(imagined: Imagined, *cards: WorkerCard, weaver_hour: float = 0.0) -> Outcome:
    admission = AdmissionSettings(default_picture_seconds=6.0)
    return what_if(
        imagined, cards, engine=ENGINE, quality="balanced", admission=admission, weaver_hour=weaver_hour, now=0.0
    )


def test_two_weavers_make_what_their_batches_allow() -> None:
    found = outcome(TWO, CARD)
    assert (found.batch, found.batch_seconds, found.measured) == (4, 3.0, True)
    assert found.pictures_per_minute == pytest.approx(160)
    assert found.utilisation == pytest.approx(0.5)
    assert found.weavers_needed == 2  # 80 of 64 comfortable pictures a minute
    assert (found.empty.p50_seconds, found.queued.p50_seconds) == (2.0, 2.0)


def test_without_a_weaver_the_deployments_own_figure_counts_and_is_no_measurement() -> None:
    found = outcome(TWO)
    assert (found.batch, found.batch_seconds, found.measured) == (1, 6.0, False)


def test_a_price_is_shared_by_the_pictures_that_come() -> None:
    assert outcome(TWO, CARD).cost_per_picture is None
    assert outcome(TWO, CARD, weaver_hour=24.0).cost_per_picture == pytest.approx(2 * 24.0 / 60 / 80)
    assert outcome(replace(TWO, arrivals_per_minute=0.0), CARD, weaver_hour=24.0).cost_per_picture is None


def test_a_queue_drains_only_where_less_comes_than_is_made() -> None:
    assert outcome(replace(TWO, waiting=40), CARD).drain_seconds == pytest.approx(30.0)
    assert outcome(replace(TWO, waiting=40, arrivals_per_minute=160.0), CARD).drain_seconds is None
    assert outcome(replace(TWO, arrivals_per_minute=160.0), CARD).drain_seconds == 0.0


def test_no_weaver_makes_nothing() -> None:
    found = outcome(replace(TWO, weavers=0), CARD)
    assert (found.pictures_per_minute, found.utilisation, found.drain_seconds) == (0.0, None, 0.0)
    assert found.empty.p50_seconds == float("inf")


@given(weavers=st.integers(1, 50), arrivals=st.floats(0, 5_000), waiting=st.integers(0, 5_000))
def test_one_weaver_more_never_makes_it_slower(weavers: int, arrivals: float, waiting: int) -> None:
    imagined = replace(TWO, weavers=weavers, arrivals_per_minute=arrivals, waiting=waiting)
    fewer, more = outcome(imagined, CARD), outcome(replace(imagined, weavers=weavers + 1), CARD)
    assert more.pictures_per_minute > fewer.pictures_per_minute
    assert more.queued.p50_seconds <= fewer.queued.p50_seconds + 1e-9
    assert fewer.drain_seconds is None or (more.drain_seconds or 0.0) <= fewer.drain_seconds
