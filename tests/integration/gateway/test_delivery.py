"""Clients miss nothing: replay by seq, two replicas, a deaf relay, SSE with Last-Event-ID, long poll."""

from __future__ import annotations

import asyncio
import json

import pytest
import socketio

from gateway.realtime import relay
from hands import until
from proteus.keys import RECORDED
from waiting import PATIENCE_SECONDS


def seqs(events) -> list[int]:
    return [event["seq"] for event in events]


async def test_a_client_that_was_away_gets_what_it_missed_in_order_and_once(ready, hands) -> None:
    guest = ready.guest
    async with guest.listening() as before, hands.working():
        first = await ready.snap()
        await guest.wait(first["job_id"])
        await before.until(lambda h: any(e["status"] == "completed" for e in h.jobs))
    async with hands.working():
        second = await ready.snap()
        await guest.wait(second["job_id"])
    async with guest.listening(last_seq=before.jobs[-1]["seq"]) as after:
        await after.until(lambda h: any(e["status"] == "completed" for e in h.jobs))
    assert {event["job_id"] for event in after.jobs} == {second["job_id"]}
    async with guest.listening(last_seq=0) as everything:
        newest = after.jobs[-1]["seq"]
        await everything.until(lambda h: bool(h.jobs) and h.jobs[-1]["seq"] >= newest)
    assert seqs(everything.jobs) == list(range(1, newest + 1))


async def test_any_replica_delivers_and_progress_is_live(gateway, gateway_settings, serve, ready, hands) -> None:
    from proteus.jobs import Stage
    from proteus.keys import JOBS

    async with serve(gateway_settings) as other:
        elsewhere = other.bearer(ready.guest.token, ready.guest.user_id)
        async with elsewhere.listening() as heard:
            snap = await ready.snap()
            job = await hands.take()
            await hands.queues[JOBS].report_progress(job.id, job.token, stage=Stage.DENOISING, step=3, steps=9)
            await heard.until(lambda h: bool(h.progress))
            await hands.finish(job)
            await heard.until(lambda h: any(e["status"] == "completed" for e in h.jobs))
    assert heard.progress[0] == {
        "kind": "progress", "job_id": snap["job_id"], "n": 1, "stage": "denoising", "step": 3, "steps": 9,
    }  # fmt: skip


async def test_a_relay_gone_deaf_notices_and_catches_up(ready, hands, redis, monkeypatch) -> None:
    monkeypatch.setattr(relay, "CHECK_SECONDS", 0.3)
    guest = ready.guest
    async with guest.listening() as heard:
        await asyncio.sleep(0)
        for connection in await redis.client_list():
            if int(connection["sub"]):
                await redis.client_kill_filter(_id=connection["id"])
        async with hands.working():
            snap = await ready.snap()
            await heard.until(
                lambda h: any(e["status"] == "completed" and e["job_id"] == snap["job_id"] for e in h.jobs)
            )
    assert seqs(heard.jobs) == sorted(set(seqs(heard.jobs)))


async def test_an_event_whose_announcement_was_lost_arrives_with_the_next_check(ready, parts, monkeypatch) -> None:
    """A recorder that commits and cannot reach Redis afterwards: the ledger alone must do."""
    monkeypatch.setattr(relay, "CHECK_SECONDS", 0.3)
    async with ready.guest.listening() as heard:
        async with parts.ledger.write() as writes:
            seq = (await writes.users.take_seqs({ready.guest.user_id: 1}))[ready.guest.user_id]
            data = {"kind": "job", "job_id": "job_x", "job_type": "tryon", "status": "completed", "at": "now"}
            await writes.events.add([{"user_id": ready.guest.user_id, "seq": seq, "job_id": "job_x", "data": data}])
        await heard.until(lambda h: any(e["job_id"] == "job_x" for e in h.jobs))


async def test_whoever_relays_is_told_of_a_record_at_once(ready, hands, redis) -> None:
    """By message, not at the next look at the ledger: that would be seconds later."""
    async with redis.pubsub() as listener:
        await listener.subscribe(RECORDED)
        snap = await ready.snap()
        async with hands.working():
            assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"

        async def told() -> dict | None:
            message = await listener.get_message(ignore_subscribe_messages=True, timeout=1)
            found = json.loads(message["data"]) if message else {}
            return found if found.get("kind") != "ping" else None  # The relay's own, every few seconds.

        assert (await until(told))["user_id"] == ready.guest.user_id


