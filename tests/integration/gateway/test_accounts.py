"""Accounts: register, log in, go on, log out; and what a thief of any token of theirs gets."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from access import refuses, with_guests
from gateway.accounts import logins
from gateway.commands import admin
from gateway.settings import LimitSettings
from waiting import until

PASSWORD, BETTER = "correct horse battery", "a better one: staple"


@pytest.fixture
async def http(gateway):
    async with httpx.AsyncClient(base_url=gateway.url, timeout=30) as client:
        yield client


async def registered(http, email="ada@shop.example", *, token=None, password=PASSWORD):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = await http.post("/v1/auth/register", json={"email": email, "password": password}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def login(http, email="ada@shop.example", password=PASSWORD):
    return await http.post("/v1/auth/login", json={"email": email, "password": password})


def code_of(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_guest_who_registers_keeps_his_pictures_and_finds_them_at_his_next_login(gateway, http) -> None:
    guest = await gateway.guest()
    image_id = (await guest.upload()).rpartition("/")[2]
    session = await registered(http, " Ada@Shop.example ", token=guest.token)
    assert session["user_id"] == guest.user_id
    again = (await login(http)).json()
    ada = gateway.bearer(again["access_token"])
    assert (await ada.http.get(f"/v1/images/{image_id}")).status_code == 200
    me = (await ada.http.get("/users/me")).json()
    assert (me["user_id"], me["kind"], me["tenant"]) == (guest.user_id, "member", "guests")
    twice = await http.post(
        "/v1/auth/register",
        json={"email": "other@shop.example", "password": PASSWORD},
        headers={"Authorization": f"Bearer {again['access_token']}"},
    )
    assert code_of(twice) == (409, "conflict")
    assert code_of(await http.post("/v1/auth/register", json={"email": "ADA@shop.example", "password": PASSWORD})) == (
        409,
        "email_taken",
    )


async def test_a_wrong_password_and_an_unknown_address_get_one_answer_in_one_time(gateway, http) -> None:
    await registered(http)
    answers = [
        await login(http, password="not that one at all"), await login(http, "nobody@shop.example"),
        await login(http, password=""), await login(http, password=PASSWORD.upper()),
    ]  # fmt: skip
    told = [{**one.json(), "request_id": ""} for one in answers]
    assert told[0]["code"] == "invalid_credentials"
    assert all(one == told[0] for one in told)
    assert {one.status_code for one in answers} == {401}
    assert (await login(http)).status_code == 200


async def test_a_refresh_token_works_once_and_a_second_use_ends_the_session(gateway, http) -> None:
    first = await registered(http)
    other = (await login(http)).json()

    async def refresh(session):
        return await http.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})

    second = (await refresh(first)).json()
    assert second["refresh_token"] != first["refresh_token"]
    third = (await refresh(second)).json()
    holder = gateway.bearer(third["access_token"])
    assert not await refuses(holder)
    assert code_of(await refresh(first)) == (401, "refresh_reused")
    await until(lambda: refuses(holder))
    assert code_of(await holder.http.get("/users/me")) == (401, "revoked")
    assert code_of(await refresh(third)) == (401, "unauthorized")
    assert not await refuses(gateway.bearer(other["access_token"])), "another login goes on"
    for wrong in ("", "rt_", "x" * 200, third["access_token"][:200]):
        assert code_of(await refresh({"refresh_token": wrong})) == (401, "unauthorized")


@pytest.mark.long
async def test_two_who_refresh_with_one_token_at_once_do_not_both_get_in(http) -> None:
    session = await registered(http)
    body = {"refresh_token": session["refresh_token"]}
    answers = await asyncio.gather(*(http.post("/v1/auth/refresh", json=body) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401, 401, 401]


async def test_logging_out_ends_this_session_on_every_replica(gateway, gateway_settings, serve, http) -> None:
    here, elsewhere = await registered(http), (await login(http)).json()
    async with serve(gateway_settings) as other:
        holder = other.bearer(here["access_token"])
        async with gateway.bearer(here["access_token"], here["user_id"]).listening():
            assert not await refuses(holder)
            assert (await holder.http.post("/v1/auth/logout")).status_code == 204
            await until(lambda: refuses(holder))
        assert not await refuses(other.bearer(elsewhere["access_token"]))
        refused = await http.post("/v1/auth/refresh", json={"refresh_token": here["refresh_token"]})
        assert code_of(refused) == (401, "unauthorized")
    guest = await gateway.guest()
    assert code_of(await guest.http.post("/v1/auth/logout")) == (400, "invalid_request")


async def test_a_new_password_ends_every_session_but_the_one_it_begins(gateway, http) -> None:
    thief = gateway.bearer((await registered(http))["access_token"])
    ada = gateway.bearer((await login(http)).json()["access_token"])
    wrong = {"current_password": "not that one", "new_password": BETTER}
    assert code_of(await ada.http.post("/v1/auth/password", json=wrong)) == (401, "invalid_credentials")
    changed = await ada.http.post("/v1/auth/password", json={"current_password": PASSWORD, "new_password": BETTER})
    await until(lambda: refuses(thief))
    await until(lambda: refuses(ada))
    assert not await refuses(gateway.bearer(changed.json()["access_token"]))
    assert (await login(http)).status_code == 401
    assert (await login(http, password=BETTER)).status_code == 200


@pytest.mark.long
async def test_attempts_are_limited_by_account_whether_it_exists_or_not(gateway_settings, store, serve) -> None:
    limits = LimitSettings(logins_per_minute=3)
    async with (
        serve(gateway_settings.model_copy(update={"limits": limits})) as gateway,
        httpx.AsyncClient(base_url=gateway.url, timeout=30) as http,
    ):
        await registered(http, "ada@shop.example")
        for email in ("ada@shop.example", "nobody@shop.example"):
            codes = [code_of(await login(http, email, "wrong")) for _ in range(5)]
            assert codes[-1] == (429, "rate_limited")
            assert set(codes) == {(401, "invalid_credentials"), (429, "rate_limited")}
        assert (await login(http, "third@shop.example", "wrong")).status_code == 401, "others are not locked out"


@pytest.mark.parametrize("guests", ["key", pytest.param("off", marks=pytest.mark.long)])
async def test_nobody_registers_where_strangers_are_not_welcome(
    gateway_settings, store, serve, account, guests
) -> None:
    async with serve(with_guests(gateway_settings, guests)) as gateway:
        shop = await account(gateway, "acme", scopes=["keys"])
        key = (await shop.http.post("/v1/keys", json={"name": "x"})).json()["key"]
        body = {"email": "ada@shop.example", "password": PASSWORD}
        async with httpx.AsyncClient(base_url=gateway.url) as stranger:
            assert code_of(await stranger.post("/v1/auth/register", json=body)) == (403, "registration_closed")
        server = gateway.bearer(key)
        assert code_of(await server.http.post("/v1/auth/register", json=body)) == (403, "registration_closed")
        if guests == "key":
            shopper = gateway.bearer((await server.http.post("/v1/tokens", json={})).json()["access_token"])
            answer = await shopper.http.post("/v1/auth/register", json=body)
            assert code_of(answer) == (403, "registration_closed"), "what a key made ends with it"


async def test_an_administrator_makes_owners_who_make_keys_and_all_of_it_is_on_record(
    gateway, gateway_settings, http, account
) -> None:
    password = await admin(gateway_settings, email="root@ops.example", tenant="operators")
    session = (await login(http, "root@ops.example", password)).json()
    assert session["role"] == "admin"
    root = gateway.bearer(session["access_token"])
    wish = {"email": "ada@acme.example", "tenant": "acme", "role": "owner"}
    owner = (await root.http.post("/v1/accounts", json=wish)).json()
    ada = gateway.bearer((await login(http, "ada@acme.example", owner["password"])).json()["access_token"])
    key = (await ada.http.post("/v1/keys", json={"name": "shop"})).json()
    await gateway.bearer(key["key"]).http.post("/v1/tokens", json={"subject": "shopper"})
    assert (await ada.http.post("/v1/accounts", json=wish)).status_code == 403
    assert code_of(await root.http.post("/v1/accounts", json=wish)) == (409, "email_taken")
    reset = (await root.http.post(f"/v1/accounts/{owner['user_id']}/reset")).json()
    await until(lambda: refuses(ada))
    assert (await login(http, "ada@acme.example", reset["password"])).status_code == 200
    await login(http, "root@ops.example", "wrong password")
    listed = (await root.http.get("/v1/accounts")).json()["items"]
    assert {(one["email"], one["role"], one["tenant"]) for one in listed} == {
        ("root@ops.example", "admin", "operators"), ("ada@acme.example", "owner", "acme"),
    }  # fmt: skip

    deeds, cursor = [], None
    while True:
        page = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        answer = await root.http.get("/v1/audit", params=page)
        for secret in (password, owner["password"], reset["password"], key["key"], session["refresh_token"]):
            assert secret not in answer.text
        deeds += answer.json()["items"]
        if (cursor := answer.json()["next_cursor"]) is None:
            break
    assert [one["action"] for one in deeds] == [
        "account.login", "account.reset", "token.create", "key.create", "account.login",
        "account.create", "account.login", "account.create",
    ]  # fmt: skip
    made_key, minted = deeds[3], deeds[2]
    assert (made_key["actor"], made_key["target"], made_key["tenant"]) == (owner["user_id"], key["key_id"], "acme")
    assert (minted["key_id"], minted["actor"]) == (key["key_id"], "user_acme")
    assert deeds[-1]["actor"] == "console"
    assert all(one["request_id"] for one in deeds)
    by_key = (await root.http.get("/v1/audit", params={"key_id": key["key_id"]})).json()["items"]
    assert [one["action"] for one in by_key] == ["token.create"]


async def test_what_operators_change_is_on_record_and_what_they_read_is_not(gateway, account, prepare, hands) -> None:
    root = await account(gateway, "ops", scopes=["admin"])
    ready = await prepare(gateway, await gateway.guest())
    job = await ready.snap()
    await root.http.get("/v1/queue")
    assert (await root.http.post("/v1/queue/jobs/job_nobody/drop")).status_code == 404
    headers = {"X-Request-ID": "night-shift-1"}
    assert (await root.http.post(f"/v1/queue/jobs/{job['job_id']}/drop", headers=headers)).status_code == 204
    await root.http.patch(f"/users/{ready.guest.user_id}", json={"display_name": "Ada"})
    await root.http.patch("/users/me", json={"display_name": "Root"})
    await root.http.delete(f"/users/{ready.guest.user_id}")
    deeds = (await root.http.get("/v1/audit")).json()["items"]
    assert [(one["action"], one["target"], one["actor"]) for one in deeds] == [
        ("user.delete", ready.guest.user_id, "user_ops"), ("user.change", ready.guest.user_id, "user_ops"),
        ("POST /v1/queue/jobs/{job_id}/drop", job["job_id"], "user_ops"),
    ]  # fmt: skip
    assert deeds[-1]["request_id"] == "night-shift-1"


async def test_a_login_is_refreshed_so_often_in_an_hour_and_its_token_stays_good(gateway, http, monkeypatch) -> None:
    monkeypatch.setattr(logins, "REFRESHES_AN_HOUR", 3)
    session = await registered(http)
    answers = []
    for _ in range(5):
        answer = await http.post("/v1/auth/refresh", json={"refresh_token": session["refresh_token"]})
        answers.append(answer.status_code)
        session = answer.json() if answer.status_code == 200 else session
    assert answers == [200, 200, 200, 429, 429]
    assert not await refuses(gateway.bearer(session["access_token"]))


async def test_an_account_has_so_many_logins_and_a_further_one_ends_the_oldest(gateway, http, monkeypatch) -> None:
    monkeypatch.setattr(logins, "SESSIONS_MOST", 2)
    first, second, third = await registered(http), (await login(http)).json(), (await login(http)).json()
    await until(lambda: refuses(gateway.bearer(first["access_token"])))
    for session in (second, third):
        assert not await refuses(gateway.bearer(session["access_token"]))
    refused = await http.post("/v1/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert code_of(refused) == (401, "unauthorized")
