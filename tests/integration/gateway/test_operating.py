"""Operating a real gateway: pause intake, drain workers, filter jobs and change many, read timelines and figures."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from redis.asyncio import Redis
from typer.testing import CliRunner

from gateway.metrics import SUBMITS
from gateway.settings import PriceSettings
from proteus import keys
from proteus.jobs import WorkerId
from proteus.keys import JOBS, QueueKeys
from proteus.queue import Failure
from proteus.registry import WorkerCard, WorkerState, deregister, drained_among, register
from proteus_cli.__main__ import app
from waiting import PATIENCE_SECONDS, until

NAMES = QueueKeys(JOBS)
WEAVER = WorkerCard(
    id=WorkerId("weaver-1"),
    state=WorkerState.READY,
    engines=("puppet",),
    seconds_per_batch={"k": {"1": 0.5}},
    batches={"1": 2},
    started_at=1_770_000_000.0,
)


@pytest.fixture
async def operator(gateway: Any, account: Any) -> Any:
    return await account(gateway, "ops", scopes=["admin"])


async def deeds(operator: Any) -> list[tuple[str, dict[str, Any]]]:
    items = (await operator.http.get("/v1/audit", params={"limit": 100})).raise_for_status().json()["items"]
    return [(one["action"], one["details"]) for one in items]


async def fail(hands: Any, many: int, *, code: str = "engine_failed") -> None:
    for _ in range(many):
        job = await hands.take()
        broken = Failure(id=job.id, token=job.token, code=code, message="Boom.", retryable=False)
        await hands.queues[JOBS].fail(hands.worker, [broken])


async def tell_its_timeline(operator: Any, job_id: str) -> None:
    """A completed job's timeline has its payload and its moments, from row and events."""
    found = (await operator.http.get(f"/v1/queue/jobs/{job_id}/timeline")).raise_for_status().json()
    assert found["job"]["status"] == "completed"
    assert found["payload"]["element"]["id"] == job_id
    assert "?" not in found["payload"]["element"]["user_photo_url"], "an address without a signature"
    assert found["payload"]["body"]["engine"] == "puppet"
    whats = [one["what"] for one in found["moments"]]
    assert whats[0] == "created"
    assert {"queued", "claimed", "event", "ended"} <= set(whats)
    assert (await operator.http.get("/v1/queue/jobs/job_none/timeline")).status_code == 404


async def test_paused_intake_refuses_new_work_with_the_operators_words(
    gateway: Any, ready: Any, operator: Any, redis: Redis
) -> None:
    running = await ready.snap()
    again = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    once = {"Idempotency-Key": "once"}
    first = await ready.guest.http.post("/api/snap", json=again, headers=once)
    put = await operator.http.put("/v1/queue/intake", json={"paused": True, "reason": "Maintenance until 14:00."})
    assert put.raise_for_status().json()["by"] == operator.user_id
    refused = await ready.guest.http.post("/api/snap", json=again)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
    assert refused.json()["code"] == "intake_paused"
    assert refused.json()["detail"] == "No new work is taken for now: Maintenance until 14:00."
    garment = await ready.guest.upload(kind="garment")
    cut = await ready.guest.http.post("/v1/segmentations", json={"image_url": garment})
    assert (cut.status_code, cut.json()["code"]) == (503, "intake_paused")
    counted = SUBMITS.labels("intake_paused")._value.get()
    repeated = await ready.guest.http.post("/api/snap", json=again, headers=once)
    assert SUBMITS.labels("intake_paused")._value.get() == counted, "nobody was refused"
    assert repeated.json()["job_id"] == first.json()["job_id"], "a repeated submit gets its first answer"
    assert (await ready.guest.http.get(f"/api/status/{running['job_id']}")).json()["status"] == "queued"
    await redis.lpush(NAMES.foreign, '{"id":"job_foreign"}')
    assert await gateway.services.importer.adopt() == 0
    assert await redis.llen(NAMES.foreign) == 1, "external payloads wait, too"
    assert (await operator.http.get("/v1/queue")).json()["intake"]["paused"] is True
    (await operator.http.put("/v1/queue/intake", json={"paused": False})).raise_for_status()
    assert (await ready.guest.http.post("/api/snap", json=again)).status_code == 202
    actions = [action for action, _ in await deeds(operator)]
    assert [one for one in actions if one.startswith("intake")] == ["intake.resume", "intake.pause"]


async def test_every_gateway_and_every_restart_knows_that_intake_is_paused(
    gateway: Any, gateway_settings: Any, operator: Any, serve: Any
) -> None:
    (await operator.http.put("/v1/queue/intake", json={"paused": True})).raise_for_status()
    async with serve(gateway_settings) as other:
        guest = await other.guest()
        await other.services.fleet.refresh()
        refused = await guest.http.post("/v1/segmentations", json={"image_url": "http://store/photo.png"})
        assert (refused.status_code, refused.json()["code"]) == (503, "intake_paused")


