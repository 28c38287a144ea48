"""Observe, decide, act: every half second, for as long as this arbitrator holds the lease.

A tick that fails is counted and the next one tries again; the values written last expire by themselves. When a tick
takes longer than its slot, the loop measures it and skips the missed ones; it never makes up for them.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from redis.exceptions import RedisError

from arbitrator.actuators.contract import Actuator, Declared, Order
from arbitrator.policies.contract import Decision, Observation, Policy
from arbitrator.shadow import Shadow
from proteus.replies import is_away
from proteus.service.lifecycle import wait
from proteus.service.supervision import LOOP_ERRORS, Pulse

log = structlog.get_logger()

ARRIVALS_SECONDS: Final = 10.0
"""Time constant of the arrival rate by which weavers decide to wait for company."""


class Reader(Protocol):
    """The source of observations."""

    async def read(self) -> Observation:
        """Return an observation."""


class Metrics:
    """The loop's metrics."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.ticks = Counter(
            "proteus_arbitrator_ticks", "Ticks by outcome: acted, standby, failed.", ["outcome"], registry=registry
        )
        self.overruns = Counter(
            "proteus_arbitrator_overruns", "Ticks that took longer than their slot.", registry=registry
        )
        self.tick_seconds = Histogram(
            "proteus_arbitrator_tick_seconds",
            "Time of one tick.",
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=registry,
        )
        self.lag_seconds = Gauge("proteus_arbitrator_lag_seconds", "How late the last tick began.", registry=registry)
        self.batch_size = Gauge("proteus_arbitrator_batch_size", "Pictures per weaver.", registry=registry)
        self.degraded_fraction = Gauge(
            "proteus_arbitrator_degraded_ratio", "Share of the jobs to degrade.", registry=registry
        )
        self.desired_replicas = Gauge(
            "proteus_arbitrator_desired_replicas", "Weavers that the policy wants.", registry=registry
        )
        self.mode = Gauge("proteus_arbitrator_mode", "1 for the mode that holds.", ["mode"], registry=registry)
        self.leader = Gauge("proteus_arbitrator_leader", "1 if this one acts.", registry=registry)


class Loop:
    """The control loop.

    Args:
        tick_seconds: Time from one tick to the next.
        shadow: A second policy that gets the same observations.
        fleets: Decides for the declared fleets from the same readings; None: there are none.
    """

    def __init__(
        self,
        reader: Reader,
        policy: Policy,
        actuator: Actuator,
        *,
        tick_seconds: float,
        metrics: Metrics,
        shadow: Shadow | None = None,
        fleets: Callable[[], Awaitable[Declared]] | None = None,
    ) -> None:
        self._reader = reader
        self._policy = policy
        self._actuator = actuator
        self._tick_seconds = tick_seconds
        self._metrics = metrics
        self._shadow = shadow
        self._fleets = fleets
        self._before: Decision | None = None
        self._seen_at = 0.0
        self._arrivals_per_second = 0.0
        self._last_tick = time.monotonic()
        self._failed_with = ""
        self.leading = False

    def not_ready(self) -> str | None:
        """Return why the loop is stuck; None while it ticks, be it as a standby."""
        silent = time.monotonic() - self._last_tick
        return f"no tick for {silent:.0f} s" if silent > 10 * self._tick_seconds + 5 else None

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Tick until `stop`, then release the lease."""
        due = time.monotonic()
        while not stop.is_set():
            pulse.turn()
            start = time.monotonic()
            self._metrics.lag_seconds.set(start - due)
            try:
                outcome = "acted" if await self.tick() else "standby"
                self._last_tick = time.monotonic()
            except Exception as error:  # An edge: no reply and no value may end the loop; written values expire.
                outcome = "failed"
                LOOP_ERRORS.labels("tick").inc()
                if (kind := type(error).__name__) != self._failed_with:
                    self._failed_with = kind
                    away = is_away(error)
                    log.warning("tick_failed", reason=f"{kind}: {error}"[:500], exc_info=None if away else error)
            else:
                self._failed_with = ""
            self._metrics.ticks.labels(outcome).inc()
            took = time.monotonic() - start
            self._metrics.tick_seconds.observe(took)
            if took > self._tick_seconds:
                self._metrics.overruns.inc()
                log.warning("overrun", seconds=round(took, 3))
            now = time.monotonic()
            due += self._tick_seconds * max(1, math.ceil((now - due) / self._tick_seconds))
            await wait(stop, seconds=due - now)
        try:
            await self._actuator.release()
        except (RedisError, OSError) as error:
            log.warning("lease_not_released", reason=f"{type(error).__name__}: {error}")

    async def tick(self) -> bool:
        """Observe, decide and act once; return False while another arbitrator leads."""
        seen = await self._reader.read()
        if not self.leading:
            self._before = await self._actuator.last_decision()
        decision = self._policy.decide(seen, self._before)
        self._count(seen)
        declared = await self._fleets() if self._fleets else Declared()
        order = Order(
            decision=decision,
            seen=seen,
            policy=self._policy.name,
            arrivals_per_second=self._arrivals_per_second,
            fleets=declared.pods,
            canaries=declared.canaries,
        )
        acted = await self._actuator.apply(order)
        if acted != self.leading:
            log.info("leading" if acted else "standing_by")
        if acted and (self._before is None or self._before.state is not decision.state):
            log.info("state_changed", state=decision.state, mode=decision.mode, reason=decision.reason)
        self.leading = acted
        self._before = decision if acted else None
        self._show(decision, acted=acted)
        if self._shadow is not None:
            if acted:
                await self._shadow.watch(order)
            else:
                self._shadow.forget()
        return acted

    def _count(self, seen: Observation) -> None:
        elapsed = seen.now - self._seen_at
        self._seen_at = seen.now
        if 0 < elapsed < ARRIVALS_SECONDS:
            weight = 1 - math.exp(-elapsed / ARRIVALS_SECONDS)
            self._arrivals_per_second += weight * (seen.arrived / elapsed - self._arrivals_per_second)

    def _show(self, decision: Decision, *, acted: bool) -> None:
        self._metrics.leader.set(acted)
        self._metrics.batch_size.set(decision.batch_size)
        self._metrics.degraded_fraction.set(decision.degraded_fraction)
        self._metrics.desired_replicas.set(decision.desired_replicas)
        for mode in type(decision.mode):
            self._metrics.mode.labels(mode.value).set(mode is decision.mode)
