"""Submits: once by Idempotency-Key, refused or held at the door, cancelled, deleted, kept as entries."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from gateway.fleet.view import FleetView
from hands import until
from proteus.keys import JOBS


async def test_a_repeated_submit_is_the_same_job_and_another_body_is_refused(ready, redis) -> None:
    guest = ready.guest
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    key = {"Idempotency-Key": "order-1"}
    first = await guest.http.post("/api/snap", json=body, headers=key)
    again = await guest.http.post("/api/snap", json=body, headers=key)
    assert first.json()["job_id"] == again.json()["job_id"]
    assert again.status_code == 202
    other = await guest.http.post("/api/snap", json={**body, "seed": 1}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    elsewhere = await guest.http.post("/v1/tryons", json=body, headers=key)
    assert elsewhere.json()["job_id"] == first.json()["job_id"], "the same submit under its other name"
    burst = await asyncio.gather(
        *[guest.http.post("/api/snap", json=body, headers={"Idempotency-Key": "order-2"}) for _ in range(6)]
    )
    assert len({answer.json()["job_id"] for answer in burst if answer.status_code == 202}) == 1
    assert {answer.status_code for answer in burst} <= {202, 409}
    assert all(answer.json()["retryable"] for answer in burst if answer.status_code == 409)
    assert await redis.llen(JOBS) == 2


async def test_a_cut_asked_for_twice_is_one_job(gateway, hands) -> None:
    guest = await gateway.guest()
    image = await guest.upload(kind="garment")
    ask = {"image_url": image, "category": "upper"}
    first = (await guest.http.post("/v1/segmentations", json=ask)).json()
    assert (await guest.http.post("/segformer/segmentOutfitPic", json=ask)).json()["job_id"] == first["job_id"]
    async with hands.working():
        done = await guest.wait(first["job_id"])
    later = await guest.http.post("/v1/segmentations", json=ask)
    assert later.status_code == 200
    assert later.json()["cloth_clean_url"] == done["cloth_clean_url"]
    assert (await guest.http.get(f"/v1/segmentations/{first['job_id']}")).json()["status"] == "completed"
    assert (await guest.http.get(f"/v1/results/{first['job_id']}/1")).status_code == 302


async def test_another_parser_cuts_and_parses_anew(gateway_settings, serve, ready, hands) -> None:
    """What the first one made, and what it could not do, is not the other one's last word."""
    image = await ready.guest.upload(kind="garment")
    ask = {"image_url": image, "category": "upper"}
    first = (await ready.guest.http.post("/v1/segmentations", json=ask)).json()
    async with serve(gateway_settings.model_copy(update={"parser_version": "segformer-2"})) as upgraded:
        guest = upgraded.bearer(ready.guest.token)
        other = (await guest.http.post("/v1/segmentations", json=ask)).json()
        again = (await guest.http.post("/v1/segmentations", json=ask)).json()
        snap = await guest.snap(ready.person, ready.garment)
        async with hands.working():
            cut = await guest.wait(other["job_id"])
            done = await guest.wait(snap["job_id"])
    assert (snap["stage"], done["status"], cut["status"]) == ("preparing", "completed", "completed")
    assert other["job_id"] == again["job_id"] != first["job_id"]


async def test_a_photo_whose_ingest_was_recorded_a_moment_ago_is_neither_missing_nor_unknown(
    ready, parts, redis
) -> None:
    """Image and jobs are read one after the other: between the two the ingest may end."""
    snap = await ready.snap()
    async with parts.ledger.read() as reads:
        (order,) = await reads.orders.of([snap["job_id"]])
        image = await reads.images.find(order.tryon.person_image_id, user_id=order.job.user_id)
        known = await reads.jobs.of_images([image.id])
    await parts.photos.check_uploaded(replace(image, key=None), known)
    await redis.flushdb()
    assert await parts.submitter.push_orders([replace(order, material=None)]) == 1


async def test_what_waits_is_cancelled_at_once(ready, redis) -> None:
    guest = ready.guest
    async with guest.listening() as heard:
        snap = await ready.snap()
        canceled = await guest.http.post(f"/v1/tryons/{snap['job_id']}/cancel", headers={"Prefer": "wait=10"})
        assert canceled.json()["status"] == "canceled"
        await heard.until(lambda h: any(e["status"] == "canceled" for e in h.jobs))
    assert await redis.llen(JOBS) == 0
    again = await guest.http.post(f"/v1/tryons/{snap['job_id']}/cancel")
    assert again.json()["status"] == "canceled"


