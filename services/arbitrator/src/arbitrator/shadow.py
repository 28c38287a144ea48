"""A second policy beside the ruling one: it sees what that one sees, decides, and is only written down.

The loop shows it every observation it has acted upon. It cannot change what rules: it runs after the ruling decision is
written, on values that are frozen, with a memory and a stream of its own (a shadow that flaps pushes no ruling decision
out), and whatever goes wrong in it is logged and counted here.
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
"""What the weavers would notice of a decision."""


class Shadow:
    """Asks a policy what it would do.

    Args:
        policy: Whom to ask.
        redis: Where its decisions are noted.
        identity: Who notes them.
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
        except Exception as error:  # The edge of a loop of its own: nothing of it may reach the ruling one.
            outcome = "failed"
            # Once, until it works again: twice a second would bury what the ruling policy says.
            if self._outcome != outcome:
                log.warning("shadow_failed", policy=self._policy.name, reason=f"{type(error).__name__}: {error}")
        self._outcome = outcome
        self._ticks.labels(outcome).inc()

    def forget(self) -> None:
        """Start anew: another arbitrator leads, and time passes unseen."""
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
