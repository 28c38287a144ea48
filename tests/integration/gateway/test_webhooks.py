"""Webhooks: endpoints of a tenant, signed messages, retries, order, and what becomes of receivers that fail."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from access import made_key
from gateway.rules.webhooks import GIVE_UP_DAYS, PAUSES_SECONDS
from gateway.settings import WebhookSettings
from receiver import answer, receiving
from waiting import until
from webhooks_of_a_shop import deliveries, in_state, made, passes


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


@pytest.fixture
async def shop(gateway, owner):
    """A shop's server with a key for webhooks."""
    key = await made_key(owner, scopes=["webhooks", "tokens"])
    return gateway.bearer(key["key"], "user_acme")


async def test_every_end_of_a_try_on_arrives_signed_with_what_its_status_says(gateway, shop, hands, prepare) -> None:
    async with receiving() as receiver:
        hook = await made(shop, receiver.url, events=["tryon.started", "tryon.completed", "tryon.canceled"])
        ready = await prepare(gateway, shop)
        receiver.got.clear()
        done = await ready.snap(metadata={"order": "4711"})
        taken = await hands.take()
        await receiver.until(lambda got: len(got) == 1)
        await hands.finish(taken)
        status = await shop.wait(done["job_id"])
        await receiver.until(lambda got: len(got) == 2)
        canceled = await ready.snap()
        await shop.http.post(f"/v1/tryons/{canceled['job_id']}/cancel")
        await receiver.until(lambda got: len(got) == 3)
    started, completed, ended = [one.proven_by(hook["secret"]) for one in receiver.got]
    assert [started["type"], completed["type"], ended["type"]] == ["tryon.started", "tryon.completed", "tryon.canceled"]
    assert [one["data"]["job_id"] for one in (started, completed, ended)] == [*[done["job_id"]] * 2, canceled["job_id"]]
    assert started["seq"] < completed["seq"] < ended["seq"]
    assert completed["data"]["results"] == status["results"]
    assert (completed["data"]["metadata"], completed["data"]["user_id"]) == ({"order": "4711"}, "user_acme")
    assert [one.id for one in receiver.got] == [started["id"], completed["id"], ended["id"]]
    assert receiver.got[0].path == "/hook"
    assert receiver.got[0].headers["content-type"] == "application/json"


async def test_shoppers_of_the_tenant_are_told_of_and_other_tenants_are_not(
    gateway, shop, hands, account, prepare
) -> None:
    async with receiving() as receiver, hands.working():
        hook = await made(shop, receiver.url)
        other = await prepare(gateway, await account(gateway, "other"))
        assert (await other.guest.wait((await other.snap())["job_id"]))["status"] == "completed"
        minted = (await shop.http.post("/v1/tokens", json={"subject": "ann"})).raise_for_status().json()
        shopper = await prepare(gateway, gateway.bearer(minted["access_token"], minted["user_id"]))
        await receiver.until(lambda got: len(got) == 1)
        assert receiver.got[0].message["data"]["user_id"] == shopper.guest.user_id
        refused = await shopper.guest.http.post("/v1/webhooks", json={"url": receiver.url})
        assert refused.status_code == 403
        assert (await other.guest.http.get(f"/v1/webhooks/{hook['webhook_id']}")).status_code == 403


async def test_a_try_ons_own_address_is_signed_by_the_tenants_endpoint_without_one(
    gateway, shop, hands, prepare
) -> None:
    async with receiving() as receiver, hands.working():
        ready = await prepare(gateway, shop)
        asked = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "webhook_url": receiver.url}
        early = await shop.http.post("/v1/tryons", json=asked)
        assert (early.status_code, early.json()["code"]) == (409, "webhook_secret_missing")
        hook = await made(shop, None)
        assert (await shop.http.post("/v1/webhooks", json={"url": None})).status_code == 409
        job = (await shop.http.post("/v1/tryons", json=asked)).json()
        quiet = await ready.snap()
        await shop.wait(quiet["job_id"])
        await receiver.until(lambda got: len(got) == 1)
        assert receiver.got[0].proven_by(hook["secret"])["data"]["job_id"] == job["job_id"]
        for url in ("http://10.0.0.1/hook", "ftp://shop.example/", "https://169.254.169.254/latest"):
            refused = await shop.http.post("/v1/tryons", json={**asked, "webhook_url": url})
            assert (refused.status_code, refused.json()["code"]) == (400, "webhook_target_refused")
        guest = await gateway.guest()
        refused = await guest.http.post("/v1/tryons", json=asked)
        assert refused.status_code == 403


