"""Whether a weaver takes work now, and if not, how soon. Pure: the latest reading of the fleet in, its readiness out.

`cold`: no weaver exists or was requested. `loading`: one is starting. `ready`: one takes work now. The time
until ready is an estimate: the deployment's cold start, less what a loading weaver has behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.fleet.view import FleetView
from proteus.estimates import COLD_SPREAD
from proteus.fleet_view import first_ready_in_seconds
from proteus.registry import WorkerCard, WorkerState


class Readiness(StrEnum):
    """How soon work begins."""

    COLD = "cold"
    LOADING = "loading"
    READY = "ready"


@dataclass(frozen=True, kw_only=True)
class EngineReadiness:
    """One engine, and the weavers that offer it."""

    engine: str
    state: Readiness
    ready: int
    loading: int


@dataclass(frozen=True, kw_only=True)
class FleetReadiness:
    """The weavers as a whole.

    Attributes:
        desired: Weavers that the arbitrator requests; None where something else scales the fleet.
        ready_in_seconds: Time until a weaver takes work: median and 90th percentile; of a cold fleet, from the request
            for one.
        warm_until: Unix seconds until which a weaver is kept ready on request; None: no client requested one.
    """

    state: Readiness
    engines: Sequence[EngineReadiness]
    ready: int
    loading: int
    draining: int
    desired: int | None
    ready_in_seconds: tuple[float, float]
    warm_until: float | None


def readiness_of(view: FleetView, *, default_engine: str, cold_start_seconds: float, now: float) -> FleetReadiness:
    """Return the fleet's readiness.

    Args:
        default_engine: Listed even while no weaver offers it.
        cold_start_seconds: From requesting a weaver to ready.
    """
    cards = view.weavers
    warm_until = view.warm_until if view.warm_until is not None and view.warm_until > now else None
    asked = bool(view.asked_weavers) or (view.asked_weavers is not None and warm_until is not None)
    state = _readiness(cards, asked=asked)
    loading = [card for card in cards if card.state is WorkerState.LOADING]
    wait = 0.0
    if state is not Readiness.READY:
        wait = first_ready_in_seconds(loading, cold_start_seconds=cold_start_seconds, now=now) or cold_start_seconds
    names = sorted({default_engine, *(name for card in cards for name in card.engines)})
    return FleetReadiness(
        state=state,
        engines=[_engine(name, cards, asked=asked and name == default_engine) for name in names],
        ready=_count(cards, WorkerState.READY),
        loading=len(loading),
        draining=_count(cards, WorkerState.DRAINING),
        desired=view.asked_weavers,
        ready_in_seconds=(wait, wait * (1 + COLD_SPREAD)),
        warm_until=warm_until,
    )


def _engine(name: str, cards: Sequence[WorkerCard], *, asked: bool) -> EngineReadiness:
    able = [card for card in cards if name in card.engines]
    return EngineReadiness(
        engine=name,
        state=_readiness(able, asked=asked and not cards),
        ready=_count(able, WorkerState.READY),
        loading=_count(able, WorkerState.LOADING),
    )


def _readiness(cards: Sequence[WorkerCard], *, asked: bool) -> Readiness:
    if _count(cards, WorkerState.READY):
        return Readiness.READY
    return Readiness.LOADING if asked or _count(cards, WorkerState.LOADING) else Readiness.COLD


def _count(cards: Sequence[WorkerCard], state: WorkerState) -> int:
    return sum(card.state is state for card in cards)
