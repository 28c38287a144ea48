"""A second policy beside the ruling one: it decides on the same observations, and its decisions are only noted.

The loop passes it every observation that it acted upon. It cannot change the ruling decision: it runs after that one is
written, on frozen values, with a memory and a stream of its own (a shadow that flaps pushes no ruling decision out).
Its errors are logged and counted here.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Counter
from redis.asyncio import Redis

from arbitrator.actuators.contract import Order
from arbitrator.actuators.redis import STREAM_CAP, ruling_of
from arbitrator.policies.contract import Decision, Policy
from proteus import keys

log = structlog.get_logger()

_SAME_WORDS: Final = ("batch_size", "mode", "degraded_mode", "degraded_fraction")
"""The fields of a decision that weavers act on."""


class Shadow:
    """Runs a second policy and notes its decisions.

    Args:
        policy: The second policy.
        redis: Where its decisions are noted.
        identity: Written as their author.
    """

    def __init__(self, policy: Policy, redis: Redis, *, identity: str, registry: CollectorRegistry = REGISTRY) -> None:
        self._policy = policy
        self._redis = redis
        self._identity = identity
        self._before: Decision | None = None
        self._noted = ""
        self._outcome = ""
        self._ticks = Counter(
            "proteus_arbitrator_shadow_ticks",
            "Ticks of the shadow policy by outcome: agreed, differed, failed.",
            ["outcome"],
            registry=registry,
        )

    async def watch(self, order: Order) -> None:
        """Decide on what the ruling policy saw, and note the decision when it differs from the last one noted."""
        try:
            decision = self._policy.decide(order.seen, self._before)
            self._before = decision
            await self._note(replace(order, decision=decision, policy=self._policy.name))
            agreed = all(getattr(decision, word) == getattr(order.decision, word) for word in _SAME_WORDS)
            outcome = "agreed" if agreed else "differed"
        except Exception as error:  # An edge: no error of the shadow may reach the ruling policy's loop.
            outcome = "failed"
            # Once, until it works again: twice a second would bury the ruling policy's log.
            if self._outcome != outcome:
                log.warning("shadow_failed", policy=self._policy.name, reason=f"{type(error).__name__}: {error}")
        self._outcome = outcome
        self._ticks.labels(outcome).inc()

    def forget(self) -> None:
        """Forget the last decision: another arbitrator leads, and this shadow misses its observations."""
        self._before = None

    async def _note(self, order: Order) -> None:
        decision = order.decision
        gist = f"{decision.batch_size} {decision.mode} {decision.state} {decision.degraded_fraction}"
        if gist == self._noted:
            return
        noted = json.dumps({**ruling_of(order).write(), "shadow": True}, separators=(",", ":"))
        fields = {"by": self._identity, "mode": decision.mode.value, "decision": noted}
        await self._redis.xadd(keys.SHADOW_DECISIONS, fields, maxlen=STREAM_CAP, approximate=True)  # type: ignore[arg-type]
        self._noted = gist
