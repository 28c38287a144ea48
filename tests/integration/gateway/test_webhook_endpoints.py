"""Endpoints of webhooks: their secrets, what goes with them, and the command line."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from access import made_key
from gateway.settings import WebhookSettings
from proteus_cli.webhooks import app
from receiver import answer, receiving
from waiting import until
from webhooks_of_a_shop import deliveries, in_state, made


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


@pytest.fixture
async def shop(gateway, owner):
    """A shop's server with a key for webhooks."""
    key = await made_key(owner, scopes=["webhooks", "tokens"])
    return gateway.bearer(key["key"], "user_acme")


async def test_two_secrets_sign_until_the_grace_is_over(shop) -> None:
    async with receiving() as receiver:
        hook = await made(shop, receiver.url)
        path = f"/v1/webhooks/{hook['webhook_id']}"
        new = (await shop.http.post(f"{path}/rotate", json={"grace_seconds": 60})).json()["secret"]
        await shop.http.post(f"{path}/ping")
        await receiver.until(lambda got: len(got) == 1)
        for secret in (hook["secret"], new):
            assert receiver.got[0].proven_by(secret)["data"]["webhook_id"] == hook["webhook_id"]
        newest = (await shop.http.post(f"{path}/rotate", json={"grace_seconds": 0})).json()["secret"]
        await shop.http.post(f"{path}/ping")
        await receiver.until(lambda got: len(got) == 2)
        assert receiver.got[1].proven_by(newest)
        for secret in (hook["secret"], new):
            with pytest.raises(Exception, match="No matching signature"):
                receiver.got[1].proven_by(secret)
        for place in (path, "/v1/webhooks"):
            assert "whsec_" not in (await shop.http.get(place)).text


async def test_what_a_user_or_a_tenant_deletes_takes_its_webhooks_with_it(
    shop, gateway, owner, hands, prepare, parts
) -> None:
    async with receiving(answer(500)) as receiver, hands.working():
        hook = await made(shop, receiver.url)
        ready = await prepare(gateway, shop)
        job = await ready.snap(metadata={"name": "Ann"})
        await shop.wait(job["job_id"])
        await until(lambda: _settled_or_tried(shop, hook, job["job_id"]), what="an attempt")
        await shop.http.delete(f"/v1/tryons/{job['job_id']}")
        [delivery] = [one for one in await deliveries(shop, hook) if one["job_id"] == job["job_id"]]
        path = f"/v1/webhooks/{hook['webhook_id']}/deliveries/{delivery['delivery_id']}"
        shown = (await shop.http.get(path)).json()
        assert "Ann" not in str(shown)
        assert shown["log"] == []
        assert shown["payload"]["data"]["status"] == "completed"
    now = datetime.now(UTC)
    async with parts.ledger.write() as writes:
        assert await writes.webhook_deliveries.forget(created_before=now + timedelta(days=1), limit=9) == 0
        await writes.webhook_deliveries.fail_pending(hook["webhook_id"], error="test")
    await parts.retention.traces(now + timedelta(days=31))
    assert await deliveries(shop, hook) == []
    await parts.eraser.user("user_acme")
    async with parts.ledger.read() as reads:
        assert await reads.webhooks.page("acme", None, limit=10) == []


async def _settled_or_tried(shop, hook, job_id):
    return any(one["job_id"] == job_id and one["attempts"] for one in await deliveries(shop, hook))


async def test_a_shop_manages_its_endpoints_from_the_command_line(gateway, shop) -> None:
    async def run(*words, status=0):
        where = ["--url", gateway.url, "--token", shop.token]
        done = await asyncio.to_thread(CliRunner().invoke, app, [*where, *words])
        assert done.exit_code == status, done.output
        return done.stdout

    async def answer_of(*words):
        # The gateway logs in this process, to what the runner takes for the command's output.
        lines = [line for line in (await run(*words, "--json")).splitlines() if line[:1] in "[{"]
        return json.loads(lines[-1])

    async with receiving() as receiver:
        made = await answer_of("add", receiver.url, "--description", "orders")
        assert (await answer_of("ls"))[0]["webhook_id"] == made["webhook_id"]
        await run("ping", made["webhook_id"])
        await receiver.until(lambda got: len(got) == 1)
        delivery_id = receiver.got[0].proven_by(made["secret"])["id"]
        await in_state(shop, made, "delivered")
        [shown] = await answer_of("deliveries", made["webhook_id"])
        assert (shown["delivery_id"], shown["state"]) == (delivery_id, "delivered")
        assert (await answer_of("deliveries", made["webhook_id"], delivery_id))["log"][0]["answer"] == "ok"
        assert "1 delivery is sent again" in await run("replay", made["webhook_id"], "--since", "1h")
        await receiver.until(lambda got: len(got) == 2)
        await run("replay", made["webhook_id"], status=2)
        await run("rm", made["webhook_id"])
        assert (await answer_of("ls")) == []
        await run("rm", made["webhook_id"], status=4)