@pytest.mark.long
async def test_the_command_line_pauses_and_resumes(gateway: Any, operator: Any) -> None:
    async def run(*words: str) -> str:
        # In a thread: the gateway that it asks runs in this event loop.
        where = ["queue", "--url", gateway.url, "--token", operator.token, *words]
        result = await asyncio.to_thread(CliRunner().invoke, app, where)
        assert result.exit_code == 0, result.output
        return str(result.stdout)

    assert "Intake is paused." in await run("pause", "--reason", "A new disk.")
    assert "A new disk." in await run("ls")
    assert "New work is taken again." in await run("resume")


async def test_a_worker_is_drained_and_taken_back(operator: Any, redis: Redis) -> None:
    await register(redis, NAMES, WEAVER)
    path = f"/v1/fleet/workers/{WEAVER.id}/drain"
    assert (await operator.http.post("/v1/fleet/workers/nobody/drain")).status_code == 404
    assert (await operator.http.post(path)).status_code == 202
    assert await register(redis, NAMES, WEAVER), "its next card tells it"
    (shown,) = (await operator.http.get("/v1/queue")).raise_for_status().json()["workers"]
    assert (shown["drain_requested"], shown["queue"], shown["batches"]) == (True, JOBS, {"1": 2})
    assert shown["started_at"] == "2026-02-02T02:40:00.000Z"
    await deregister(redis, NAMES, WEAVER.id)
    assert (await operator.http.delete(path)).status_code == 204, "taken back while it is away"
    assert await drained_among(redis, NAMES, [WEAVER.id]) == frozenset()
    assert ("POST /v1/fleet/workers/{worker_id}/drain", {}) in await deeds(operator)


async def test_jobs_are_listed_by_what_is_asked_for(ready: Any, hands: Any, operator: Any) -> None:
    async def listed(**wanted: Any) -> list[str]:
        answer = await operator.http.get("/v1/queue/jobs", params=wanted)
        return [item["job_id"] for item in answer.raise_for_status().json()["items"]]

    lost, broken = [(await ready.snap())["job_id"] for _ in range(2)]
    await fail(hands, 1, code="worker_lost")
    await fail(hands, 1)
    await ready.guest.wait(lost)
    await ready.guest.wait(broken)
    waiting = (await ready.snap())["job_id"]
    assert await listed() == [waiting]
    assert await listed(state="failed") == [broken, lost]
    assert await listed(state="failed", code="worker_lost") == [lost]
    assert await listed(state="failed", engine="catvton") == []
    assert await listed(state="alive", stage="waiting", kind="tryon", priority=1, tenant="guests") == [waiting]
    assert len(await listed(state="completed")) == 5, "two ingests, a parse, a cut and the first try-on"
    assert await listed(state="completed", kind="cut", user_id="nobody") == []
    then = {"since": "2026-02-03T12:00:00Z", "until": "2026-02-03T12:00:00Z"}
    assert (await operator.http.get("/v1/queue/jobs", params=then)).status_code == 400


async def test_many_jobs_are_counted_retried_and_dropped(ready: Any, hands: Any, operator: Any) -> None:
    async def change(verb: str, **wish: Any) -> dict[str, Any]:
        answer = await operator.http.post(f"/v1/queue/jobs/{verb}", json=wish)
        return dict(answer.raise_for_status().json())

    snaps = [(await ready.snap())["job_id"] for _ in range(3)]
    await fail(hands, 3)
    for job_id in snaps:
        assert (await ready.guest.wait(job_id))["status"] == "failed"
    counted = await change("retry", code="engine_failed", dry_run=True)
    assert counted == {"matched": 3, "more": False, "changed": 0, "skipped": []}
    assert (await change("retry", limit=2))["more"] is True
    assert (await change("retry"))["changed"] == 1
    async with hands.working():
        for job_id in snaps:
            assert (await ready.guest.wait(job_id))["status"] == "completed"
    await tell_its_timeline(operator, snaps[0])
    waiting = [(await ready.snap())["job_id"] for _ in range(2)]
    assert (await change("drop", state="queued", engine="puppet"))["changed"] == 2
    for job_id in waiting:
        assert (await ready.guest.wait(job_id))["status"] == "canceled"
    done = [one for one in await deeds(operator) if one[0].startswith("jobs.")]
    assert done == [
        ("jobs.drop", {"state": "queued", "engine": "puppet", "limit": 1000, "matched": 2}),
        ("jobs.retry", {"limit": 1000, "matched": 1}),
        ("jobs.retry", {"limit": 2, "matched": 2}),
    ]
    for wrong in ({"limit": 1001}, {"state": "completed"}, {"states": "alive"}):
        assert (await operator.http.post("/v1/queue/jobs/drop", json=wrong)).status_code == 422
    assert (await ready.guest.http.post("/v1/queue/jobs/drop", json={"state": "alive"})).status_code == 403


