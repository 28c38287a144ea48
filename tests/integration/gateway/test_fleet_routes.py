"""`/v1/fleet` on a real gateway and a real Redis: cold, loading, ready, and a wish to be warm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.settings import AdmissionSettings
from proteus.jobs import WorkerId
from proteus.keys import JOBS, WARM, WEAVER_REPLICAS, QueueKeys
from proteus.registry import WorkerCard, WorkerState, deregister, register
from waiting import PATIENCE_SECONDS

NAMES = QueueKeys(JOBS)
WEAVER = WorkerId("weaver-1")


async def fleet_until(guest, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            body = (await guest.http.get("/v1/fleet")).raise_for_status().json()
            if found(body):
                return dict(body)
            await asyncio.sleep(0.02)


async def test_the_fleet_is_cold_then_loading_then_ready(gateway, redis) -> None:
    guest = await gateway.guest()
    cold_start = AdmissionSettings().cold_start_seconds
    await redis.set(WEAVER_REPLICAS, "0")
    cold = await fleet_until(guest, lambda body: body["replicas"]["desired"] == 0)
    assert cold["state"] == "cold"
    assert cold["eta"] == {"p50_seconds": cold_start, "p90_seconds": 1.5 * cold_start}
    assert cold["engines"] == [{"engine": "puppet", "state": "cold", "ready": 0, "loading": 0}]

    async def becomes(state: WorkerState) -> None:
        made = WorkerCard(id=WEAVER, state=state, engines=("puppet",), started_at=time.time() - 30)
        await register(redis, NAMES, made)

    await becomes(WorkerState.LOADING)
    loading = await fleet_until(guest, lambda body: body["state"] == "loading")
    assert cold_start - 35 < loading["eta"]["p50_seconds"] <= cold_start - 30
    await becomes(WorkerState.READY)
    ready = await fleet_until(guest, lambda body: body["state"] == "ready")
    assert ready["eta"] == {"p50_seconds": 0.0, "p90_seconds": 0.0}
    assert ready["replicas"] == {"ready": 1, "loading": 0, "draining": 0, "desired": 0}
    await deregister(redis, NAMES, WEAVER)
    await fleet_until(guest, lambda body: body["state"] == "cold")


async def test_a_wish_to_be_warm_is_kept_for_as_long_as_the_longest(gateway, account, redis) -> None:
    shop = await account(gateway, "acme")
    await redis.set(WEAVER_REPLICAS, "0")
    answer = await shop.http.post("/v1/fleet/warm", json={"minutes": 20})
    assert answer.status_code == 202
    assert answer.json()["warm_until"] is not None
    assert '"warms";q=6;w=60' in answer.headers["ratelimit-policy"]
    assert 1_190 < await redis.ttl(WARM) <= 1_200
    assert (await shop.http.post("/v1/fleet/warm")).status_code == 202
    assert 1_190 < await redis.ttl(WARM) <= 1_200
    assert (await shop.http.post("/v1/fleet/warm", json={"minutes": 30})).status_code == 202
    assert await redis.ttl(WARM) > 1_700
    told = await fleet_until(shop, lambda body: body["state"] == "loading")
    assert told["warm_until"] is not None


async def test_wishes_are_counted(gateway, account, redis) -> None:
    shop = await account(gateway, "acme")
    await redis.set(WEAVER_REPLICAS, "1")
    answers = [(await shop.http.post("/v1/fleet/warm")).status_code for _ in range(7)]
    assert answers == [202] * 6 + [429]


async def test_a_tenant_has_so_many_minutes_of_a_ready_weaver_in_an_hour(gateway, account, redis) -> None:
    shop, other = await account(gateway, "acme"), await account(gateway, "other")
    await redis.set(WEAVER_REPLICAS, "0")
    assert (await shop.http.post("/v1/fleet/warm", json={"minutes": 55})).status_code == 202
    refused = await shop.http.post("/v1/fleet/warm", json={"minutes": 10})
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 3_600 < int(refused.headers["retry-after"]) <= 7_200, "the window slides: 55 of 60 minutes have to fade"
    assert (await other.http.post("/v1/fleet/warm", json={"minutes": 10})).status_code == 202


async def test_a_guest_whom_nobody_brought_keeps_no_weaver_ready(gateway, account, redis) -> None:
    await redis.set(WEAVER_REPLICAS, "0")
    stranger = await gateway.guest()
    refused = await stranger.http.post("/v1/fleet/warm")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden_scope")
    assert await redis.exists(WARM) == 0
    shop = await account(gateway, "acme")
    brought = (await shop.http.post("/v1/auth/guest")).json()["access_token"]
    assert (await gateway.bearer(brought).http.post("/v1/fleet/warm")).status_code == 202


@pytest.mark.parametrize("body", [{"minutes": 0}, {"minutes": 61}, {"minutes": "long"}, {"hours": 1}, []])
async def test_a_senseless_wish_is_refused(gateway, account, redis, body) -> None:
    shop = await account(gateway, "acme")
    await redis.set(WEAVER_REPLICAS, "0")
    refused = await shop.http.post("/v1/fleet/warm", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")
    assert await redis.exists(WARM) == 0


@pytest.mark.parametrize("number", [None, "many", "-1"])
async def test_where_the_arbitrator_does_not_scale_nobody_can_be_warmed(gateway, account, redis, number) -> None:
    shop = await account(gateway, "acme")
    if number is not None:
        await redis.set(WEAVER_REPLICAS, number)
    refused = await shop.http.post("/v1/fleet/warm")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert await redis.exists(WARM) == 0
    assert (await shop.http.get("/v1/fleet")).json()["replicas"]["desired"] is None


async def test_the_fleet_is_for_those_with_a_token(gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as plain:
        assert (await plain.get("/v1/fleet")).status_code == 401
        assert (await plain.post("/v1/fleet/warm")).status_code == 401


async def test_the_eta_of_a_job_at_a_cold_fleet_counts_the_cold_start(ready) -> None:
    job = await ready.snap()
    status = (await ready.guest.http.get(f"/api/status/{job['job_id']}")).json()
    settings = AdmissionSettings()
    assert status["status"] == "queued"
    assert status["eta"]["p50_seconds"] == settings.cold_start_seconds + settings.default_picture_seconds
    assert status["eta"]["p90_seconds"] > 1.5 * settings.cold_start_seconds
