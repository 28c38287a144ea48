"""A server that hangs, refuses or breaks its lines costs a client at most five seconds and no process its life."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from gates import Gate, Mode
from gateway.settings import DatabaseSettings, GatewaySettings
from proteus.deadlines import EDGE_CALL_SECONDS
from proteus.settings import RedisSettings
from waiting import until

HELD_SECONDS = 25.0
"""Longer than twice the longest call of a loop: what holds for so long holds for five minutes, turn by turn."""


@pytest.fixture
async def gates(gateway_settings: GatewaySettings) -> AsyncIterator[dict[str, Gate]]:
    """A gate before each server, by name."""
    urls = {
        "postgres": gateway_settings.database.url,
        "redis": _text(gateway_settings.redis.url),
        "store": gateway_settings.storage.endpoint,
    }
    async with Gate(urls["postgres"]) as postgres, Gate(urls["redis"]) as redis, Gate(urls["store"]) as store:
        yield {"postgres": postgres, "redis": redis, "store": store}


@pytest.fixture
def gated(gateway_settings: GatewaySettings, gates: dict[str, Gate]) -> GatewaySettings:
    """Settings of a gateway that reaches its servers through the gates."""
    return gateway_settings.model_copy(
        update={
            "database": DatabaseSettings(url=gates["postgres"].url),
            "redis": RedisSettings(url=gates["redis"].url),
            "storage": gateway_settings.storage.model_copy(update={"endpoint": gates["store"].url}),
        }
    )


async def test_a_hung_postgres_costs_a_client_five_seconds_and_a_503(gated, gates, store, serve, prepare) -> None:
    async with serve(gated) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        snap = await ready.snap()
        await gates["postgres"].become("hangs")
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        asked = [ready.guest.http.post("/api/snap", json=body) for _ in range(3)]
        asked += [ready.guest.http.get(f"/api/status/{snap['job_id']}"), ready.guest.http.get("/v1/tryons")]
        for answer, seconds in await asyncio.gather(*map(_timed, asked)):
            assert (answer.status_code, answer.json()["retryable"]) == (503, True)
            assert seconds < EDGE_CALL_SECONDS + SLACK_SECONDS
        await gates["postgres"].become("open")
        await until(lambda: _answers(ready.guest.http, "/readyz", 200), what="readiness")
        assert (await ready.snap())["status"] == "queued"


async def test_a_hung_redis_costs_a_submit_five_seconds_and_it_is_taken(
    gated, gates, store, serve, prepare, hands
) -> None:
    async with serve(gated) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        await gates["redis"].become("hangs")
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        answer, seconds = await _timed(ready.guest.http.post("/api/snap", json=body))
        assert answer.status_code == 202
        assert seconds < EDGE_CALL_SECONDS + SLACK_SECONDS
        status, seconds = await _timed(ready.guest.http.get(f"/api/status/{answer.json()['job_id']}"))
        assert status.status_code in (200, 503)
        assert seconds < EDGE_CALL_SECONDS + SLACK_SECONDS
        await gates["redis"].become("open")
        async with hands.working():
            assert (await ready.guest.wait(answer.json()["job_id"]))["status"] == "completed"


@pytest.mark.parametrize("mode", ["hangs", "refuses"])
async def test_an_operator_whose_redis_is_away_gets_a_503_in_time(gated, gates, serve, account, mode) -> None:
    async with serve(gated) as gateway:
        operator = await account(gateway, "ops", scopes=["admin"])
        await gates["redis"].become(mode)
        asked = [operator.http.get(path) for path in ("/v1/fleet/decisions", "/v1/queue/dead")]
        for answer, seconds in await asyncio.gather(*map(_timed, asked)):
            assert (answer.status_code, answer.json()["code"]) == (503, "dependency_unavailable")
            assert answer.headers["retry-after"] == "1"
            assert seconds < EDGE_CALL_SECONDS + SLACK_SECONDS


@pytest.mark.long
async def test_a_hung_store_costs_a_submit_five_seconds_and_a_503(gated, gates, store, serve, prepare) -> None:
    async with serve(gated) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        await gates["store"].become("hangs")
        unseen = ready.person.rpartition("/")[0]
        ticket = await ready.guest.http.get(
            "/images/presignedUpUrl", params={"kind": "person", "content_type": "image/png", "size_bytes": 1000}
        )
        assert unseen
        body = {"user_photo_url": ticket.json()["image_url"], "cloth_clean_url": ready.garment}
        answer, seconds = await _timed(ready.guest.http.post("/api/snap", json=body))
        assert (answer.status_code, answer.json()["retryable"]) == (503, True)
        assert seconds < EDGE_CALL_SECONDS + SLACK_SECONDS


async def test_a_photo_whose_store_is_away_is_prepared_when_it_is_back(gated, gates, store, serve) -> None:
    async with serve(gated) as gateway:
        guest = await gateway.guest()
        path = f"/v1/images/{(await guest.upload()).rpartition('/')[2]}/uploaded"
        await gates["store"].become("refuses")
        refused = await guest.http.post(path)
        assert (refused.status_code, refused.json()["retryable"]) == (503, True)
        await gates["store"].become("open")
        assert (await guest.http.post(path)).json()["preparation"]["status"] == "queued"


async def test_without_redis_a_gateway_goes_on_answering_what_needs_none(gated, gates, store, serve, prepare) -> None:
    async with serve(gated) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        await until(lambda: _answers(ready.guest.http, "/readyz", 200), what="readiness")
        await gates["redis"].become("refuses")
        assert await _answers(ready.guest.http, "/readyz", 200)
        assert (await ready.snap())["status"] == "queued"
        await gates["postgres"].become("refuses")
        away = await ready.guest.http.get("/readyz")
        assert (away.status_code, away.text) == (503, "postgres does not answer\n")


async def test_a_gateway_that_never_reached_redis_takes_no_traffic(gated, gates, store, serve) -> None:
    await gates["redis"].become("refuses")
    async with serve(gated) as gateway, httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
        away = await client.get("/readyz")
        assert (away.status_code, away.text) == (503, "redis does not answer\n")
        await gates["redis"].become("open")
        await until(lambda: _answers(client, "/readyz", 200), what="readiness")


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode", ["refuses", *(pytest.param(mode, marks=pytest.mark.long) for mode in ("hangs", "breaks"))]
)
async def test_a_gateway_whose_servers_are_all_away_lives_and_turns_and_goes_on_afterwards(
    gated, gates, store, serve, prepare, hands, mode: Mode
) -> None:
    async with serve(gated) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        snap = await ready.snap()
        for gate in gates.values():
            await gate.become(mode)
        ends_at = time.monotonic() + HELD_SECONDS
        async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
            while time.monotonic() < ends_at:
                answer = await client.get("/healthz")
                assert (answer.status_code, answer.text) == (200, "ok\n")
                assert not await _answers(client, "/readyz", 200)
            for gate in gates.values():
                await gate.become("open")
            await until(lambda: _answers(client, "/readyz", 200), what="readiness")
        async with hands.working():
            assert (await ready.guest.wait(snap["job_id"], 30))["status"] == "completed"


SLACK_SECONDS = 2.5
"""This machine's own time for an answer; the deadline is the servers'."""


async def _timed(asked) -> tuple[httpx.Response, float]:
    started_at = time.monotonic()
    return await asked, time.monotonic() - started_at


async def _answers(client: httpx.AsyncClient, path: str, status: int) -> bool:
    return (await client.get(path)).status_code == status


def _text(url: str | SecretStr) -> str:
    return url.get_secret_value() if isinstance(url, SecretStr) else url
