"""API keys of tenants: who makes them, what they open, and how fast they end."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import socketio
from sqlalchemy import text

from access import Counted, lines_of, refusal_of_socket, refuses, with_guests
from access import made_key as made
from gateway.accounts import keys
from gateway.accounts.callers import Callers
from gateway.rules import api_keys
from gateway.settings import AuthSettings
from waiting import PATIENCE_SECONDS, until

SOON_SECONDS = 1.0 + 2.5
"""Within a second, and what a busy machine may take."""


async def test_a_key_acts_as_its_tenants_account_over_http_stream_and_socket(gateway, owner, hands, prepare) -> None:
    key = await made(owner)
    shop = gateway.bearer(key["key"])
    me = (await shop.http.get("/users/me")).json()
    assert (me["user_id"], me["kind"], me["tenant"]) == ("user_acme", "account", "acme")
    ready = await prepare(gateway, gateway.bearer(key["key"], "user_acme"))
    async with ready.guest.listening() as heard, shop.http.stream("GET", "/v1/events") as stream:
        job = await ready.snap()
        async with hands.working(), asyncio.timeout(PATIENCE_SECONDS):
            await heard.until(lambda seen: any(one["status"] == "completed" for one in seen.jobs))
            async for line in lines_of(stream):
                if job["job_id"] in line:
                    break
    assert job["status"] == "queued"


async def test_a_keys_text_is_shown_once_and_stored_nowhere(owner, parts) -> None:
    key = await made(owner)
    assert api_keys.claimed_id(key["key"]) == key["key_id"]
    assert len(base64.urlsafe_b64decode(key["key"].removeprefix(key["prefix"] + "_") + "=")) == 32
    assert key["key"].startswith(key["prefix"] + "_")
    for path in (f"/v1/keys/{key['key_id']}", "/v1/keys"):
        assert key["key"] not in (await owner.http.get(path)).text
    async with parts.ledger.read() as reads:
        row = await reads.api_keys.find(key["key_id"])
        logged = await reads.audit_log.page(None, limit=10)
    assert row.digest == api_keys.digest_of(key["key"])
    assert key["key"][len(key["prefix"]) + 1 :] not in f"{row}{logged}"


def spoiled(key: str) -> dict[str, str]:
    """Texts that are no valid key, by what is wrong with them."""
    prefix, secret = key[:11], key[12:]
    other = "A" if secret[-1] != "A" else "B"
    return {
        "another secret": f"{prefix}_{secret[:-1]}{other}",
        "another prefix": f"pk_zzzzzzzz_{secret}",
        "half a key": key[:30],
        "a longer key": key + "A",
        "upper case": key.upper(),
        "no base64": f"{prefix}_{'!' * 43}",
        "padding": key + "=",
        "a path": "pk_../../etc_" + "A" * 43,
        "a huge one": "pk_" + "a" * 40_000,
        "the prefix alone": prefix,
        "the id": "key_" + prefix[3:],
    }


async def test_every_wrong_key_gets_the_same_answer(gateway, owner) -> None:
    key = await made(owner)
    ended = await made(owner)
    await owner.http.post(f"/v1/keys/{ended['key_id']}/revoke")
    answers = {}
    for name, wrong in {**spoiled(key["key"]), "a revoked one": ended["key"]}.items():
        answer = await gateway.bearer(wrong).http.get("/users/me")
        problem = answer.json()
        answers[name] = (answer.status_code, problem["code"], answer.headers["www-authenticate"])
        if wrong.startswith("pk_"):
            assert problem["detail"] == "The API key is not valid.", name
    assert set(answers.values()) == {(401, "unauthorized", "Bearer")}
    assert (await gateway.bearer(key["key"]).http.get("/users/me")).status_code == 200


async def test_a_revoked_key_its_tokens_sockets_and_streams_end_on_every_replica_within_a_second(
    gateway, gateway_settings, serve, owner
) -> None:
    key = await made(owner)
    async with serve(gateway_settings) as other:
        shop, again = other.bearer(key["key"]), other.bearer(key["key"])
        shopper = other.bearer((await shop.http.post("/v1/tokens", json={})).json()["access_token"])
        guest = other.bearer((await shop.http.post("/v1/auth/guest")).json()["access_token"])
        assert not any([await refuses(one) for one in (shop, shopper, guest)])
        ended = {name: asyncio.Event() for name in ("key", "token")}
        sockets = []
        for name, token in (("key", key["key"]), ("token", shopper.token)):
            client = socketio.AsyncClient(reconnection=False)
            client.on("disconnect", ended[name].set)
            await client.connect(other.url, auth={"token": token}, transports=["websocket"], socketio_path="updates")
            sockets.append(client)
        async with again.http.stream("GET", "/v1/events") as stream, asyncio.timeout(PATIENCE_SECONDS):
            revoked = await owner.http.post(f"/v1/keys/{key['key_id']}/revoke")
            started = time.monotonic()
            assert revoked.json()["revoked_at"] is not None
            for one in (shop, shopper, guest):
                await until(partial(refuses, one))
            for one in ended.values():
                await one.wait()
            assert [line async for line in lines_of(stream)] == []
        assert time.monotonic() - started < SOON_SECONDS
        assert (await shopper.http.get("/v1/tryons")).json()["code"] == "revoked"
        assert "unauthorized" in await refusal_of_socket(other.url, key["key"])
        assert "revoked" in await refusal_of_socket(other.url, shopper.token)
        for client in sockets:
            await client.shutdown()


async def test_a_long_poll_tells_nothing_once_its_key_was_revoked(gateway, owner, prepare, hands) -> None:
    key = await made(owner)
    ready = await prepare(gateway, gateway.bearer(key["key"], "user_acme"))
    job = await ready.snap()
    waiting = asyncio.create_task(ready.guest.http.get(f"/api/status/{job['job_id']}", params={"wait": 20}))
    watching = gateway.bearer(key["key"])
    await owner.http.post(f"/v1/keys/{key['key_id']}/revoke")
    await until(lambda: refuses(watching))
    async with hands.working():
        answer = await waiting
    assert (answer.status_code, answer.json()["code"]) == (401, "revoked")


@pytest.mark.long
async def test_a_key_ends_at_its_time_and_so_do_its_tokens(gateway, owner, parts) -> None:
    key = await made(owner, expires_in=60)
    shop = gateway.bearer(key["key"])
    token = (await shop.http.post("/v1/tokens", json={"expires_in": 900})).json()
    assert token["expires_in"] <= 60
    async with parts.ledger.write() as writes:
        await writes.api_keys.expire(key["key_id"], at=datetime.now(UTC) - timedelta(seconds=1))
    await until(lambda: refuses(shop))
    await until(lambda: refuses(gateway.bearer(token["access_token"])))


async def test_a_rotated_key_goes_on_for_its_grace_and_its_successor_has_the_same_rights(gateway, owner) -> None:
    key = await made(owner, engines=["puppet"], scopes=["tokens"], limits={"submits": 7})
    answer = await owner.http.post(f"/v1/keys/{key['key_id']}/rotate", json={"grace_seconds": 3_600})
    successor = answer.json()
    assert answer.status_code == 201
    assert successor["key"] != key["key"]
    same = ("name", "tenant", "scopes", "engines", "limits", "samples_most")
    assert [successor[one] for one in same] == [key[one] for one in same]
    for one in (key, successor):
        assert (await gateway.bearer(one["key"]).http.get("/users/me")).status_code == 200
    left = datetime.fromisoformat((await owner.http.get(f"/v1/keys/{key['key_id']}")).json()["expires_at"])
    assert timedelta(minutes=50) < left - datetime.now(UTC) <= timedelta(hours=1)
    at_once = (await owner.http.post(f"/v1/keys/{successor['key_id']}/rotate", json={"grace_seconds": 0})).json()
    await until(lambda: refuses(gateway.bearer(successor["key"])))
    assert (await gateway.bearer(at_once["key"]).http.get("/users/me")).status_code == 200
    again = await owner.http.post(f"/v1/keys/{successor['key_id']}/rotate")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_another_tenants_keys_are_not_there(gateway, owner, account) -> None:
    key = await made(owner)
    rival = await account(gateway, "rival", scopes=["keys"])
    await made(rival)
    for verb, path in (
        ("GET", f"/v1/keys/{key['key_id']}"),
        ("POST", f"/v1/keys/{key['key_id']}/revoke"),
        ("POST", f"/v1/keys/{key['key_id']}/rotate"),
        ("GET", "/v1/keys?tenant=acme"),
    ):
        answer = await rival.http.request(verb, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert {one["tenant"] for one in (await rival.http.get("/v1/keys")).json()["items"]} == {"rival"}
    foreign = await rival.http.post("/v1/keys", json={"name": "x", "tenant": "acme"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "forbidden_scope")
    assert (await gateway.bearer(key["key"]).http.get("/users/me")).status_code == 200


async def test_an_administrator_manages_the_keys_of_every_tenant(gateway, owner, account) -> None:
    admin = await account(gateway, "ops", scopes=["admin"])
    key = await made(admin, tenant="acme", scopes=["tokens", "priority:high"])
    assert key["tenant"] == "acme"
    assert key["key_id"] in {one["key_id"] for one in (await owner.http.get("/v1/keys")).json()["items"]}
    await made(admin)
    first = (await admin.http.get("/v1/keys", params={"limit": 1})).json()
    second = (await admin.http.get("/v1/keys", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert {one["tenant"] for one in first["items"] + second["items"]} == {"acme", "ops"}
    assert (await admin.http.post(f"/v1/keys/{key['key_id']}/revoke")).json()["revoked_at"]
    guests = await admin.http.post("/v1/keys", json={"name": "x", "tenant": "guests"})
    assert (guests.status_code, guests.json()["code"]) == (400, "invalid_request")


@pytest.mark.long
async def test_nobody_makes_a_key_that_may_more_than_he_does(gateway, owner) -> None:
    for scope in ("admin", "priority:high"):
        answer = await owner.http.post("/v1/keys", json={"name": "x", "scopes": [scope]})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_scope")
    unknown = await owner.http.post("/v1/keys", json={"name": "x", "scopes": ["keys"]})
    assert unknown.status_code == 422
    engine = await owner.http.post("/v1/keys", json={"name": "x", "engines": ["nobody"]})
    assert (engine.status_code, engine.json()["code"]) == (422, "model_unavailable")


async def test_a_key_makes_no_keys_whatever_its_scopes(gateway, account) -> None:
    admin = await account(gateway, "ops", scopes=["admin"])
    key = await made(admin, scopes=["admin"])
    robot = gateway.bearer(key["key"]).http
    assert (await robot.get("/v1/queue")).status_code == 200
    assert (await robot.delete("/users/me")).status_code == 403, "its tenant's account has other keys"
    for path, body in (
        ("/v1/accounts", {"email": "thief@evil.example", "tenant": "ops", "role": "admin"}),
        ("/v1/keys", {"name": "x"}),
        (f"/v1/keys/{key['key_id']}/rotate", {}),
    ):
        answer = await robot.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "key_makes_no_keys")


MANAGEMENT = (
    ("POST", "/v1/keys"), ("GET", "/v1/keys"), ("GET", "/v1/keys/key_x"), ("POST", "/v1/keys/key_x/revoke"),
    ("POST", "/v1/keys/key_x/rotate"), ("POST", "/v1/tokens"), ("GET", "/v1/tenants"), ("PUT", "/v1/tenants/acme"),
    ("GET", "/v1/audit"),
)  # fmt: skip


async def test_callers_without_the_scope_manage_nothing(gateway, owner) -> None:
    key = await made(owner)
    plain = await made(owner, scopes=[])
    shop = gateway.bearer(key["key"])
    shopper = (await shop.http.post("/v1/tokens", json={})).json()["access_token"]
    callers = {
        "guest": await gateway.guest(),
        "shopper": gateway.bearer(shopper),
        "key without scopes": gateway.bearer(plain["key"]),
    }
    for name, caller in callers.items():
        for verb, path in MANAGEMENT:
            answer = await caller.http.request(verb, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_scope"), (name, verb, path)
    for verb, path in MANAGEMENT:
        if "tokens" not in path and "/keys" not in path:
            assert (await owner.http.request(verb, path)).status_code == 403, path
    brought = await gateway.bearer(plain["key"]).http.post("/v1/auth/guest")
    assert (brought.status_code, brought.json()["code"]) == (403, "forbidden_scope")


async def test_engines_that_key_tenant_or_token_may_not_use_are_refused_by_name(
    gateway, owner, account, prepare
) -> None:
    admin = await account(gateway, "ops", scopes=["admin"])
    key = await made(owner, engines=["puppet"], samples_most=2)
    ready = await prepare(gateway, gateway.bearer(key["key"], "user_acme"))

    async def refusal(caller, **options):
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, **options}
        answer = await caller.http.post("/v1/tryons", json=body)
        return answer.status_code, answer.json().get("code")

    assert await refusal(ready.guest, model="timed") == (403, "engine_not_allowed")
    assert await refusal(ready.guest, num_samples=3) == (403, "samples_not_allowed")
    assert await refusal(ready.guest, num_samples=2) == (202, None)
    assert await refusal(owner, model="timed") == (202, None), "the key's rights are the key's alone"
    narrowed = await admin.http.put("/v1/tenants/acme", json={"engines": ["timed"]})
    assert narrowed.json()["engines"] == ["timed"]

    for caller in (owner, ready.guest):  # Both key and tenant must grant it.

        async def closed(caller=caller):
            return await refusal(caller, model="puppet") == (403, "engine_not_allowed")

        await until(closed)
    assert await refusal(ready.guest, model="timed") == (403, "engine_not_allowed")
    assert (await admin.http.put("/v1/tenants/acme", json={})).json()["engines"] is None
    token = await gateway.bearer(key["key"]).http.post("/v1/tokens", json={"engines": ["timed"]})
    shopper = gateway.bearer(token.json()["access_token"])
    assert await refusal(shopper, model="timed") == (403, "engine_not_allowed"), "a token may not more than its key"


@pytest.mark.long
async def test_a_keys_limits_hold_for_it_and_its_tokens_together(gateway, owner) -> None:
    key = await made(owner, limits={"uploads": 2})
    shop = gateway.bearer(key["key"])
    shopper = gateway.bearer((await shop.http.post("/v1/tokens", json={})).json()["access_token"])
    asked = {"kind": "person", "content_type": "image/png", "size_bytes": 900}
    answers = [
        (await one.http.get("/images/presignedUpUrl", params=asked)).status_code for one in (shop, shopper, shop)
    ]
    assert answers == [200, 200, 429]
    assert (await owner.http.get("/images/presignedUpUrl", params=asked)).status_code == 200


async def test_a_warm_key_asks_the_ledger_nothing(parts, owner, gateway_settings) -> None:
    key = await made(owner)
    ledger = Counted(parts.ledger)
    callers = Callers(parts.tokens, ledger, AuthSettings(guests="key"))
    assert (await callers.admit(key["key"])).key_id == key["key_id"]
    cold = ledger.questions
    for _ in range(20):
        assert (await callers.admit(key["key"])).tenant == "acme"
    assert ledger.questions == cold


@pytest.mark.long
async def test_the_use_of_a_key_is_written_down_sparsely(parts, owner, gateway) -> None:
    key = await made(owner)
    async with parts.ledger.write() as writes:
        await writes.api_keys.note_used([key["key_id"]])
    first = (await owner.http.get(f"/v1/keys/{key['key_id']}")).json()["last_used_at"]
    async with parts.ledger.write() as writes:
        await writes.api_keys.note_used([key["key_id"]])
    assert (await owner.http.get(f"/v1/keys/{key['key_id']}")).json()["last_used_at"] == first is not None
    async with parts.ledger.write() as writes:
        await writes.api_keys._connection.execute(text("UPDATE api_keys SET last_used_at = now() - interval '2 min'"))
        await writes.api_keys.note_used([key["key_id"]])
    assert (await owner.http.get(f"/v1/keys/{key['key_id']}")).json()["last_used_at"] >= first


@pytest.mark.parametrize("guests", ["key", pytest.param("off", marks=pytest.mark.long)])
async def test_keys_open_a_deployment_that_takes_no_strangers(
    gateway_settings, store, serve, account, parts, guests
) -> None:
    async with serve(with_guests(gateway_settings, guests)) as gateway:
        owner = await account(gateway, "acme", scopes=["keys"])
        shop = gateway.bearer((await made(owner))["key"])
        assert (await shop.http.get("/v1/tryons")).status_code == 200
        tokens = [await shop.http.post(path, json={}) for path in ("/v1/tokens", "/v1/auth/guest", "/users")]
        if guests == "off":
            assert {(one.status_code, one.json()["code"]) for one in tokens} == {(403, "guests_disabled")}
            return
        for one in tokens:
            me = (await gateway.bearer(one.json()["access_token"]).http.get("/users/me")).json()
            assert (me["kind"], me["tenant"]) == ("guest", "acme")


async def test_a_tenant_has_so_many_keys_in_use(owner, monkeypatch) -> None:
    monkeypatch.setattr(keys, "LIVE_KEYS_MOST", 2)
    two = [await made(owner) for _ in range(2)]
    refused = await owner.http.post("/v1/keys", json={"name": "one more"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert (await owner.http.post(f"/v1/keys/{two[0]['key_id']}/revoke")).status_code == 200
    assert (await owner.http.post("/v1/keys", json={"name": "one more"})).status_code == 201