async def test_what_prepares_is_cancelled_at_once_and_its_photo_stays(ready) -> None:
    guest = ready.guest
    snap = await guest.snap(await guest.upload(), ready.garment)
    assert snap["stage"] == "preparing"
    canceled = await guest.http.post(f"/v1/tryons/{snap['job_id']}/cancel")
    assert canceled.json()["status"] == "canceled"


async def test_what_runs_is_cancelled_at_its_next_step(ready, hands) -> None:
    guest = ready.guest
    snap = await ready.snap()
    job = await hands.take()
    asked = await guest.http.post(f"/v1/tryons/{snap['job_id']}/cancel")
    assert asked.status_code == 202
    renewal = await hands.queues[JOBS].renew(hands.worker, {job.id: job.token})
    assert list(renewal.canceled) == [job.id]
    from proteus.queue import Failure

    stopped = Failure(id=job.id, token=job.token, code="canceled", message="", retryable=False)
    await hands.queues[JOBS].fail(hands.worker, [stopped])
    assert (await guest.wait(snap["job_id"]))["status"] == "canceled"


async def test_delete_removes_rows_objects_and_the_place_in_the_queue(ready, hands, store, redis, parts) -> None:
    guest = ready.guest
    snap = await ready.snap()
    async with hands.working():
        await guest.wait(snap["job_id"])
    prefix = f"results/{guest.user_id}/{snap['job_id']}/"
    assert list(store.list(prefix))
    assert (await guest.http.delete(f"/v1/tryons/{snap['job_id']}")).status_code == 204
    assert list(store.list(prefix)) == []
    assert (await guest.http.get(f"/api/status/{snap['job_id']}")).status_code == 404
    waiting = await ready.snap()
    assert (await guest.http.delete(f"/vtons/{waiting['vton_id']}")).status_code == 204
    assert await redis.llen(JOBS) == 0
    async with guest.listening(last_seq=0) as heard:
        async with parts.ledger.read() as reads:
            newest = (await reads.users.last_seqs([guest.user_id]))[guest.user_id]
        await heard.until(lambda h: bool(h.jobs) and h.jobs[-1]["seq"] == newest)
    assert [event["seq"] for event in heard.jobs] == list(range(1, newest + 1))
    assert all(event["results"] == [] for event in heard.jobs if event["job_id"] == snap["job_id"])


async def test_what_is_stored_after_its_deletion_is_deleted_later(ready, hands, store, parts) -> None:
    """A worker that held the job when it was deleted stores its picture all the same."""
    snap = await ready.snap()
    job = await hands.take()
    assert (await ready.guest.http.delete(f"/v1/tryons/{snap['job_id']}")).status_code == 204
    await hands.finish(job)
    prefix = f"results/{ready.guest.user_id}/{snap['job_id']}/"
    assert list(store.list(prefix))
    assert await parts.eraser.run_due(datetime.now(UTC)) == 0
    assert await parts.eraser.run_due(datetime.now(UTC) + timedelta(minutes=21)) == 1
    assert list(store.list(prefix)) == []


BLOCKED = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


@pytest.mark.parametrize("deleted", ["tryon", "image", "user"])
async def test_a_deletion_that_meets_a_recording_waits_for_it_and_not_in_a_circle(ready, parts, deleted) -> None:
    """The recorder locks a job, then its try-on, its photo's row or its user's."""
    snap = await ready.guest.snap(await ready.guest.upload(), ready.garment)
    async with parts.ledger.read() as reads:
        entry = await reads.tryons.find(snap["job_id"], user_id=ready.guest.user_id)
        image = await reads.images.find(entry.person_image_id, user_id=entry.user_id)
        jobs = [*(await reads.jobs.of_images([image.id])), *(await reads.jobs.units_of([entry.id]))[entry.id]]

    async def blocked() -> bool:
        async with parts.ledger.read() as reads:
            return bool((await reads.jobs._connection.execute(BLOCKED)).scalar_one())

    erase = {"tryon": lambda: parts.eraser.tryon(entry), "image": lambda: parts.eraser.image(image),
             "user": lambda: parts.eraser.user(entry.user_id)}[deleted]  # fmt: skip
    async with parts.ledger.write() as writes:
        await writes.jobs.lock([job.id for job in jobs])
        deleting = asyncio.create_task(erase())
        await until(blocked)
        await writes.tryons.lock([entry.id])
        await writes.images.sweep_again({image.id: None})
        await writes.users.take_seqs({entry.user_id: 1})
    await deleting


