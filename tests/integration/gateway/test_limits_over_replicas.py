"""Limits that hold over all gateways: one count in Redis, headers on every answer, and no refusal for its absence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.connection import Connection

from access import made_key
from gateway.limiting import Limiter
from gateway.rules.rates import PICTURES, Rate
from proteus.clock import ManualClock
from proteus.errors import RateLimited
from proteus.keys import LIMITS
from waiting import until

FEW = {"submits": Rate(limit=4), "guests": Rate(limit=6), "requests": Rate(limit=10)}


@pytest.fixture
async def clients(role_url):
    made = [Redis.from_url(role_url("gateway"), decode_responses=True) for _ in range(2)]
    yield made
    for one in made:
        await one.aclose()


async def let_through(limiter: Limiter, *demands: Any, tries: int = 12) -> int:
    """Try often; return how often it was let through."""
    done = 0
    for _ in range(tries):
        try:
            await limiter.take(*demands)
            done += 1
        except RateLimited:
            pass
    return done


async def test_two_gateways_share_one_count(clients):
    first, second = (Limiter(FEW, one, replicas=2) for one in clients)
    assert await let_through(first, first.demand("submits", "ann"), tries=3) == 3
    assert await let_through(second, second.demand("submits", "ann"), tries=3) == 1
    assert await let_through(second, second.demand("submits", "bob"), tries=3) == 3


async def test_all_holders_of_a_request_are_asked_in_one_round_trip(clients, monkeypatch):
    limiter = Limiter(FEW, clients[0])
    holders = {"ann": 4, "key_1": 4, "tenant:acme": 3}
    demands = [limiter.demand("submits", holder, most=most) for holder, most in holders.items()]
    for _ in range(2):
        await limiter.take(*demands)
        await limiter.settle()  # More than half of the tenant's limit is used now, and the scripts are loaded.
    sent, send = [], Connection.send_packed_command

    async def counted(connection: Connection, command: Any, check_health: bool = True) -> None:
        sent.append(command)
        await send(connection, command, check_health)

    monkeypatch.setattr(Connection, "send_packed_command", counted)
    left = await limiter.take(*demands)
    assert (len(sent), left.limit, left.left) == (1, 3, 0)
    with pytest.raises(RateLimited, match="3 submits a minute"):
        await limiter.take(*demands)


@pytest.mark.parametrize("trouble", ["gone", "wrong type", "no scripts"])
async def test_no_request_is_refused_because_the_counters_cannot_be_read(trouble, clients, redis):
    clock = ManualClock()
    limiter = Limiter(FEW, clients[0], replicas=2, now=clock.now)
    if trouble == "gone":
        limiter = Limiter(FEW, Redis(port=9), replicas=2, now=clock.now)
    elif trouble == "wrong type":
        await redis.lpush(f"{LIMITS}:{{submits/ann}}", "x")
    else:
        await redis.script_flush()
        assert await let_through(limiter, limiter.demand("submits", "ann")) == 4
        return
    assert await let_through(limiter, limiter.demand("submits", "ann")) == 2
    assert limiter.count("requests", "ann").limit == 5
    await redis.delete(f"{LIMITS}:{{submits/ann}}")
    clock.advance(1.1)
    if trouble == "wrong type":
        assert await let_through(limiter, limiter.demand("submits", "ann")) == 4


async def test_what_is_counted_without_asking_exceeds_a_limit_by_an_eighth_at_most(clients):
    rates = {"submits": Rate(limit=64)}
    limiters = [Limiter(rates, clients[n % 2], replicas=4) for n in range(4)]
    done = 0
    for _ in range(40):  # All four are asked for more than there is, and none has settled.
        for one in limiters:
            done += await let_through(one, one.demand("submits", "ann"), tries=1)
    assert 64 <= done <= 72


async def test_requests_at_the_same_time_add_up_once_what_was_counted_before_them(clients):
    rates = {"submits": Rate(limit=80), "requests": Rate(limit=80)}
    first, second = (Limiter(rates, one) for one in clients)
    for _ in range(11):  # One asks Redis; ten are an eighth of the limit and are counted here.
        await first.take(first.demand("submits", "ann"))
    await asyncio.gather(*(first.take(first.demand("submits", "ann")) for _ in range(8)))
    assert (await second.take(second.demand("submits", "ann"))).left == 80 - 20

    for _ in range(20):
        first.count("requests", "ann")
    await asyncio.gather(first.settle(), first.settle())
    assert first.count("requests", "ann").left == 80 - 21
    await first.settle()
    assert (await second.take(second.demand("requests", "ann"))).left == 80 - 22


async def test_what_could_not_be_added_up_is_added_up_once_when_redis_is_back(clients, redis):
    clock = ManualClock()
    rates = {"requests": Rate(limit=80)}
    first, second = (Limiter(rates, one, now=clock.now) for one in clients)
    first.count("requests", "ann")
    await first.settle()
    await redis.rename(f"{LIMITS}:{{requests/ann}}", "kept")
    await redis.lpush(f"{LIMITS}:{{requests/ann}}", "x")
    for _ in range(5):
        first.count("requests", "ann")
    await first.settle()
    assert first.count("requests", "ann").left == 80 - 7
    await redis.rename("kept", f"{LIMITS}:{{requests/ann}}")
    clock.advance(1.1)
    await first.settle()
    assert (await second.take(second.demand("requests", "ann"))).left == 80 - 8


async def test_requests_of_any_kind_are_counted_here_and_added_up_each_second(clients):
    first, second = (Limiter(FEW, one) for one in clients)
    for _ in range(6):
        first.count("requests", "ann")
    for _ in range(3):
        second.count("requests", "ann")
    await first.settle()
    await second.settle()
    assert second.count("requests", "ann").left == 0
    with pytest.raises(RateLimited):
        second.count("requests", "ann")
    await second.settle()
    first.count("requests", "bob")
    await first.settle()


async def test_what_gateways_gave_away_together_beyond_a_limit_is_counted_whole(clients, redis):
    first, second = (Limiter(FEW, one, replicas=2) for one in clients)
    for one in (first, second):
        for _ in range(8):
            one.count("requests", "ann")
    await first.settle()
    await second.settle()
    counted = [int(await redis.get(f"{LIMITS}:{{requests/ann}}{window}") or 0) for window in ("", "/-1")]
    assert sum(counted) == 16, "eight and eight of ten"
    third = Limiter(FEW, clients[0])
    assert await let_through(third, third.demand("requests", "ann"), tries=2) == 0


@pytest.mark.parametrize("kind", ["pictures_a_day", "pictures_in_30_days"])
async def test_a_quota_slides_over_its_whole_period_at_every_gateway(kind, clients, redis):
    rates = {kind: Rate(limit=0, seconds=PICTURES[kind])}
    first, second = (Limiter(rates, one, replicas=2) for one in clients)

    async def pictures(limiter: Limiter, holder: str, most: int | None, units: int = 1) -> bool:
        try:
            await limiter.take(limiter.demand(kind, holder, units=units, most=most))
        except RateLimited as error:
            waits.append(error.retry_after_seconds)
            return False
        return True

    waits: list[int] = []
    assert [await pictures(one, "key_1", 4, 2) for one in (first, second, first, second)] == [True, True, False, False]
    assert await pictures(second, "tenant:acme", None, 500), "a holder without a quota of its own has none"
    assert not await pictures(first, "key_2", 4, 5), "more than the whole quota"
    assert all(0 < wait <= 2 * PICTURES[kind] for wait in waits)
    key = f"{LIMITS}:{{{kind}/key_1}}"
    lives_ms = await redis.pttl(key)
    assert abs(lives_ms / 1000 - 2 * PICTURES[kind]) < 60
    await redis.pexpire(key, PICTURES[kind] * 1000 - 1000)  # The period has passed, and a second of the next one.
    assert not await pictures(second, "key_1", 4, 2), "it fades, it does not begin anew at once"
    await redis.pexpire(f"{key}/-1", PICTURES[kind] * 250)
    assert await pictures(first, "key_1", 4, 2), "three quarters of the next period later"


async def test_a_full_window_that_has_faded_lets_requests_through_again(clients, redis):
    limiter = Limiter({"requests": Rate(limit=3)}, clients[0])
    for _ in range(3):
        limiter.count("requests", "ann")
    await limiter.settle()
    with pytest.raises(RateLimited):
        limiter.count("requests", "ann")
    await redis.delete(f"{LIMITS}:{{requests/ann}}")
    await limiter.settle()
    assert limiter.count("requests", "ann").left == 2


async def test_every_answer_says_what_is_left_the_refusal_too(gateway, owner):
    key = await made_key(owner, limits={"submits": 1})
    shop = gateway.bearer(key["key"])
    listed = await shop.http.get("/v1/tryons")
    assert '"account_requests";q=' in listed.headers["ratelimit-policy"]
    body = {"user_photo_url": "http://127.0.0.1/a", "cloth_clean_url": "http://127.0.0.1/b"}
    first, second = [await shop.http.post("/api/snap", json=body) for _ in range(2)]
    assert '"submits";r=0;t=' in first.headers["ratelimit"]
    assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
    assert '"submits";r=0;t=' in second.headers["ratelimit"]
    assert '"submits";q=1;w=60' in second.headers["ratelimit-policy"]
    assert 0 < int(second.headers["retry-after"]) <= 61


async def test_a_tenants_and_a_keys_quota_of_pictures_holds_on_every_gateway(
    gateway, serve, account, prepare, owner, hands
):
    admin = await account(gateway, "operators", scopes=["admin"])
    (await admin.http.put("/v1/tenants/acme", json={"limits": {"pictures_a_day": 4}})).raise_for_status()
    key = await made_key(owner, limits={"pictures_in_30_days": 3})
    ready = await prepare(gateway, owner)
    async with serve(gateway.settings) as other:
        there = other.bearer(key["key"], "user_acme")
        await ready.snap(num_samples=1)
        by_key = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "num_samples": 2}
        assert (await there.http.post("/v1/tryons", json=by_key)).status_code == 202
        refused = await there.http.post("/v1/tryons", json=by_key)
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert "pictures" in refused.json()["detail"]
    shown = (await admin.http.get("/v1/tenants")).json()["items"]
    assert next(one["limits"] for one in shown if one["tenant"] == "acme") == {"pictures_a_day": 4}

    async def is_refused() -> bool:  # Within a second every gateway knows the tenant's limits.
        return (await ready.guest.http.post("/v1/tryons", json=by_key)).status_code == 429

    await until(is_refused, what="a refusal by the tenant's quota")
