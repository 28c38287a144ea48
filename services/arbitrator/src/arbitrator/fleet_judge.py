"""Decides how many pods each declared fleet should have: the policy for each group of fleets, then their shares.

The loop calls it once a tick with its own readings; the operator shows the result, and the actuator writes it for KEDA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from redis.asyncio import Redis

from arbitrator.actuators.contract import Declared
from arbitrator.fleets.board import Board
from arbitrator.fleets.canaries import trials_of
from arbitrator.fleets.groups import Group, groups_of, share
from arbitrator.fleets.status import Wanted
from arbitrator.history import History
from arbitrator.observe import Readings, fleet_of, make_observation
from arbitrator.policies.contract import Decision, Observation, Policy
from arbitrator.policies.named import POLICIES
from arbitrator.settings import ArbitratorSettings
from proteus.keys import QueueKeys
from proteus.registry import WorkerCard


class FleetJudge:
    """Keeps each group's last decision, as the loop keeps its own.

    Args:
        names: The pictures' queue, whose index by engine says what waits for whom.
        engine: The engine whose costs count where a group offers it.
        history: Counts the arrivals for fleets with a budget.
    """

    def __init__(
        self,
        redis: Redis,
        names: QueueKeys,
        board: Board,
        settings: ArbitratorSettings,
        *,
        engine: str,
        history: History,
    ) -> None:
        self._redis = redis
        self._names = names
        self._board = board
        self._settings = settings
        self._engine = engine
        self._history = history
        self._before: dict[str, Decision] = {}
        self._policies: dict[float, Policy] = {}
        self.canaries: Mapping[str, float] = {}
        """`engine@version` -> share, of the canaries that hold."""

    async def declared(self, readings: Readings | None, *, leading: bool) -> Declared:
        """Return what the loop applies; the one that leads counts what came, and notes on the board what is known."""
        if leading and readings is not None and (known := await self._history.note(readings)) is not None:
            self._board.learn(known)
        pods = await self.judge(readings)
        return Declared(pods=pods, canaries=self.canaries)

    async def judge(self, readings: Readings | None) -> Mapping[str, int]:
        """Return fleet -> pods, and note them on the board; empty while no fleet is declared, or nothing was read."""
        views = self._board.views()
        if not views or readings is None:
            self.canaries = {}
            return {}
        trials = trials_of(views, readings.cards)
        self.canaries = {trial.name: trial.share for trial in trials.values() if not trial.idle}
        groups = groups_of(views)
        waiting = await self._waiting({engine for group in groups for engine in group.engines})
        busy = frozenset(pod_of(card) for card in readings.cards if card.slots_used)
        wanted: dict[str, Wanted] = {}
        decisions: dict[str, Decision] = {}
        for group in groups:
            seen = self.observation(group, readings, waiting)
            decision = self._policy(group).decide(seen, self._before.get(group.key))
            decisions[group.key] = decision
            working = seen.waiting + seen.retrying + seen.running > 0
            number = max(min(decision.desired_replicas, seen.max_replicas), int(working))
            mine = {engine: waiting[engine] for engine in group.engines}
            shares = share(group, number, waiting=mine, busy=busy)
            for fleet in group.fleets:
                name, pods = fleet.name, shares[fleet.name]
                reason = decision.reason if len(group.fleets) == 1 else f"{pods} of {number}: {decision.reason}"
                if sum(shares.values()) > number and 0 < pods <= fleet.kept:
                    reason += f"; {fleet.kept} pods stay, because much of their paid time is left"
                wanted[name] = Wanted(
                    replicas=pods,
                    mode=decision.mode.value,
                    waiting=seen.waiting,
                    reason=reason,
                    canary=trials[name].words if name in trials else "",
                )
        self._before = decisions
        self._board.decide(wanted, busy)
        return {name: one.replicas for name, one in wanted.items()}

    def observation(self, group: Group, readings: Readings, waiting: Mapping[str, int]) -> Observation:
        """Return what the policy sees of a group: the whole queue, or what its engines can do."""
        settings = self._settings
        cards, stats, arrived = readings.cards, readings.stats, sum(readings.arrived.values())
        if group.engines:
            cards = [card for card in cards if group.engines & set(card.engines)]
            arrived = sum(readings.arrived.get(engine, 0) for engine in group.engines)
            stats = replace(
                stats,
                waiting=sum(waiting[engine] for engine in group.engines),
                running=sum(card.slots_used for card in cards),
                retrying=0,  # Not known by engine; a due retry waits again.
                busy_workers=sum(card.slots_used > 0 for card in cards),
            )
        engine = self._engine if not group.engines or self._engine in group.engines else min(group.engines)
        fleet = fleet_of(cards, engine=engine, cold_start_seconds=settings.cold_start_seconds, now=readings.now)
        seen = make_observation(stats, fleet, settings, now=readings.now, arrived=arrived)
        return replace(seen, min_replicas=group.min_replicas, max_replicas=group.max_replicas)

    def _policy(self, group: Group) -> Policy:
        slo_seconds = group.slo_seconds
        if slo_seconds not in self._policies:
            self._policies[slo_seconds] = POLICIES[self._settings.policy](slo_seconds)
        return self._policies[slo_seconds]

    async def _waiting(self, engines: set[str]) -> dict[str, int]:
        ordered = sorted(engines)
        if not ordered:
            return {}
        async with self._redis.pipeline(transaction=False) as pipeline:
            for engine in ordered:
                pipeline.zcard(self._names.index(engine))
            # A key of another type counts nothing; a gateway sets it aside and rebuilds the index.
            found: list[Any] = await pipeline.execute(raise_on_error=False)
        return {engine: count if isinstance(count, int) else 0 for engine, count in zip(ordered, found, strict=True)}


def pod_of(card: WorkerCard) -> str:
    """Return the name of the pod that a worker runs in; its host's name, elsewhere."""
    _, _, rest = str(card.id).partition("-")
    return rest.rpartition("-")[0]