async def test_deleting_a_photo_and_a_user_leaves_nothing_of_theirs(ready, objects_left) -> None:
    guest = ready.guest
    image_id = ready.person.rpartition("/")[2]
    assert any(f"/{guest.user_id}/" in key for key in objects_left())
    assert (await guest.http.delete(f"/v1/images/{image_id}")).status_code == 204
    assert (await guest.http.get(f"/v1/images/{image_id}")).status_code == 404
    assert (await guest.http.get("/v1/tryons")).json()["items"] == []
    assert (await guest.http.delete("/users/me")).status_code == 204
    assert objects_left() == []
    assert (await guest.http.get("/users/me")).status_code in (401, 404)  # The token ends within a second.
    refused = await guest.http.get(
        "/images/presignedUpUrl", params={"kind": "person", "content_type": "image/png", "size_bytes": 999}
    )
    assert refused.status_code == 401


async def test_an_entry_is_kept_then_submitted(ready, hands) -> None:
    guest = ready.guest
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "seed": 5, "metadata": {"look": "a"}}
    made = await guest.http.post("/vtons", json=body)
    assert made.status_code == 201
    entry = made.json()
    assert (entry["status"], entry["cloth_clean_url"]) == ("draft", ready.garment)
    changed = await guest.http.patch(f"/vtons/{entry['vton_id']}", json={"metadata": {"look": "b"}})
    assert changed.json()["metadata"] == {"look": "b"}
    async with hands.working():
        done = await guest.http.post(
            "/catvton/transferOutfit", json={"vton_id": entry["vton_id"]}, headers={"Prefer": "wait=20"}
        )
    assert done.json()["status"] == "completed", done.text
    assert done.json()["results"][0]["seed"] == 5
    assert done.json()["job_id"] == entry["job_id"]
    again = await guest.http.post("/catvton/transferOutfit", json={"vton_id": entry["vton_id"]})
    assert (again.status_code, again.json()["status"]) == (200, "completed")
    listed = (await guest.http.get("/vtons", params={"limit": 1})).json()
    assert [item["vton_id"] for item in listed["items"]] == [entry["vton_id"]]
    rest = (await guest.http.get("/vtons", params={"limit": 50, "cursor": listed["next_cursor"]})).json()
    assert len(rest["items"]) == 1
    assert (await guest.http.get("/vtons", params={"cursor": "nonsense"})).status_code == 422


async def test_beyond_its_cap_a_tenants_work_is_held_then_shed_and_low_priority_waits(
    gateway_settings, serve, prepare, hands, redis, tokens
) -> None:
    limits = gateway_settings.limits.model_copy(update={"tenant_queued": 2, "tenant_total": 4, "promote_below": 1})
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        guest = ready.guest
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        stages = []
        while (shed := await guest.http.post("/api/snap", json=body)).status_code == 202:
            stages.append(shed.json()["stage"])
        # Not in order: the try-on that had the photo parsed counts until the fleet is read again, within a second.
        assert (stages[0], set(stages)) == ("waiting", {"waiting", "held"})
        assert stages.count("waiting") <= limits.tenant_queued
        assert len(stages) <= 5
        assert (shed.status_code, shed.json()["code"]) == (429, "tenant_cap")
        assert int(shed.headers["retry-after"]) >= 1
        async with hands.working():
            for item in (await guest.http.get("/v1/tryons")).json()["items"]:
                assert (await guest.wait(item["job_id"]))["status"] == "completed"


async def test_low_priority_waits_outside_the_queue_until_it_is_short(ready, hands) -> None:
    low = await ready.snap(priority="low")
    assert low["stage"] == "held"
    async with hands.working():
        assert (await ready.guest.wait(low["job_id"]))["status"] == "completed"