async def test_a_failed_delivery_comes_again_by_the_schedule_with_its_id_and_is_given_up(
    shop, gateway, hands, prepare
) -> None:
    async with receiving(answer(503, body=b"later")) as receiver:
        ready = await prepare(gateway, shop)
        hook = await made(shop, receiver.url)
        async with hands.working():
            job = await ready.snap()
            await shop.wait(job["job_id"])
        for attempt in range(1, len(PAUSES_SECONDS) + 1):
            await receiver.until(partial(_are, attempt))
            if attempt < len(PAUSES_SECONDS):
                await until(partial(_tried, shop, hook, attempt), what=f"attempt {attempt}")
                await passes(gateway.services, PAUSES_SECONDS[attempt] * 0.99)
                [waiting] = await deliveries(shop, hook)
                assert waiting["attempts"] == attempt  # Not yet.
                await passes(gateway.services, PAUSES_SECONDS[attempt] * 0.12 + 0.01)
        [given_up] = await in_state(shop, hook, "failed")
        assert (given_up["attempts"], given_up["last_status"]) == (len(PAUSES_SECONDS), 503)
        assert len(set(receiver.ids())) == 1
        assert len({one.body for one in receiver.got}) == 1
        path = f"/v1/webhooks/{hook['webhook_id']}/deliveries/{given_up['delivery_id']}"
        log = (await shop.http.get(path)).json()["log"]
        assert [one["status"] for one in log] == [503] * len(PAUSES_SECONDS)
        assert log[0]["answer"] == "later"
        assert log[0]["request_headers"]["webhook-id"] == given_up["delivery_id"]
        receiver.reply = answer(204)
        since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        wish = {"since": since, "failed_only": True}
        again = await shop.http.post(f"/v1/webhooks/{hook['webhook_id']}/replay", json=wish)
        assert again.json() == {"replayed": 1}
        await in_state(shop, hook, "delivered")
        assert receiver.ids()[-1] == given_up["delivery_id"]
        again = await shop.http.post(f"/v1/webhooks/{hook['webhook_id']}/replay", json=wish)
        assert again.json() == {"replayed": 0}
        one = {"delivery_id": given_up["delivery_id"]}
        again = await shop.http.post(f"/v1/webhooks/{hook['webhook_id']}/replay", json=one)
        assert again.json() == {"replayed": 1}
        await receiver.until(lambda got: len(got) == len(PAUSES_SECONDS) + 2)


def _are(many, got):
    return len(got) == many


async def _tried(shop, hook, attempts):
    [one] = await deliveries(shop, hook)
    return one["attempts"] == attempts


async def test_order_holds_within_a_try_on_and_a_dead_one_stops_no_other(shop, gateway, hands, prepare) -> None:
    ready = await prepare(gateway, shop)
    refused: set[str] = set()

    async def reply(got, writer):
        writer.write(answer(500 if got.message["data"]["job_id"] in refused else 200))

    async with receiving(reply) as receiver:
        hook = await made(shop, receiver.url, events=["tryon.started", "tryon.completed"])
        first = await ready.snap()
        refused.add(first["job_id"])
        second = await ready.snap()
        taken = [await hands.take(), await hands.take()]
        await receiver.until(lambda got: len(got) >= 2)  # Both have started.
        for one in taken:
            await hands.finish(one)
        for job in (first, second):
            await shop.wait(job["job_id"])
        await until(lambda: _settled(shop, hook, 2), what="the second try-on's two deliveries")
        seen = [(one.message["data"]["job_id"], one.message["type"]) for one in receiver.got]
        assert [kind for job, kind in seen if job == second["job_id"]] == ["tryon.started", "tryon.completed"]
        assert {kind for job, kind in seen if job == first["job_id"]} == {"tryon.started"}
        await until(partial(_settled_first, shop, hook, first), what="the failure of the first one's start")
        refused.clear()
        await passes(gateway.services, PAUSES_SECONDS[1] * 1.2)
        await in_state(shop, hook, "delivered", 4)
        seen = [one.message["type"] for one in receiver.got if one.message["data"]["job_id"] == first["job_id"]]
        assert seen[-2:] == ["tryon.started", "tryon.completed"]


