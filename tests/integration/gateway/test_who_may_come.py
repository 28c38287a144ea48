"""Guests open, by key or off; and tokens whose user was deleted."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import socketio

from access import Counted, lines_of, refusal_of_socket, refuses, with_guests
from gateway.accounts.callers import FRESH_SECONDS, Callers
from gateway.settings import AuthSettings
from proteus.clock import ManualClock
from waiting import PATIENCE_SECONDS, until

COSTLY = (
    ("post", "/v1/auth/guest"), ("post", "/users"), ("post", "/api/snap"), ("post", "/v1/tryons"), ("post", "/vtons"),
    ("post", "/v1/segmentations"), ("post", "/segformer/segmentOutfitPic"), ("post", "/catvton/transferOutfit"),
    ("post", "/v1/uploads"), ("post", "/api/upload/cloth"), ("post", "/v1/fleet/warm"), ("get", "/v1/tryons"),
    ("get", "/images/presignedUpUrl"), ("get", "/images/presignedDownloadUrl"), ("get", "/v1/images"),
    ("get", "/v1/events"), ("get", "/v1/fleet"), ("get", "/users"), ("get", "/v1/results/job_x/1"),
    ("post", "/v1/images/img_x/uploaded"), ("patch", "/v1/images/img_x"),
    ("get", "/api/status/job_x"), ("post", "/v1/keys"), ("get", "/v1/keys"), ("get", "/v1/keys/key_x"),
    ("post", "/v1/keys/key_x/revoke"), ("post", "/v1/keys/key_x/rotate"), ("post", "/v1/tokens"), ("get", "/v1/audit"),
    ("get", "/v1/tenants"), ("put", "/v1/tenants/acme"), ("put", "/v1/tenants/acme/consent"),
    ("delete", "/v1/tenants/acme/consent"), ("get", "/v1/accounts"), ("post", "/v1/accounts"),
    ("post", "/v1/accounts/user_x/reset"), ("post", "/v1/auth/logout"), ("post", "/v1/auth/password"),
    ("get", "/v1/consent"), ("post", "/v1/consent"), ("delete", "/v1/consent"),
)  # fmt: skip


@pytest.mark.parametrize("guests", ["key", "off"])
async def test_without_open_guests_a_stranger_gets_nothing_that_costs(gateway_settings, store, serve, guests) -> None:
    async with serve(with_guests(gateway_settings, guests)) as gateway, httpx.AsyncClient(base_url=gateway.url) as http:
        for method, path in COSTLY:
            answer = await http.request(method, path)
            # What is malformed may be refused for its form first; nothing is done either way.
            assert answer.status_code in (401, 403, 422), (path, answer.text)
        for path in ("/v1/auth/guest", "/users"):
            refused = await http.post(path)
            assert (refused.status_code, refused.json()["code"]) == (403, "guests_disabled")
            assert refused.json()["retryable"] is False
            assert "proteus token" in refused.json()["hint"]


@pytest.mark.parametrize("guests", ["key", "off"])
async def test_a_strangers_token_of_before_ends_when_guests_are_closed(
    gateway, gateway_settings, serve, guests
) -> None:
    stranger = await gateway.guest()
    async with serve(with_guests(gateway_settings, guests)) as closed:
        refused = await closed.bearer(stranger.token).http.get("/v1/tryons")
        assert (refused.status_code, refused.json()["code"]) == (403, "guests_disabled")
        assert "guests_disabled" in await refusal_of_socket(closed.url, stranger.token)
        posted = await closed.bearer(stranger.token).http.post(
            "/api/snap", json={"user_photo_url": "http://x/a", "cloth_clean_url": "http://x/b"}
        )
        assert posted.json()["code"] == "guests_disabled"


async def test_an_account_brings_guests_into_its_own_tenant(gateway_settings, store, serve, account, parts) -> None:
    async with serve(with_guests(gateway_settings, "key")) as gateway:
        shop = await account(gateway, "acme")
        made = (await shop.http.post("/v1/auth/guest")).raise_for_status().json()
        shopper = gateway.bearer(made["access_token"])
        me = (await shopper.http.get("/users/me")).json()
        assert (me["kind"], me["tenant"]) == ("guest", "acme")
        again = await shopper.http.post("/v1/auth/guest")
        assert (again.status_code, again.json()["code"]) == (403, "guests_disabled"), "a guest brings nobody"


async def test_with_guests_off_accounts_act_and_bring_nobody(gateway_settings, store, serve, account, gateway) -> None:
    shop = await account(gateway, "acme")
    brought = (await shop.http.post("/users")).raise_for_status().json()["access_token"]
    async with serve(with_guests(gateway_settings, "off")) as closed:
        assert (await closed.bearer(shop.token).http.get("/v1/tryons")).status_code == 200
        assert (await closed.bearer(shop.token).http.post("/users")).json()["code"] == "guests_disabled"
        assert (await closed.bearer(brought).http.get("/v1/tryons")).json()["code"] == "guests_disabled"


async def test_a_deleted_users_token_socket_and_stream_end_on_every_replica(
    gateway, gateway_settings, serve, account
) -> None:
    guest = await gateway.guest()
    async with serve(gateway_settings) as other:
        elsewhere = other.bearer(guest.token)
        ended = asyncio.Event()
        client = socketio.AsyncClient(reconnection=False)
        client.on("disconnect", ended.set)
        await client.connect(other.url, auth={"token": guest.token}, transports=["websocket"], socketio_path="updates")
        assert (await elsewhere.http.get("/v1/tryons")).status_code == 200
        async with elsewhere.http.stream("GET", "/v1/events") as stream, asyncio.timeout(PATIENCE_SECONDS):
            assert (await guest.http.delete("/users/me")).status_code == 204
            deleted_at = asyncio.get_running_loop().time()
            await until(lambda: refuses(elsewhere))
            refused = await elsewhere.http.get("/v1/tryons")
            assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
            await ended.wait()
            assert [line async for line in lines_of(stream)] == []
            assert asyncio.get_running_loop().time() - deleted_at < 5, "1 s each for question, socket and stream"
        await client.shutdown()
        assert "unauthorized" in await refusal_of_socket(other.url, guest.token)


async def test_who_was_let_in_is_not_asked_for_with_every_request(parts, tokens) -> None:
    async with parts.ledger.write() as writes:
        await writes.users.add("user_acme", kind="account", tenant="acme")
    ledger, clock = Counted(parts.ledger), ManualClock()
    callers = Callers(parts.tokens, ledger, AuthSettings(guests="open"), now=clock.now)
    token = tokens.mint("user_acme", tenant="acme", seconds=60)
    for _ in range(5):
        await callers.admit(token)
    assert ledger.questions == 1
    clock.advance(FRESH_SECONDS + 1)  # The question of each second fails: requests ask for themselves.
    await callers.admit(token)
    assert ledger.questions == 2
