"""What the gateway makes of its workers' costs: whose table counts, and whether it is a reason to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest
from redis.asyncio import Redis

from gateway.fleet.view import FleetView
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.rules.admission import Limits, QueueView, Request, Verdict, decide
from gateway.settings import AdmissionSettings, DatabaseSettings, LimitSettings
from proteus.engines import CATVTON, FASHN, EngineCard, Quality, canvas_of
from proteus.estimates import Fleet
from proteus.jobs import WorkerId
from proteus.queue.wire import encode
from proteus.registry import WorkerCard, WorkerState, parse_card
from weaver.measuring import measure
from weaver.pipelines.timed import TimedEngine
from weaver.profile import CostProfile, keys_of

BALANCED = CATVTON.batch_key("balanced")
DEGRADED = CATVTON.batch_key("balanced", degraded=True)
NOW = 1_706_956_800.0


def card(name: str, costs: Mapping[str, Mapping[str, float]], up_to: Mapping[str, int] | None) -> WorkerCard:
    return WorkerCard(
        id=WorkerId(name),
        state=WorkerState.READY,
        engines=("catvton", "fashn"),
        seconds_per_batch=costs,
        measured_up_to=up_to,
    )


def fleet(*cards: WorkerCard, quality: Quality = "balanced", engine: str = "catvton", **view: float) -> Fleet:
    """The fleet behind the cards; nothing here asks a server."""
    watch = FleetWatch(
        Redis(),
        Ledger(DatabaseSettings()),
        {},
        admission=AdmissionSettings(),
        limits=LimitSettings(),
        named_engines=frozenset(),
        default_engine="puppet",
    )
    watch.view = replace(FleetView(), weavers=cards, **view)  # type: ignore[arg-type]
    return watch.fleet(engine, quality)


MEASURED = card("measured", {BALANCED: {"1": 1.0, "2": 1.2, "4": 1.6}}, {BALANCED: 4})
ALONE = card("alone", {BALANCED: {"1": 1.1, "2": 1.9, "4": 3.5}}, {BALANCED: 1})
GUESS = card("guess", {BALANCED: {"1": 36.6}}, {BALANCED: 0})
OLD = card("old", {BALANCED: {"1": 2.0, "4": 2.8}}, None)
UNKNOWING = card("unknowing", {}, {})


@pytest.mark.parametrize(
    ("cards", "batch_limit", "single_seconds", "measured"),
    [
        ([GUESS, MEASURED], 1, 1.0, True),
        ([GUESS, ALONE, MEASURED], 4, 2 / (1 / 1.0 + 1 / 1.1), True),
        ([GUESS], 1, 36.6, False),
        ([GUESS, OLD], 4, 2.0, True),
        ([UNKNOWING], 1, 12.0, False),
        ([UNKNOWING, MEASURED], 1, 1.0, True),
        ([], 1, 12.0, True),
    ],
    ids=["measured", "mean-of-measured", "guess", "version-before", "nobody-knows", "one-knows", "nobody-is-there"],
)
def test_the_mean_of_those_that_measured_counts(
    cards: list[WorkerCard], batch_limit: int, single_seconds: float, measured: bool
) -> None:
    found = fleet(*cards, batch_limit=batch_limit)
    default = AdmissionSettings().default_picture_seconds
    assert found.pace.single_seconds == pytest.approx(default if single_seconds == 12.0 else single_seconds)
    assert found.measured is measured


def test_a_pace_whose_batch_was_never_woven_is_a_guess_though_one_picture_was_measured() -> None:
    assert fleet(ALONE, batch_limit=1).measured
    assert not fleet(ALONE, batch_limit=4).measured


def test_degraded_costs_that_are_a_guess_make_the_mixed_pace_one() -> None:
    both = card("both", {BALANCED: {"1": 1.0}, DEGRADED: {"1": 0.4}}, {BALANCED: 1, DEGRADED: 0})
    assert fleet(both, degraded_fraction=0.0).measured
    assert not fleet(both, degraded_fraction=0.5).measured


def test_the_spread_that_a_worker_observed_is_in_the_eta() -> None:
    steady = replace(MEASURED, batch_spread={BALANCED: 0.03})
    assert (fleet(steady).pace.spread, fleet(MEASURED).pace.spread) == (pytest.approx(0.03), 0.25)


class SlowAtFirst(TimedEngine):
    """A GPU's first steps: 3 s more for the very first one, then 53 ms each."""

    def __init__(self, engine_card: EngineCard) -> None:
        super().__init__({1: 1.0}, sleep=self._run)
        self.card, self.now, self._steps = engine_card, 0.0, 0

    def _run(self, _: float) -> None:
        self.now += 0.053 if self._steps else 3.053
        self._steps += 1


@pytest.mark.parametrize("engine_card", [CATVTON, FASHN], ids=lambda card: card.name)
@pytest.mark.parametrize("quality", ["fast", "balanced", "best"])
@pytest.mark.parametrize("deadline_seconds", [20.0, 60.0])
@pytest.mark.parametrize("version", ["this", "before"])
def test_an_idle_fleet_accepts_though_its_worker_started_cold(
    engine_card: EngineCard, quality: Quality, deadline_seconds: float, version: str
) -> None:
    engine, profile = SlowAtFirst(engine_card), CostProfile(max_batch=8)
    measure(engine, profile, budget_seconds=2.0, max_batch=8, clock=lambda: engine.now)
    tables = {key: table for key in keys_of(engine_card) if (table := profile.table(key))}
    step, fixed = profile.parts()
    up_to = {key: profile.measured_up_to(canvas_of(key)) for key in tables}
    told = card("gpu", {key: table.to_json() for key, table in tables.items()}, up_to)
    if version == "this":
        up_to = {canvas: profile.measured_up_to(canvas) for canvas in step}
        told = replace(told, seconds_per_batch={}, measured_up_to=up_to, step_seconds=step, fixed_seconds=fixed)
    read = parse_card("gpu", {name: encode(value) for name, value in asdict(told).items() if name != "id"})
    idle = fleet(read, engine=engine_card.name, quality=quality)
    answer = decide(Request(deadline_at=NOW + deadline_seconds), QueueView(waiting=0), idle, Limits(), NOW)
    assert answer.verdict is Verdict.ACCEPT, answer.reason
    assert answer.eta.p50_seconds == pytest.approx(0.053 * engine_card.presets[quality].steps, rel=0.1)


def test_an_idle_fleet_accepts_even_where_a_guess_is_far_too_high() -> None:
    request = Request(deadline_at=NOW + 5)
    assert decide(request, QueueView(waiting=0), fleet(GUESS), Limits(), NOW).verdict is Verdict.ACCEPT
    trusted = fleet(replace(GUESS, measured_up_to=None))
    assert decide(request, QueueView(waiting=0), trusted, Limits(), NOW).code == "deadline_unreachable"
