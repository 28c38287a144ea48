"""Writes `config:*`: the weavers read it within a second, and it expires by itself when the arbitrator dies."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import structlog
from redis.asyncio import Redis

from arbitrator.actuators.contract import Order
from arbitrator.policies.contract import Decision, Mode, State
from proteus import fleet_config, keys
from proteus.fleet_config import FleetConfig, Ruling

log = structlog.get_logger()

STREAM_CAP: Final = 1_000

MOST: Final = 100_000
"""More workers than any fleet has, and more pictures than any batch."""

REPLACED: Final = 2
"""What `act.lua` returns when it replaced a key of another type in the lease's place."""

_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisActuator:
    """The actuator of every deployment.

    Args:
        redis: A client that decodes replies.
        identity: Written as the lease's holder; unique to this process.
        lease_seconds: How long a holder that no longer renews the lease keeps it.
        local_replicas: Whether one machine's supervisor scales the weavers, and not KEDA: each reads its own key.
    """

    def __init__(self, redis: Redis, *, identity: str, lease_seconds: float, local_replicas: bool = False) -> None:
        self._redis = redis
        self._identity = identity
        self._lease_ms = int(lease_seconds * 1000)
        self._local_replicas = local_replicas
        source = (files("arbitrator.actuators") / "act.lua").read_text(encoding="utf-8")
        self._act = redis.register_script(source)
        self._release = redis.register_script(_RELEASE)
        self._noted = ""

    async def apply(self, order: Order) -> bool:
        """Write the decision, and append it to the stream when it differs from the last one there."""
        decision = order.decision
        local = decision.desired_replicas if self._local_replicas else ""
        # The whole number stays beside those of declared fleets: a ScaledObject that changes hands counts either.
        wanted = {} if self._local_replicas else {keys.DEFAULT_FLEET: weavers_wanted(order), **order.fleets}
        gist = f"{decision.batch_size} {decision.mode} {decision.state} {decision.degraded_fraction} {local}"
        decided = config_of(order).write()
        decided.pop(keys.WEAVER_REPLICAS)  # Written on one machine only.
        written = await self._act(
            keys=[
                keys.ARBITRATOR_LEASE,
                *decided,
                keys.DECISIONS,
                keys.WEAVER_REPLICAS,
                *map(keys.weavers_wanted, wanted),
            ],
            args=[
                self._identity,
                self._lease_ms,
                keys.CONFIG_SECONDS,
                *decided.values(),
                int(gist != self._noted),
                STREAM_CAP,
                local,
                *wanted.values(),
            ],
        )
        if written:
            self._noted = gist
        if int(written) == REPLACED:
            log.warning(
                "key_replaced", key=keys.ARBITRATOR_LEASE, reason="it was of another type; find out who wrote it"
            )
        return bool(written)

    async def last_decision(self) -> Decision | None:
        """Return the decision in `config:state`; None if this version cannot read it: the next decision replaces it."""
        held = await self._redis.mget(fleet_config.KEYS)  # A key of another type reads as missing.
        return decision_of(FleetConfig.read(dict(zip(fleet_config.KEYS, held, strict=True))))

    async def release(self) -> None:
        """Release the lease if this process holds it."""
        await self._release(keys=[keys.ARBITRATOR_LEASE], args=[self._identity])


def weavers_wanted(order: Order) -> int:
    """Return how many weavers KEDA should run: the number decided, but at least one while anything waits or runs.

    The policy may want none while the last job runs; KEDA must not remove a pod that still works.
    """
    seen = order.seen
    working = seen.waiting + seen.retrying + seen.running > 0
    return max(min(order.decision.desired_replicas, seen.max_replicas), int(working))


def config_of(order: Order) -> FleetConfig:
    """Return the configuration that a decision gives the fleet."""
    decision = order.decision
    return FleetConfig(
        batch_size=decision.batch_size,
        degraded_mode=decision.degraded_mode,
        degraded_fraction=decision.degraded_fraction,
        mode=decision.mode,
        ruling=ruling_of(order),
        weaver_replicas=decision.desired_replicas,
    )


def ruling_of(order: Order) -> Ruling:
    """Return the decision in full, and the readings that weavers and pages use beside it."""
    decision, seen = order.decision, order.seen
    return Ruling(
        policy=order.policy,
        state=decision.state,
        reason=decision.reason,
        batch_size=decision.batch_size,
        mode=decision.mode,
        degraded_mode=decision.degraded_mode,
        degraded_fraction=decision.degraded_fraction,
        desired_replicas=decision.desired_replicas,
        staying_replicas=sum(order.fleets.values()) if order.fleets else None,
        waiting=seen.waiting,
        running=seen.running,
        mean_wait_seconds=round(seen.mean_wait_seconds, 3),
        ready=seen.ready,
        starting=seen.starting,
        arrivals_per_second=round(order.arrivals_per_second, 3),
        canaries=dict(order.canaries),
        memory=dict(decision.memory),
    )


def decision_of(config: FleetConfig) -> Decision | None:
    """Return the decision behind a configuration; None if there is none that this version understands."""
    told = config.ruling
    if (
        told is None
        or told.batch_size is None
        or told.degraded_mode is None
        or told.degraded_fraction is None
        or told.desired_replicas is None
        or told.reason is None
        or told.memory is None
    ):
        return None
    try:
        mode, state = Mode(told.mode or ""), State(told.state or "")
    except ValueError:
        return None
    decision = Decision(
        batch_size=told.batch_size,
        mode=mode,
        degraded_mode=told.degraded_mode,
        degraded_fraction=told.degraded_fraction,
        desired_replicas=told.desired_replicas,
        state=state,
        reason=told.reason,
        memory=told.memory,
    )
    return decision if _makes_sense(decision) else None


def _makes_sense(decision: Decision) -> bool:
    return (
        1 <= decision.batch_size <= MOST
        and 0 <= decision.desired_replicas <= MOST
        and 0 <= decision.degraded_fraction <= 1
    )
