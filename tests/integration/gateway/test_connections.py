"""Sockets and streams of all gateways: one cap, freed with a dead gateway, and no refusal because Redis is away."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest
import socketio
from redis.asyncio import Redis

from access import made_key
from gateway.connections import ALONE_SECONDS, KEEP_SECONDS, Connections
from gateway.rules.shares import Shares, TooManyAtOnce, connection_limits_of, limits_of
from gateway.rules.tokens import Caller
from gateway.settings import LimitSettings
from proteus.clock import ManualClock
from proteus.jobs import UserId
from proteus.keys import LIMITS
from waiting import until

MOST = {"guest": 3, "account": 6, "key": 4, "tenant": 5, "address": 3}
LIMITS_OF = {of: {"sockets": most, "streams": most} for of, most in MOST.items()}
NO_LIMIT = Shares({of: dict.fromkeys(kinds, 0) for of, kinds in limits_of(LimitSettings()).items()})


def caller(user: str, *, kind: str = "guest", key: str | None = None, tenant: str = "acme") -> Caller:
    return Caller(user_id=UserId(user), tenant=tenant, scopes=frozenset(), expires_at=9e9, kind=kind, key_id=key)


@pytest.fixture
async def clients(role_url):
    made = [Redis.from_url(role_url("gateway"), decode_responses=True) for _ in range(3)]
    yield made
    for one in made:
        await one.aclose()


async def opened(gateway: Connections, most: int = 20, **whose):
    """Open until one is refused; return the places of those that are open."""
    places = []
    for _ in range(most):
        place = NO_LIMIT.holding([])
        try:
            await gateway.hold(place, "sockets", **whose)
        except TooManyAtOnce:
            place.leave()
            break
        places.append(place)
    return places


@pytest.mark.parametrize(
    ("whose", "most"),
    [
        ({"caller": caller("ann")}, 3),
        ({"caller": caller("shop", kind="account")}, 5),
        ({"caller": caller("shop", kind="account", key="k1")}, 4),
        ({"address": "here"}, 3),
        ({"caller": caller("shop", kind="account", tenant="other"), "address": "here"}, 5),
    ],
)
async def test_all_gateways_together_hold_a_holders_limit(whose, most, clients) -> None:
    first, second = (Connections(LIMITS_OF, one) for one in clients[:2])
    places = await opened(first, 2, **whose)
    places += await opened(second, **whose)
    assert len(places) == most
    assert await opened(first, **whose) == []
    places[0].leave()
    await first.keep()
    assert len(await opened(second, **whose)) == 1


async def test_a_refused_connection_takes_no_place_of_its_other_holders(clients, redis) -> None:
    first, second = (Connections(LIMITS_OF, one) for one in clients[:2])
    await opened(first, caller=caller("ann"))
    for _ in range(10):
        assert await opened(second, caller=caller("ann")) == []
    assert await redis.zcard(f"{LIMITS}:open:{{sockets/tenant:acme}}") == 3
    assert len(await opened(second, caller=caller("bob"))) == 2, "five of the tenant"


async def test_a_dead_gateways_connections_are_free_after_a_lease_and_a_living_ones_stay(clients) -> None:
    clock = ManualClock()
    dead = Connections(LIMITS_OF, clients[0], lease_seconds=0.4)
    alive = Connections(LIMITS_OF, clients[1], lease_seconds=0.4, now=clock.now)
    assert len(await opened(dead, 2, caller=caller("ann"))) == 2
    kept = await opened(alive, caller=caller("ann"))
    assert len(kept) == 1

    async def grown() -> bool:
        clock.advance(KEEP_SECONDS)
        await alive.keep()
        kept.extend(await opened(alive, caller=caller("ann")))
        return len(kept) == 3

    await until(grown, what="the dead gateway's two are free")
    assert await opened(Connections(LIMITS_OF, clients[2]), caller=caller("ann")) == []


@pytest.mark.parametrize("trouble", ["no server", "another type", "emptied"])
async def test_nobody_is_refused_because_redis_cannot_say_and_all_is_counted_afterwards(
    trouble, clients, redis
) -> None:
    clock, key = ManualClock(), f"{LIMITS}:open:{{sockets/guest:ann}}"
    gone = Redis(host="127.0.0.1", port=1)
    one = Connections(LIMITS_OF, gone if trouble == "no server" else clients[0], now=clock.now)
    if trouble == "another type":
        await redis.set(key, "x")
    places = await opened(one, 3 if trouble == "emptied" else 9, caller=caller("ann"))
    assert len(places) == (3 if trouble == "emptied" else 9)
    if trouble == "no server":
        await gone.aclose()
        return
    await redis.delete(key)
    clock.advance(max(ALONE_SECONDS, KEEP_SECONDS))
    await one.keep()
    assert await redis.zcard(key) == len(places)
    for place in places:
        place.leave()
    await one.keep()
    assert await redis.exists(key) == 0
    assert len(await opened(one, caller=caller("ann"))) == 3


async def test_two_gateways_have_one_cap_for_sockets_and_one_for_streams(gateway, serve, owner) -> None:
    key = await made_key(owner)
    limits = gateway.settings.limits.model_copy(update={"key_connections": 3})
    async with serve(gateway.settings.model_copy(update={"limits": limits})) as narrow, AsyncExitStack() as stack:
        here, there = gateway.bearer(key["key"], "user_acme"), narrow.bearer(key["key"], "user_acme")
        for one in (here, here, there):
            await stack.enter_async_context(one.http.stream("GET", "/v1/events"))
            await stack.enter_async_context(one.listening())
        refused = await there.http.get("/v1/events")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_at_once")
        assert "of your key" in refused.json()["detail"]
        client, refusals = socketio.AsyncClient(reconnection=False), []
        client.on("connect_error", refusals.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(
                narrow.url, auth={"token": key["key"]}, transports=["websocket"], socketio_path="updates"
            )
        await client.shutdown()
        assert "too_many_at_once" in json.dumps(refusals)


def test_limits_of_the_deployment_are_those_of_one_process_and_two_of_their_own() -> None:
    found = connection_limits_of(LimitSettings())
    assert all(
        found[of]["sockets"] == limits_of(LimitSettings())[of]["sockets"] for of in ("guest", "account", "address")
    )
    assert all(
        few["sockets"] < many["sockets"] for few, many in pairwise([found["guest"], found["key"], found["tenant"]])
    )