async def _settled_first(shop, hook, first):
    """Whether the start failed, and the end waits as long as the start does: no claim has to look at it before."""
    waiting = [one for one in await deliveries(shop, hook, state="pending") if one["job_id"] == first["job_id"]]
    start, end = sorted(waiting, key=lambda one: one["seq"])
    return start["attempts"] == 1 and end["next_at"] >= start["next_at"]


async def _settled(shop, hook, many):
    return len(await deliveries(shop, hook, state="delivered")) == many


async def test_a_receiver_that_is_gone_or_fails_for_days_is_switched_off_with_notice(
    shop, gateway, owner, hands, prepare, account, parts
) -> None:
    ready = await prepare(gateway, shop)
    async with receiving(answer(410)) as gone, receiving(answer(500)) as failing, receiving() as good:
        hooks = [await made(shop, one.url) for one in (gone, failing, good)]
        async with hands.working():
            await shop.wait((await ready.snap())["job_id"])
        await gone.until(lambda got: len(got) == 1)
        await failing.until(lambda got: len(got) == 1)
        await until(lambda: _disabled(shop, hooks[0]), what="the end of the one that is gone")
        await until(lambda: _tried(shop, hooks[1], 1), what="the first attempt")
        assert not await _disabled(shop, hooks[1])
        async with parts.ledger.write() as writes:
            since = datetime.now(UTC) - timedelta(days=GIVE_UP_DAYS, seconds=1)
            await writes.webhooks.change(hooks[1]["webhook_id"], failing_since=since)
        await passes(gateway.services, PAUSES_SECONDS[1] * 1.2)
        await until(lambda: _disabled(shop, hooks[1]), what="the end of the one that fails")
        states = [(await shop.http.get(f"/v1/webhooks/{one['webhook_id']}")).json() for one in hooks]
        assert [one["disabled_reason"] for one in states] == ["gone", "failing", None]
        [lost] = await deliveries(shop, hooks[1])
        assert lost["state"] == "failed"
        assert len(good.got) == 1
        admin = await account(gateway, "operators", scopes=["admin"])
        noted = (await admin.http.get("/v1/audit", params={"action": "webhook.disable"})).json()["items"]
        assert {(one["target"], one["actor"]) for one in noted} == {(one["webhook_id"], "gateway") for one in hooks[:2]}
        assert (await shop.http.post(f"/v1/webhooks/{hooks[0]['webhook_id']}/ping")).json()["code"] == (
            "webhook_disabled"
        )
        gone.reply = answer(200)
        await shop.http.patch(f"/v1/webhooks/{hooks[0]['webhook_id']}", json={"enabled": True})
        assert (await shop.http.post(f"/v1/webhooks/{hooks[0]['webhook_id']}/ping")).status_code == 202
        await gone.until(lambda got: got[-1].message["type"] == "ping")


async def _disabled(shop, hook):
    return not (await shop.http.get(f"/v1/webhooks/{hook['webhook_id']}")).json()["enabled"]


async def test_a_slow_receiver_holds_a_bounded_number_and_keeps_no_other_waiting(shop, gateway, hands, prepare) -> None:
    ready = await prepare(gateway, shop)
    release = asyncio.Event()
    now, most = 0, 0

    async def slowly(_got, writer):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await release.wait()
        now -= 1
        writer.write(answer(200))

    async with receiving(slowly) as slow, receiving() as quick:
        hook = await made(shop, slow.url)
        await made(shop, quick.url)
        jobs = [await ready.snap() for _ in range(7)]
        async with hands.working():
            for job in jobs:
                await shop.wait(job["job_id"])
        await quick.until(lambda got: len(got) == 7)
        assert len(slow.got) == 4
        release.set()
        await in_state(shop, hook, "delivered", 7)
    assert most == 4
