"""A shadow policy decides beside the ruling one, is noted, and changes nothing of what rules."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry

from arbitrator.actuators.redis import RedisActuator
from arbitrator.loop import Loop, Metrics
from arbitrator.policies.contract import Decision, Mode, Observation
from arbitrator.policies.table import TablePolicy
from arbitrator.shadow import Shadow
from proteus import keys
from proteus.service.supervision import Pulse

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

CONFIG = (keys.BATCH_SIZE, keys.DEGRADED_MODE, keys.DEGRADED_FRACTION, keys.MODE, keys.STATE)
DEPTHS = (0, 30, 80, 30, 0)


class Counting(TablePolicy):
    """Always in a surge, and remembers how often it was asked."""

    name = "counting"

    def __init__(self) -> None:
        self.heard: list[Decision | None] = []

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        self.heard.append(before)
        asked = before.memory["asked"] + 1 if before else 1.0
        decision = super().decide(replace(seen, waiting=80), before)
        return replace(decision, memory={"asked": asked}, reason=f"asked {asked:g} times")


class Broken(TablePolicy):
    """Cannot decide."""

    name = "broken"

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        raise ZeroDivisionError("a shadow's own affair")


class Depths:
    """A reader that plays queue depths and then stops the loop."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._depths = list(DEPTHS)
        self._stop = stop
        self._now = 0.0

    async def read(self) -> Observation:
        self._now += 0.5
        depth = self._depths.pop(0)
        if not self._depths:
            self._stop.set()
        return Observation(now=self._now, waiting=depth)


async def rule(redis: Any, shadow: Shadow | None) -> tuple[list[Any], list[Any]]:
    """Let policy `table` rule over the depths; return the values and decisions it left behind."""
    await redis.delete(*CONFIG, keys.DECISIONS, keys.ARBITRATOR_LEASE)
    stop = asyncio.Event()
    actuator = RedisActuator(redis, identity="a1", lease_seconds=3)
    metrics = Metrics(CollectorRegistry())
    loop = Loop(Depths(stop), TablePolicy(), actuator, tick_seconds=0.001, metrics=metrics, shadow=shadow)
    await loop.run(stop, Pulse("tick"))
    noted: Any = await redis.xrange(keys.DECISIONS)
    return await redis.mget(CONFIG), [fields for _, fields in noted]


@pytest.mark.parametrize("policy", [Counting(), Broken()], ids=["another mind", "broken"])
async def test_a_shadow_changes_nothing_of_what_rules(redis: Any, policy: TablePolicy) -> None:
    alone = await rule(redis, None)
    registry = CollectorRegistry()
    assert await rule(redis, Shadow(policy, redis, identity="a1", registry=registry)) == alone
    assert [json.loads(fields["decision"])["batch_size"] for fields in alone[1]] == [1, 4, 8, 4, 1]


async def test_a_shadow_remembers_its_own_decisions_and_never_those_that_rule(redis: Any) -> None:
    policy = Counting()
    await rule(redis, Shadow(policy, redis, identity="a1", registry=CollectorRegistry()))
    assert [before and before.memory["asked"] for before in policy.heard] == [None, 1, 2, 3, 4]


async def test_a_shadow_is_noted_in_its_own_stream_when_it_changes_its_mind(redis: Any) -> None:
    await rule(redis, Shadow(Counting(), redis, identity="a1", registry=CollectorRegistry()))
    ((_, fields),) = await redis.xrange(keys.SHADOW_DECISIONS)
    noted = json.loads(fields["decision"])
    assert (fields["by"], fields["mode"]) == ("a1", Mode.SURGE)
    assert (noted["policy"], noted["shadow"], noted["reason"]) == ("counting", True, "asked 1 times")


async def test_what_a_shadow_comes_to_is_counted(redis: Any) -> None:
    def ticks(outcome: str) -> float | None:
        return registry.get_sample_value("proteus_arbitrator_shadow_ticks_total", {"outcome": outcome})

    registry = CollectorRegistry()
    await rule(redis, Shadow(Counting(), redis, identity="a1", registry=registry))
    assert (ticks("agreed"), ticks("differed"), ticks("failed")) == (1, 4, None)
    registry = CollectorRegistry()
    await rule(redis, Shadow(Broken(), redis, identity="a1", registry=registry))
    assert (ticks("agreed"), ticks("differed"), ticks("failed")) == (None, None, 5)


async def test_a_shadow_that_cannot_be_noted_is_counted_and_the_ruling_policy_goes_on(redis: Any) -> None:
    await redis.set(keys.SHADOW_DECISIONS, "not a stream")
    registry = CollectorRegistry()
    _, noted = await rule(redis, Shadow(TablePolicy(), redis, identity="a1", registry=registry))
    assert len(noted) == len(DEPTHS)
    assert registry.get_sample_value("proteus_arbitrator_shadow_ticks_total", {"outcome": "failed"}) == len(DEPTHS)


async def test_whoever_stands_by_has_no_shadow(redis: Any) -> None:
    policy = Counting()
    await redis.set(keys.ARBITRATOR_LEASE, "another")
    stop = asyncio.Event()
    actuator = RedisActuator(redis, identity="a1", lease_seconds=3)
    shadow = Shadow(policy, redis, identity="a1", registry=CollectorRegistry())
    metrics = Metrics(CollectorRegistry())
    loop = Loop(Depths(stop), TablePolicy(), actuator, tick_seconds=0.001, metrics=metrics, shadow=shadow)
    await loop.run(stop, Pulse("tick"))
    assert not policy.heard


async def test_an_arbitrator_runs_the_shadow_its_settings_name(fleet: Fleet) -> None:
    fleet.start("arbitrator", "a1", ARBITRATOR_TICK_SECONDS="0.1", ARBITRATOR_SHADOW_POLICY="table")

    async def noted() -> bool:
        entries = await fleet.redis.xrange(keys.SHADOW_DECISIONS)
        return bool(entries) and json.loads(entries[0][1]["decision"])["policy"] == "table"

    await fleet.until(noted, what="the shadow is noted")
    ruling: Any = await fleet.redis.get(keys.STATE)
    assert json.loads(ruling)["policy"] == "slo"
