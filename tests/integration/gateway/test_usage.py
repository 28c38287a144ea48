"""What jobs use: equal to what the engine did, in statuses, events and `GET /v1/usage`; lost work is nobody's bill."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from access import made_key
from gateway.ledger.usage import UsageFilter, UsageSum
from gateway.webhook_settings import WebhookSettings
from hands import png
from proteus.bus.events import parse_event
from proteus.keys import JOBS, TAILOR
from proteus.queue import Completion
from proteus.usage import Usage
from proteus_cli.usage_cli import usage
from receiver import receiving
from webhooks_of_a_shop import made

USED = Usage(engine="puppet", device="cpu", gpu_seconds=2.0, engine_seconds=4.0, queue_seconds=0.5, store_seconds=0.1)


@pytest.fixture
def gateway_settings(gateway_settings):
    prices = gateway_settings.prices.model_copy(
        update={"weaver_hour": 3.6, "node_hours": {"timed": 7.2}, "currency": "EUR"}
    )
    webhooks = WebhookSettings(allowed_networks="127.0.0.0/8")
    return gateway_settings.model_copy(update={"prices": prices, "webhooks": webhooks})


def logged(path: Path) -> float:
    """The seconds of the steps that the engine wrote down; those of its own sample are no job's."""
    steps = [json.loads(line) for line in path.read_text().splitlines()]
    return sum(one["seconds"] for one in steps if one["jobs"] != ["sample"])


async def begun(fleet, job_id: str) -> bool:
    (view,) = await fleet.queue.look(job_id)
    return view is not None and (view.step > 0 or view.state.terminal)