async def test_a_deadline_that_cannot_be_met_is_refused_at_the_door(ready) -> None:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "deadline_ms": 100}
    late = await ready.guest.http.post("/api/snap", json=body)
    assert (late.status_code, late.json()["code"]) == (429, "deadline_unreachable")
    assert int(late.headers["retry-after"]) >= 1


async def test_high_priority_needs_its_scope_and_goes_first(gateway, ready, prepare, account, hands) -> None:
    vip = await prepare(gateway, await account(gateway, "acme", scopes=["priority:high"]))
    await ready.snap()
    urgent = await vip.snap(priority="high")
    assert (await hands.take()).id == urgent["job_id"]


async def test_every_status_has_position_and_eta(ready, hands) -> None:
    snaps = [await ready.snap() for _ in range(3)]
    status = (await ready.guest.http.get(f"/api/status/{snaps[2]['job_id']}")).json()
    assert status["position"] == 2
    assert 0 < status["eta"]["p50_seconds"] <= status["eta"]["p90_seconds"]
    await hands.take()
    running = (await ready.guest.http.get(f"/api/status/{snaps[0]['job_id']}")).json()
    assert running["status"] == "running"
    assert running["eta"]["p50_seconds"] > 0
    assert FleetView().batch_limit == 1


async def test_too_many_requests_are_told_when_to_come_back(gateway_settings, serve) -> None:
    limits = gateway_settings.limits.model_copy(update={"uploads_per_minute": 2})
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        guest = await gateway.guest()
        asked = {"kind": "person", "content_type": "image/png", "size_bytes": 999}
        answers = [await guest.http.get("/images/presignedUpUrl", params=asked) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert '"uploads";q=2;w=60' in answers[0].headers["ratelimit-policy"]
    assert '"uploads";r=1;t=' in answers[0].headers["ratelimit"]
    assert answers[2].json()["code"] == "rate_limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


async def test_a_browsers_submit_is_kept_with_its_key_in_one_statement(ready, gateway) -> None:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}

    async def submit(key: str, **more: Any) -> httpx.Response:
        headers = {"Idempotency-Key": key, "Origin": "https://shop.example"}
        return await ready.guest.http.post("/api/snap", json=body | more, headers=headers)

    # Sent at once, they share a commit; one is accepted and the others find it.
    answers = await asyncio.gather(*[submit("same") for _ in range(6)], *[submit(f"own-{n}") for n in range(3)])
    assert {answer.status_code for answer in answers} == {202}, [answer.text for answer in answers]
    same = {answer.json()["job_id"] for answer in answers[:6]}
    own = {answer.json()["job_id"] for answer in answers[6:]}
    assert (len(same), len(own), same & own) == (1, 3, set())
    assert (await submit("same", seed=8)).json()["code"] == "idempotency_conflict"
    assert {(await submit("own-1")).json()["job_id"]} <= own
    async with gateway.services.ledger.write() as writes:
        await writes.idempotency._connection.execute(
            text("UPDATE idempotency SET created_at = created_at - interval '25 hours'")
        )
    later = (await submit("same")).json()["job_id"]
    assert later not in same
    assert (await submit("same")).json()["job_id"] == later
    listed = (await ready.guest.http.get("/v1/tryons")).json()["items"]
    assert {one["job_id"] for one in listed} >= same | own | {later}
    assert len(listed) == 1 + 5  # with the one that prepared photo and garment


async def test_a_key_costs_a_ready_picture_no_statement_of_its_own(ready, gateway) -> None:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "idempotency" in statement or "INSERT INTO tryons" in statement:
            sent.append(statement.split()[0])

    async def submit(**headers: str) -> tuple[int, int]:
        sent.clear()
        answer = await ready.guest.http.post("/api/snap", json=body, headers=headers)
        return answer.status_code, len(sent)

    engine = gateway.services.ledger._pools[False].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    plain = await submit()
    assert plain == (202, 1)
    assert await submit(**{"Idempotency-Key": "own", "Origin": "https://shop.example"}) == plain
    assert await submit(**{"Idempotency-Key": "own"}) == (202, 3), "one that is bound is looked up and confirmed"
