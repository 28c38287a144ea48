"""Writes `config:*`: what the weavers read within a second, and what runs out by itself when the arbitrator dies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from math import isfinite
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from arbitrator.actuators.contract import Order
from arbitrator.policies.contract import Decision, Mode, State
from proteus import keys
from proteus.replies import is_away

log = structlog.get_logger()

STREAM_CAP: Final = 1_000

MOST: Final = 100_000
"""No fleet has so many workers, and no batch so many pictures."""

REPLACED: Final = 2
"""What `act.lua` answers when something else stood in the lease's place."""

_RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisActuator:
    """The actuator of every deployment.

    Args:
        redis: A client that decodes answers.
        identity: Who holds the lease; unique to this process.
        lease_seconds: How long a silent holder keeps it.
        writes_replicas: Whether the number of weavers is written too: only where nobody else scales.
    """

    def __init__(self, redis: Redis, *, identity: str, lease_seconds: float, writes_replicas: bool = False) -> None:
        self._redis = redis
        self._identity = identity
        self._lease_ms = int(lease_seconds * 1000)
        self._writes_replicas = writes_replicas
        source = (files("arbitrator.actuators") / "act.lua").read_text(encoding="utf-8")
        self._act = redis.register_script(source)
        self._release = redis.register_script(_RELEASE)
        self._noted = ""

    async def apply(self, order: Order) -> bool:
        """Write the decision, and note it in the stream when it differs from the last one noted."""
        decision = order.decision
        replicas = decision.desired_replicas if self._writes_replicas else ""
        gist = f"{decision.batch_size} {decision.mode} {decision.state} {decision.degraded_fraction} {replicas}"
        written = await self._act(
            keys=[
                keys.ARBITRATOR_LEASE,
                keys.BATCH_SIZE,
                keys.DEGRADED_MODE,
                keys.DEGRADED_FRACTION,
                keys.MODE,
                keys.STATE,
                keys.DECISIONS,
                keys.WEAVER_REPLICAS,
            ],
            args=[
                self._identity,
                self._lease_ms,
                keys.CONFIG_SECONDS,
                decision.batch_size,
                int(decision.degraded_mode),
                decision.degraded_fraction,
                decision.mode,
                json.dumps(to_state(order), separators=(",", ":")),
                int(gist != self._noted),
                STREAM_CAP,
                replicas,
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
        """Return what `config:state` holds."""
        try:
            held: Any = await self._redis.get(keys.STATE)
        except ResponseError as error:
            if is_away(error):
                raise
            return None  # Something else stands in its place; the next decision replaces it.
        return from_state(held)

    async def release(self) -> None:
        """Give the lease back if it is ours."""
        await self._release(keys=[keys.ARBITRATOR_LEASE], args=[self._identity])


def to_state(order: Order) -> dict[str, Any]:
    """Return `config:state`: the decision in full, and what weavers and pages want to know beside it."""
    decision, seen = order.decision, order.seen
    return {
        "policy": order.policy,
        "state": decision.state,
        "reason": decision.reason,
        "batch_size": decision.batch_size,
        "mode": decision.mode,
        "degraded_mode": decision.degraded_mode,
        "degraded_fraction": decision.degraded_fraction,
        "desired_replicas": decision.desired_replicas,
        "waiting": seen.waiting,
        "running": seen.running,
        "mean_wait_seconds": round(seen.mean_wait_seconds, 3),
        "ready": seen.ready,
        "starting": seen.starting,
        "arrivals_per_second": round(order.arrivals_per_second, 3),
        "memory": dict(decision.memory),
    }


def from_state(text: str | None) -> Decision | None:
    """Return the decision behind `config:state`; None if there is none that this version understands."""
    try:
        state: Any = json.loads(text or "null")
        if not isinstance(state, Mapping):
            return None
        decision = Decision(
            batch_size=int(state["batch_size"]),
            mode=Mode(state["mode"]),
            degraded_mode=bool(state["degraded_mode"]),
            degraded_fraction=float(state["degraded_fraction"]),
            desired_replicas=int(state["desired_replicas"]),
            state=State(state["state"]),
            reason=str(state["reason"]),
            memory={str(name): float(value) for name, value in state["memory"].items()},
        )
        return decision if _makes_sense(decision) else None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _makes_sense(decision: Decision) -> bool:
    return (
        1 <= decision.batch_size <= MOST
        and 0 <= decision.desired_replicas <= MOST
        and 0 <= decision.degraded_fraction <= 1
        and all(isfinite(value) for value in decision.memory.values())
    )