async def test_a_timeline_of_a_picture_that_is_being_prepared_names_its_needs(gateway: Any, operator: Any) -> None:
    guest = await gateway.guest()
    snap = await guest.snap(await guest.upload(), await guest.upload(kind="garment"))
    found = (await operator.http.get(f"/v1/queue/jobs/{snap['job_id']}/timeline")).raise_for_status().json()
    assert found["payload"] is None
    assert {need["kind"] for need in found["needs"]} == {"cut", "parse"}


async def test_figures_count_what_came_ended_and_was_refused(
    gateway: Any, ready: Any, hands: Any, operator: Any, redis: Redis
) -> None:
    await register(redis, NAMES, WEAVER)
    (await operator.http.put("/v1/queue/intake", json={"paused": True})).raise_for_status()
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    assert (await ready.guest.http.post("/api/snap", json=body)).status_code == 503
    (await operator.http.put("/v1/queue/intake", json={"paused": False})).raise_for_status()
    await ready.snap()
    await gateway.services.fleet.refresh()
    fleet = gateway.services.fleet
    now = (await redis.time())[0]
    await fleet.minutes.note(fleet.view, now=now)
    await redis.set(keys.QueueKeys(JOBS).minute(now // 60 - 2), "another type")

    async def with_refusals() -> dict[str, Any] | None:
        answer = (await operator.http.get("/v1/fleet/figures", params={"minutes": 10})).raise_for_status().json()
        return answer if answer["refused"] else None

    found = await until(with_refusals, what="the refusal in the figures")  # The gateway's own loop may be noting it.
    assert len(found["minutes"]) == 10
    assert sum(minute["arrived"] for minute in found["minutes"]) == 2
    assert sum(minute["completed"] for minute in found["minutes"]) == found["pictures"] == 1
    assert found["refused"] == {"intake_paused": 1}
    assert max(minute["waiting"] or 0 for minute in found["minutes"]) == 1
    assert max(minute["ready"] or 0 for minute in found["minutes"]) == 1
    assert found["parts"]["total"]["p99"] >= found["parts"]["wait"]["p50"] >= 0
    (version,) = found["versions"]
    assert (version["engine"], version["pictures"], version["tried_again"]) == ("puppet", 1, 0)
    assert version["version"], "results name their engine's version"
    assert found["cost"] is None, "no price is set"
    overview = (await operator.http.get("/v1/queue")).json()
    assert {
        "kind": "tryon", "engine": "puppet", "priority": 1, "status": "queued", "stage": "waiting", "jobs": 1,
    } in overview["unfinished"]  # fmt: skip


@pytest.mark.long
async def test_a_price_shows_what_a_picture_costs_and_what_another_fleet_would(
    gateway_settings: Any, serve: Any, account: Any
) -> None:
    priced = gateway_settings.model_copy(update={"prices": PriceSettings(weaver_hour=3.0, currency="EUR")})
    async with serve(priced) as gateway:
        operator = await account(gateway, "ops", scopes=["admin"])
        cost = (await operator.http.get("/v1/fleet/figures")).raise_for_status().json()["cost"]
        nothing = {"busy_per_picture": None, "with_idle_per_picture": None}
        assert cost == {"currency": "EUR", "weaver_hour": 3.0, **nothing}
        wish = {"engine": "puppet", "weavers": 2, "arrivals_per_minute": 6, "waiting": 0}
        found = (await operator.http.post("/v1/fleet/what-if", json=wish)).raise_for_status().json()
        assert (found["measured"], found["pictures_per_minute"], found["utilisation"]) == (False, 30.0, 0.2)
        assert found["cost_per_picture"] == pytest.approx(2 * 3.0 / 60 / 6)
        assert (await operator.http.post("/v1/fleet/what-if", json=wish | {"engine": "nobody"})).status_code == 422


async def test_the_fleet_is_streamed_to_operators_whenever_it_changes(
    gateway: Any, operator: Any, redis: Redis
) -> None:
    """The first event is the fleet as it is; a worker that arrives is the next; a guest gets none."""
    guest = await gateway.guest()
    assert (await guest.http.get("/v1/queue/live")).status_code == 403
    async with asyncio.timeout(PATIENCE_SECONDS), operator.http.stream("GET", "/v1/queue/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        seen: list[dict[str, Any]] = []
        async for line in stream.aiter_lines():
            if not line.startswith("data:"):
                continue
            seen.append(json.loads(line.removeprefix("data:")))
            if len(seen) == 1:
                assert seen[0]["workers"] == []
                await register(redis, NAMES, WEAVER)
            if seen[-1]["workers"]:
                break
    assert [one["id"] for one in seen[-1]["workers"]] == ["weaver-1"]
    assert len({json.dumps(one) for one in seen}) == len(seen), "an unchanged fleet is not sent again"
    whole = (await operator.http.get("/v1/queue")).raise_for_status().json()
    assert seen[-1].keys() == whole.keys()