async def total_of(http, **params) -> dict:
    answer = await http.get("/v1/usage", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["total"]


async def finish_with(hands, used: Usage | None) -> None:
    """Weave the next picture as a worker that reports this usage, or none: one of a version before."""
    job = await hands.take(JOBS)
    result = (await asyncio.to_thread(hands._do, job)).write()
    completion = Completion(id=job.id, token=job.token, result=result, usage=used)
    await hands.queues[JOBS].complete(hands.worker, [completion])


async def record(fleet, parts) -> UsageSum:
    """Record all that the queue says, in two overlapping parts; return the sum of all usage."""
    entries = await fleet.redis.xrange(fleet.queue.keys.events)
    events = [parse_event(entry_id, fields) for entry_id, fields in entries]
    half = len(events) // 2
    for part in (events[: half + 20], events[half:]):
        await parts.recorder.settle(part)
    now = datetime.now(UTC)
    which = UsageFilter(since=now - timedelta(hours=1), until=now + timedelta(hours=1))
    async with parts.ledger.read() as reads:
        (total,) = await reads.usage.sums((), which, limit=1)
    return total


@pytest.mark.long
async def test_the_usage_of_200_pictures_with_cancels_and_retries_is_what_the_engine_did(
    fleet, parts, tmp_path
) -> None:
    log = tmp_path / "steps.log"
    await fleet.configure(batch_size=8)
    ids = await fleet.submit(*[f"a{n}" for n in range(60)])
    ids += await fleet.submit("r1", "r2", options={"oom_above": 0})
    ids += await fleet.submit("r3", options={"poison": "raise"})
    ids += await fleet.submit(*[f"b{n}" for n in range(137)])
    await fleet.weaver(
        curve="1:0.4,8:0.4", WEAVER_TIMED_STEP_LOG=str(log), WEAVER_PROFILE_SECONDS="0", **fleet.long_lease
    )
    for job_id in (ids[30], ids[90], ids[150]):
        await fleet.until(lambda job_id=job_id: begun(fleet, job_id))
        await fleet.queue.cancel(job_id)
    await fleet.queue.cancel(*ids[-3:])
    await fleet.settled(*ids)
    total = await record(fleet, parts)
    assert total.gpu_seconds + total.unbilled_seconds == pytest.approx(logged(log), rel=0.01)
    assert total.attempts >= 197
    assert (total.lost_attempts, total.unknown_attempts) == (0, 0)


async def test_of_a_killed_worker_at_most_a_heartbeat_is_missing(fleet, parts, tmp_path) -> None:
    log, step = tmp_path / "steps.log", 0.5
    options = {"WEAVER_TIMED_STEP_LOG": str(log), "WEAVER_PROFILE_SECONDS": "0", "LEASE_BEAT_SECONDS": "0.3"}
    first = await fleet.weaver("w1", curve=f"1:{8 * step}", **options)
    (job_id,) = await fleet.submit("lost")

    async def reported() -> float:
        """The seconds that the last heartbeat carried."""
        found = await fleet.redis.hget(fleet.queue.keys.job(job_id), "usage")
        return json.loads(found.partition(":")[2])["gpu_seconds"] if found else 0.0

    async def two_steps() -> float | None:
        seconds = await reported()
        return seconds if seconds > 1.5 * step else None

    seen = await fleet.until(two_steps, what="a heartbeat carries the steps that ended before it")
    first.send(signal.SIGKILL)
    first.popen.wait()
    lost = logged(log)
    await fleet.weaver("w2", curve="1:0.16", **options)
    await fleet.settled(job_id)
    total = await record(fleet, parts)
    missing = logged(log) - total.gpu_seconds - total.unbilled_seconds
    assert total.lost_attempts == 1
    assert -0.1 < missing <= lost - seen + 0.1, "what the last heartbeat carried is known, to a fifth of a step"


async def test_usage_shows_in_status_list_event_and_table_and_only_to_those_who_may_see_it(
    gateway, owner, account, prepare, hands, parts
) -> None:
    key = await made_key(owner)
    shop = await prepare(gateway, gateway.bearer(key["key"], "user_acme"))
    async with shop.guest.listening() as heard:
        job = await shop.snap()
        await finish_with(hands, USED)
        await heard.until(lambda seen: any("cost" in one for one in seen.jobs))
    ended = await shop.guest.wait(job["job_id"])
    seconds = {"gpu_seconds": 2.0, "unbilled_seconds": 0.0, "engine_seconds": 4.0, "queue_seconds": 0.5}
    assert ended["usage"] == {**seconds, "store_seconds": 0.1, "known": True}
    assert ended["cost"] == {"amount": 0.002, "currency": "EUR", "idle_included": False}
    (told,) = [one for one in heard.jobs if one["job_id"] == job["job_id"] and "cost" in one]
    assert (told["usage"], told["cost"]) == (ended["usage"], ended["cost"])
    (listed,) = [
        one for one in (await shop.guest.http.get("/v1/tryons")).json()["items"] if one["job_id"] == job["job_id"]
    ]
    assert (listed["usage"], listed["cost"]) == (ended["usage"], ended["cost"])

    stranger, other = await gateway.guest(), await account(gateway, "other", scopes=["keys"])
    admin = await account(gateway, "staff", scopes=["admin"])
    assert (await total_of(stranger.http))["gpu_seconds"] == 0
    assert (await total_of(other.http))["gpu_seconds"] == 0
    for http in (shop.guest.http, owner.http, admin.http):
        total = await total_of(http)
        assert (total["gpu_seconds"], total["cost"], total["pictures"]) == (2.0, 0.002, 1)
    by = {"by": ["day", "tenant", "user", "key", "engine"]}
    items = (await owner.http.get("/v1/usage", params=by)).json()["items"]
    (woven,) = [one for one in items if one["engine"] == "puppet"]
    assert (woven["tenant"], woven["user"], woven["key"]) == ("acme", "user_acme", key["key_id"])
    assert woven["unknown_attempts"] == 1, "the first picture's worker reported nothing"
    for params in ({"tenant": "acme"}, {"user": "user_acme"}):
        assert (await stranger.http.get("/v1/usage", params=params)).status_code == 403
    table = await owner.http.get("/v1/usage", params={**by, "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert sum(float(row["gpu_seconds"]) for row in rows) == 2.0
    assert {row["currency"] for row in rows} == {"EUR"}

    command = typer.Typer()
    command.command()(usage)
    where = ["--url", gateway.url, "--token", owner.token]
    shown = await asyncio.to_thread(CliRunner().invoke, command, [*where, "--csv", "--by", "engine"])
    assert (shown.exit_code, "puppet,1,2" in shown.stdout) == (0, True), shown.output
    shown = await asyncio.to_thread(CliRunner().invoke, command, [*where, "--json"])
    assert f'"gpu_seconds": {total["gpu_seconds"]}' in shown.stdout
    shown = await asyncio.to_thread(CliRunner().invoke, command, where)
    assert (shown.exit_code, "cost EUR" in shown.stdout) == (0, True), shown.output

    await finish_again(parts, job["job_id"])
    assert (await total_of(admin.http))["gpu_seconds"] == 2.0, "an event that comes twice counts once"
    assert (await admin.http.delete("/users/user_acme")).status_code == 204
    kept = (await admin.http.get("/v1/usage", params={**by, "tenant": "acme"})).json()
    assert kept["total"]["gpu_seconds"] == 2.0
    assert {one["user"] for one in kept["items"]} == {""}, "what was used stays, and whose it was does not"


async def test_an_outfit_costs_what_its_pictures_cost_wherever_it_is_shown(gateway, owner, hands, prepare) -> None:
    key = await made_key(owner, scopes=["webhooks"])
    shop = await prepare(gateway, gateway.bearer(key["key"], "user_acme"))
    second = await shop.guest.upload(png((82, 80)), kind="garment")
    worn = [{"cloth_clean_url": shop.garment, "category": "upper"}, {"image": second, "category": "lower"}]
    async with receiving() as receiver, shop.guest.listening() as heard, hands.working(TAILOR):
        await made(shop.guest, receiver.url, events=["tryon.completed"])
        body = {"user_photo_url": shop.person, "garments": worn}
        job_id = (await shop.guest.http.post("/v1/tryons", json=body)).json()["job_id"]
        for used in (USED, replace(USED, gpu_seconds=1.0)):
            await finish_with(hands, used)
        ended = await shop.guest.wait(job_id)
        await receiver.until(lambda got: len(got) == 1)
        await heard.until(lambda seen: seen.jobs[-1]["status"] == "completed")
    (listed,) = [one for one in (await shop.guest.http.get("/v1/tryons")).json()["items"] if one["job_id"] == job_id]
    for told in (ended, listed, heard.jobs[-1], receiver.got[0].message["data"]):
        assert (told["usage"]["gpu_seconds"], told["usage"]["engine_seconds"]) == (3.0, 8.0)
        assert told["cost"] == {"amount": 0.003, "currency": "EUR", "idle_included": False}
    total = await total_of(owner.http)
    assert (total["gpu_seconds"], total["cost"], total["pictures"]) == (3.0, 0.003, 2)


async def finish_again(parts, job_id: str) -> None:
    """Record the job's last event once more, as after a gateway that died between commit and acknowledgement."""
    queue = parts.queues[JOBS]
    entries = await parts.redis.xrange(queue.keys.events)
    events = [parse_event(entry_id, fields) for entry_id, fields in entries if fields["id"] == job_id]
    await parts.recorder.settle([event for event in events if event.kind == "completed"])


async def test_usage_of_a_worker_of_the_version_before_is_unknown_and_costs_nothing(gateway, ready, hands) -> None:
    job = await ready.snap()
    await finish_with(hands, None)
    ended = await ready.guest.wait(job["job_id"])
    assert ended["status"] == "completed"
    assert (ended["usage"]["known"], ended["usage"]["gpu_seconds"], ended["cost"]) == (False, 0.0, None)
    assert (await total_of(ready.guest.http))["unknown_attempts"] >= 1