async def test_who_joins_while_others_are_served_misses_nothing(ready, parts) -> None:
    """A client reconnects with an old number while the relay hands newer events to another socket of the same user."""
    user_id = ready.guest.user_id
    serving, go_on, all_there, stop = (asyncio.Event() for _ in range(4))
    late: list[int] = []

    async def deliver_slowly(_event) -> None:
        serving.set()
        await go_on.wait()

    async def deliver_late(event) -> None:
        late.append(event.seq)
        if event.seq == newest:
            all_there.set()

    async with parts.ledger.read() as reads:
        newest = (await reads.users.last_seqs([user_id]))[user_id]
    assert newest > 2
    async with asyncio.TaskGroup() as group, asyncio.timeout(PATIENCE_SECONDS):
        group.create_task(parts.relay.run(parts.loops, stop))
        await parts.relay.subscribe(user_id, newest - 2, deliver_slowly)
        await serving.wait()
        await parts.relay.subscribe(user_id, 0, deliver_late)
        go_on.set()
        await all_there.wait()
        stop.set()
    assert late == list(range(1, newest + 1))


async def test_a_socket_needs_a_good_token_and_a_number(gateway, tokens) -> None:
    table = (
        ({"token": "abc"}, "unauthorized"),
        ({}, "unauthorized"),
        ({"token": tokens.mint("user_x", tenant="guests", seconds=-1)}, "token_expired"),
        ({"token": tokens.mint("user_x", tenant="guests", seconds=60)}, "unauthorized"),
        ({"token": (await gateway.guest()).token, "last_seq": "two"}, "invalid_request"),
    )
    for auth, code in table:
        client = socketio.AsyncClient(reconnection=False)
        refusals: list[object] = []
        client.on("connect_error", refusals.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(gateway.url, auth=auth, transports=["websocket"], socketio_path="updates")
        assert code in json.dumps(refusals), auth
        await client.shutdown()


async def test_nobody_hears_another_users_events(gateway, ready, hands) -> None:
    stranger = await gateway.guest()
    async with stranger.listening(last_seq=0) as heard, ready.guest.listening() as own, hands.working():
        await ready.guest.wait((await ready.snap())["job_id"])
        await own.until(lambda h: any(e["status"] == "completed" for e in h.jobs))
    assert heard.jobs == []
    assert heard.progress == []


async def frames(response) -> list[tuple[int, dict]]:
    """The job events of a stream that ends by itself."""
    found, frame = [], {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            frame[name] = value
        elif frame:
            if frame["event"] == "job":
                found.append((int(frame["id"]), json.loads(frame["data"])))
            frame = {}
    return found


async def test_one_try_ons_stream_ends_with_it_and_resumes_by_last_event_id(ready, hands) -> None:
    guest = ready.guest
    snap = await ready.snap()
    url = f"/v1/tryons/{snap['job_id']}/events"
    async with guest.http.stream("GET", url) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async with hands.working():
            first = await frames(response)
    assert first[0][1]["status"] == "queued"
    assert first[-1][1]["status"] == "completed"
    assert first[-1][1]["results"][0]["url"] == f"/v1/results/{snap['job_id']}/1"
    async with guest.http.stream("GET", url, headers={"Last-Event-ID": str(first[0][0])}) as response:
        again = await frames(response)
    assert again[-1] == first[-1]
    for headers in ({}, {"Last-Event-ID": ""}):
        async with guest.http.stream("GET", url, headers=headers) as response:
            assert response.status_code == 200, headers
            assert [event["status"] for _, event in await frames(response)] == ["completed"]
    wrong = await guest.http.get(url, headers={"Last-Event-ID": "abc"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_request")


async def test_the_users_stream_carries_all_his_jobs(ready, hands) -> None:
    async with ready.guest.http.stream("GET", "/v1/events", headers={"Last-Event-ID": "0"}) as response:
        snap = await ready.snap()
        async with hands.working():
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    event = json.loads(line[6:])
                    if event["job_id"] == snap["job_id"] and event["status"] == "completed":
                        break


async def test_a_long_poll_answers_when_the_job_ends_and_prefer_wait_with_the_submit(ready, hands) -> None:
    guest = ready.guest
    snap = await ready.snap()
    still = await guest.http.get(f"/api/status/{snap['job_id']}", params={"wait": 0.2})
    assert still.json()["status"] == "queued"
    async with hands.working():
        assert (await guest.wait(snap["job_id"]))["status"] == "completed"
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        at_once = await guest.http.post("/api/snap", json=body, headers={"Prefer": "respond-async, wait=20"})
    assert at_once.status_code == 200
    assert at_once.json()["status"] == "completed"
    assert at_once.headers["preference-applied"] == "wait=20"
    accepted = await guest.http.post("/api/snap", json=body)
    assert accepted.status_code == 202
    assert accepted.headers["location"] == f"/api/status/{accepted.json()['job_id']}"


async def test_a_user_erased_a_moment_ago_is_refused_before_the_stream_begins(ready, parts, capsys) -> None:
    """His token is still remembered as good when the relay no longer finds him."""
    assert (await ready.guest.http.get("/users")).status_code == 200
    async with parts.ledger.write() as writes:
        await writes.users.delete(ready.guest.user_id)
    gone = await ready.guest.http.get("/v1/events")
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert "request_crashed" not in capsys.readouterr().out
