"""What one guest or one address can take from the others: nothing. Attacks at full blast, and each limit by itself."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import httpx
import pytest
import socketio

from gateway.settings import EdgeSettings
from proteus.service.lifecycle import cancel
from waiting import PATIENCE_SECONDS, until

HERE, ELSEWHERE = "203.0.113.5", "203.0.113.6"
BEHIND_A_PROXY = EdgeSettings(trusted_proxies="127.0.0.1/32")
LEAST_ANSWERS = 4
BLAST_SECONDS = 3.0


def with_limits(settings, *, pool_size: int | None = None, **limits):
    database = settings.database.model_copy(update={"pool_size": pool_size} if pool_size else {})
    changed = settings.limits.model_copy(update=limits)
    return settings.model_copy(update={"limits": changed, "edge": BEHIND_A_PROXY, "database": database})


async def ready_guests(serve, settings, prepare, *addresses: str):
    """Return guests, made from these addresses, whose pictures are prepared; the gateway that did it has gone."""
    async with serve(with_limits(settings)) as gateway:
        return [await prepare(gateway, await gateway.guest(address=address)) for address in addresses]


def at(gateway, ready):
    """Return a prepared guest as a client of another gateway."""
    return replace(ready, guest=gateway.bearer(ready.guest.token))


async def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def blast(attacker, seen: set[int]) -> None:
    """One loop of an attack; the next request follows the answer at once."""
    while True:
        seen.add((await attacker.http.get("/v1/tryons", params={"limit": 100})).status_code)


async def test_one_guest_at_full_blast_leaves_anothers_requests_answered(
    gateway_settings, store, serve, prepare
) -> None:
    settings = with_limits(gateway_settings, pool_size=4, guest_requests_at_once=3, guest_requests_per_minute=0)
    async with serve(settings) as gateway:
        attacker, other = await gateway.guest(address=HERE), await gateway.guest(address=ELSEWHERE)
        shop = await prepare(gateway, await gateway.guest(address=ELSEWHERE))
        await prepare(gateway, attacker)
        seen: set[int] = set()
        answers = []
        until_then = asyncio.get_running_loop().time() + BLAST_SECONDS
        async with asyncio.TaskGroup() as attack:
            loops = [attack.create_task(blast(attacker, seen)) for _ in range(40)]
            while asyncio.get_running_loop().time() < until_then or len(answers) < LEAST_ANSWERS:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    answers.append((await other.http.get("/v1/tryons")).status_code)
                    answers.append((await shop.snap())["status"])
            await cancel(*loops)
        assert set(answers) == {200, "queued"}
        assert seen == {200, 429}
        assert (await other.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("path", ["/v1/events", "/v1/tryons/{job}/events"])
async def test_a_guest_has_so_many_streams_and_no_more(gateway, ready, path) -> None:
    job = (await ready.snap())["job_id"]
    guest, other, path = ready.guest, await gateway.guest(), path.format(job=job)
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(AsyncExitStack())
        await first.enter_async_context(guest.http.stream("GET", path))
        for _ in range(5):
            await stack.enter_async_context(guest.http.stream("GET", path))
        refused = await guest.http.get(path)
        assert await code_of(refused) == (429, "too_many_at_once")
        assert refused.headers["retry-after"] == "1"
        assert (await guest.http.get("/v1/tryons")).status_code == 200, "who listens may still ask"
        async with other.http.stream("GET", "/v1/events") as stream:
            assert stream.status_code == 200
        await first.aclose()

        async def opens_again() -> bool:
            async with guest.http.stream("GET", path) as stream:
                return stream.status_code == 200

        await until(opens_again)


async def test_a_guest_has_so_many_long_polls_and_no_more(ready, gateway) -> None:
    job = (await ready.snap())["job_id"]
    path, services = f"/api/status/{job}", ready.guest

    async def poll() -> int:
        while (answer := await services.http.get(path, params={"wait": 20})).status_code == 429:
            pass  # The look below was there first.
        return answer.status_code

    polls = [asyncio.create_task(poll()) for _ in range(8)]

    async def one_more_is_refused() -> bool:
        return (await services.http.get(path, params={"wait": 0.01})).status_code == 429

    await until(one_more_is_refused)
    refused = await services.http.get(path, headers={"Prefer": "wait=1"})
    assert await code_of(refused) == (429, "too_many_at_once")
    assert (await services.http.get(path)).status_code == 200
    assert (await services.http.post(f"/v1/tryons/{job}/cancel")).status_code < 300
    assert {await one for one in polls} == {200}


async def refused_socket(url: str, token: str) -> str:
    client = socketio.AsyncClient(reconnection=False)
    refusals: list[object] = []
    client.on("connect_error", refusals.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(url, auth={"token": token}, transports=["websocket"], socketio_path="updates")
    await client.shutdown()
    return json.dumps(refusals)


async def test_a_guest_has_so_many_sockets_and_no_more(gateway) -> None:
    guest, other = await gateway.guest(), await gateway.guest()
    async with AsyncExitStack() as stack:
        for _ in range(6):
            await stack.enter_async_context(guest.listening())
        assert "too_many_at_once" in await refused_socket(gateway.url, guest.token)
        async with other.listening():
            pass

    async def opens_again() -> bool:
        try:
            async with guest.listening():
                return True
        except socketio.exceptions.ConnectionError:
            return False

    await until(opens_again)


async def test_an_address_has_so_many_sockets_whoever_they_are_of(gateway_settings, store, serve) -> None:
    settings = with_limits(gateway_settings, guest_sockets_at_once=2, address_share=1)
    async with serve(settings) as gateway, AsyncExitStack() as stack:
        for _ in range(2):
            await stack.enter_async_context((await gateway.guest(address=HERE)).listening())
        address = f"{gateway.url}/updates/?EIO=4&transport=websocket"
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(address, headers={"X-Forwarded-For": HERE})
            assert refused.value.status == 403, "before it said whose it is"
            async with http.ws_connect(address, headers={"X-Forwarded-For": ELSEWHERE}):
                pass


async def test_one_address_cannot_use_up_the_guests_of_the_others(gateway_settings, store, serve) -> None:
    async with (
        serve(with_limits(gateway_settings, address_guests_per_minute=3)) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as http,
    ):
        attacker, honest = {"X-Forwarded-For": HERE}, {"X-Forwarded-For": ELSEWHERE}
        made = [(await http.post("/v1/auth/guest", headers=attacker)).status_code for _ in range(8)]
        assert made == [201] * 3 + [429] * 5
        forged = {"X-Forwarded-For": f"{ELSEWHERE}, {HERE}"}
        assert await code_of(await http.post("/users", headers=forged)) == (429, "rate_limited")
        assert (await http.post("/v1/auth/guest", headers=honest)).status_code == 201


async def test_without_a_trusted_proxy_a_forged_header_changes_nothing(gateway_settings, store, serve, parts) -> None:
    limits = gateway_settings.limits.model_copy(update={"guests_per_minute": 3, "address_guests_per_minute": 1})
    async with (
        serve(gateway_settings.model_copy(update={"limits": limits})) as gateway,
        httpx.AsyncClient(base_url=gateway.url) as http,
    ):
        made = [await http.post("/users", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(5)]
        assert [answer.status_code for answer in made] == [201, 201, 201, 429, 429]
    async with parts.ledger.read() as reads:
        assert {row.origin for row in await reads.users.page(None, limit=9)} == {None}


async def test_an_address_is_kept_as_a_hash_only(gateway_settings, store, serve, parts) -> None:
    async with serve(with_limits(gateway_settings)) as gateway:
        first, second = await gateway.guest(address=HERE), await gateway.guest(address=HERE)
    async with parts.ledger.read() as reads:
        rows = [await reads.users.find(guest.user_id) for guest in (first, second)]
    origins = {row.origin for row in rows if row}
    assert len(origins) == 1
    assert HERE not in repr(rows)
    assert len(str(*origins)) == 24


async def test_gets_are_counted_by_the_minute_and_an_account_has_more(gateway_settings, store, serve, account) -> None:
    async with serve(with_limits(gateway_settings, guest_requests_per_minute=5)) as gateway:
        guest, other = await gateway.guest(address=HERE), await gateway.guest(address=ELSEWHERE)
        answers = [await guest.http.get("/v1/images") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert await code_of(answers[-1]) == (429, "rate_limited")
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert (await other.http.get("/v1/images")).status_code == 200
        shop = await account(gateway, "acme")
        assert {(await shop.http.get("/v1/images")).status_code for _ in range(20)} == {200}
        for _ in range(20):
            assert (await guest.http.get("/readyz")).status_code == 200, "machines hear the truth"


async def test_a_refusal_can_be_read_by_a_page_of_another_origin(gateway_settings, store, serve) -> None:
    async with serve(with_limits(gateway_settings, guest_requests_per_minute=1)) as gateway:
        guest = await gateway.guest(address=HERE)
        shop = {"Origin": "https://shop.example"}
        await guest.http.get("/v1/images", headers=shop)
        refused = await guest.http.get("/v1/images", headers=shop)
        assert refused.status_code == 429
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "Retry-After" in refused.headers["access-control-expose-headers"]


async def test_a_guest_with_all_he_may_have_unfinished_takes_no_place_of_another(
    gateway_settings, store, serve, prepare
) -> None:
    made = await ready_guests(serve, gateway_settings, prepare, HERE, ELSEWHERE)
    async with serve(with_limits(gateway_settings, guest_queued=2, guest_total=4)) as gateway:
        greedy, other = (at(gateway, one) for one in made)
        stages = [(await greedy.snap())["stage"] for _ in range(4)]
        assert stages == ["waiting", "waiting", "held", "held"]
        body = {"user_photo_url": greedy.person, "cloth_clean_url": greedy.garment, "priority": "low"}
        refused = await greedy.guest.http.post("/api/snap", json=body)
        assert await code_of(refused) == (429, "user_cap")
        assert int(refused.headers["retry-after"]) >= 1
        assert (await other.snap())["stage"] == "waiting"


async def test_many_guests_of_one_address_take_no_place_of_another_address(
    gateway_settings, store, serve, prepare
) -> None:
    made = await ready_guests(serve, gateway_settings, prepare, HERE, HERE, HERE, ELSEWHERE)
    limits = {"guest_queued": 1, "guest_total": 2, "address_share": 2}
    async with serve(with_limits(gateway_settings, **limits)) as gateway:
        *near, far = (at(gateway, one) for one in made)
        assert [(await one.snap())["stage"] for one in (*near[:2], *near[:2])] == ["waiting"] * 2 + ["held"] * 2
        third = {"user_photo_url": near[2].person, "cloth_clean_url": near[2].garment}
        refused = await near[2].guest.http.post("/api/snap", json=third)
        assert await code_of(refused) == (429, "user_cap")
        assert "address" in refused.json()["detail"]
        assert (await far.snap())["stage"] == "waiting"


async def test_held_work_moves_in_by_turns_of_users_not_in_the_order_of_the_greedy(
    gateway_settings, store, serve, prepare, parts
) -> None:
    limits = {"guest_queued": 1, "promote_below": 0}  # nothing is promoted but by hand
    made = await ready_guests(serve, gateway_settings, prepare, HERE, ELSEWHERE)
    async with serve(with_limits(gateway_settings, **limits)) as gateway:
        greedy, modest = (at(gateway, one) for one in made)
        for _ in range(6):
            await greedy.snap()
        first, second = await modest.snap(), await modest.snap()
        assert (first["stage"], second["stage"]) == ("waiting", "held")
        async with parts.ledger.read() as reads:
            held = [
                job_id.partition(":")[0] for _, job_id, _ in await reads.backlog.held(per_tenant=20, engines=["puppet"])
            ]
        assert len(held) == 6
        assert held.index(second["job_id"]) <= 1, "each has one on the list: the next turn is both's"
    promoter = parts.promoter
    await parts.fleet.refresh()
    assert await promoter.promote() == 6
