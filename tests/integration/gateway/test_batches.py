"""Batches: what is asked, how items become try-ons by a window, and how a batch ends."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest
from sqlalchemy import text

from access import made_key
from fleet_of_cards import weavers
from gateway.accounts.callers import Revoked
from gateway.rules.batches import ITEMS_MOST, WINDOW_MOST
from gateway.settings import WebhookSettings
from proteus.keys import JOBS, QueueKeys
from receiver import receiving
from waiting import until
from webhooks_of_a_shop import made as made_hook


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


@pytest.fixture
async def shop(gateway, account, prepare):
    """A tenant's server with a prepared photo and cut-out."""
    return await prepare(gateway, await account(gateway, "acme", scopes=["keys", "usage"]))


def matrix(ready, many, **more):
    return {"persons": [ready.person], "garments": [ready.garment] * many, **more}


async def made(ready, many, **more):
    answer = await ready.guest.http.post("/v1/batches", json=matrix(ready, many, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()["batch_id"]


async def seen(ready, batch_id):
    return (await ready.guest.http.get(f"/v1/batches/{batch_id}")).raise_for_status().json()


async def ended(ready, batch_id):
    async def over():
        found = await seen(ready, batch_id)
        return found if found["finished_at"] else None

    return await until(over, what="the batch's end")


async def test_a_batch_is_made_by_idle_workers_and_handed_out_as_a_zip_with_its_manifest(
    gateway, shop, hands, redis, store
) -> None:
    async with receiving() as receiver, weavers(redis, 2), hands.working():
        key = await made_key(shop.guest, scopes=["webhooks"])
        hook = await made_hook(gateway.bearer(key["key"], "user_acme"), receiver.url, events=["batch.ended"])
        batch_id = await made(shop, 5, metadata={"season": "summer"}, options={"metadata": {"look": "one"}})
        found = await ended(shop, batch_id)
        await receiver.until(lambda got: len(got) == 1)
    assert (found["status"], found["total"], found["counts"]) == ("completed", 5, {"completed": 5})
    message = receiver.got[0].proven_by(hook["secret"])
    assert message["type"] == "batch.ended"
    assert {name: message["data"][name] for name in ("batch_id", "status", "counts", "metadata")} == {
        "batch_id": batch_id, "status": "completed", "counts": {"completed": 5}, "metadata": {"season": "summer"},
    }  # fmt: skip
    first = await shop.guest.http.get(f"/v1/batches/{batch_id}")
    again = await shop.guest.http.get(f"/v1/batches/{batch_id}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    items = (await shop.guest.http.get(f"/v1/batches/{batch_id}/items", params={"limit": 3})).json()
    rest = await shop.guest.http.get(
        f"/v1/batches/{batch_id}/items", params={"limit": 3, "cursor": items["next_cursor"]}
    )
    every = items["items"] + rest.json()["items"]
    assert [one["n"] for one in every] == [1, 2, 3, 4, 5]
    assert [one["custom_id"] for one in every] == [f"p1-g{g}" for g in range(1, 6)]
    tryon = (await shop.guest.http.get(f"/v1/tryons/{every[0]['job_id']}")).json()
    assert (tryon["metadata"], tryon["external_id"]) == ({"look": "one"}, "p1-g1")
    fetched = await shop.guest.http.get(f"/v1/batches/{batch_id}/results")
    archive = zipfile.ZipFile(io.BytesIO(fetched.content))
    assert archive.testzip() is None
    manifest = [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()]
    assert [line["n"] for line in manifest] == [1, 2, 3, 4, 5]
    for line in manifest:
        assert hashlib.sha256(archive.read(line["file"])).hexdigest() == line["sha256"]
        assert (await shop.guest.http.get(line["url"])).status_code == 302
    lines = (await shop.guest.http.get(f"/v1/batches/{batch_id}/results", params={"format": "jsonl"})).text
    assert [json.loads(line)["job_id"] for line in lines.splitlines()] == [one["job_id"] for one in every]


@pytest.mark.long
async def test_ten_thousand_items_become_no_more_jobs_than_the_window_and_are_cancelled_in_one_go(
    gateway, shop, hands, redis, parts
) -> None:
    async with weavers(redis, 2):
        batch_id = await made(shop, ITEMS_MOST)
        await until(lambda: _unfinished(parts), what="the first items")
        most = 0
        for _ in range(40):  # Nothing is woven meanwhile.
            most = max(most, await _unfinished(parts))
            assert await redis.llen(JOBS) == 0
            assert await redis.zcard(QueueKeys(JOBS).spare) <= 2
            await asyncio.sleep(0.02)
        assert 0 < most <= 4, "two workers of one slot each: a window of four"
        listed = await seen(shop, batch_id)
        assert sum(listed["counts"].values()) == ITEMS_MOST
        assert listed["counts"]["waiting"] >= ITEMS_MOST - WINDOW_MOST
        canceled = await shop.guest.http.post(f"/v1/batches/{batch_id}/cancel")
        assert canceled.status_code == 202
        found = await ended(shop, batch_id)
    assert (found["status"], found["counts"]) == ("canceled", {"canceled": ITEMS_MOST})


async def _unfinished(parts):
    async with parts.ledger.read() as reads:
        return len(await reads.batches.unfinished_jobs())


async def test_a_batch_wakes_nobody_waits_behind_others_and_takes_no_worker_that_is_to_go(
    gateway, shop, hands, redis, parts
) -> None:
    batch_id = await made(shop, 3)
    names = QueueKeys(JOBS)
    await parts.fleet.refresh()
    assert await parts.batches.feeder.turn() == 0, "no worker is ready"
    assert await _unfinished(parts) == await redis.llen(JOBS) == 0
    async with weavers(redis, 1):
        other = await shop.snap()
        await until(lambda: _unfinished(parts), what="the window")
        for _ in range(20):
            assert await redis.zcard(names.index("puppet")) + await redis.zcard(names.index("timed")) == 1
            await asyncio.sleep(0.05)
        taken = await hands.take()
        assert taken.id == other["job_id"], "the batch's pictures wait while anything else does"
        await hands.finish(taken)
        async with hands.working():
            found = await ended(shop, batch_id)
    assert found["counts"] == {"completed": 3}


LINE_RULES: list[tuple[list[Any], list[str]]] = [
    ([{"person": "P", "garment": "G", "quality": "great"}], ["line", "1", "quality"]),
    ([{"person": "P", "garment": "G"}, {"person": "P"}], ["line", "2", "garment"]),
    ([{"person": "P", "garment": "G"}, {"person": "P", "garment": "no://such"}], ["line", "2", "garment"]),
    ([{"person": "P", "garment": "G", "custom_id": "a"}] * 2, ["line", "2", "custom_id"]),
    ([{"person": "P", "garment": "G", "colour": "red"}], ["line", "1", "colour"]),
    (["not an object"], ["line", "1"]),
    ([], ["line"]),
]


async def test_a_bad_line_is_named_with_its_rule_and_nothing_is_stored(gateway, shop) -> None:
    known = {"P": shop.person, "G": shop.garment}
    for lines, place in LINE_RULES:
        body = "\n".join(
            json.dumps({name: known.get(value, value) for name, value in one.items()} if isinstance(one, dict) else one)
            for one in lines
        )
        answer = await shop.guest.http.post(
            "/v1/batches", content=body, headers={"content-type": "application/jsonl; charset=utf-8"}
        )
        assert answer.status_code == 422, answer.text
        found = answer.json()["errors"][0]
        assert all(part in json.dumps(found) for part in place), found
    assert (await shop.guest.http.get("/v1/batches")).json()["items"] == []


async def test_lines_make_the_same_batch_once_for_a_key_and_a_dry_run_stores_nothing(gateway, shop) -> None:
    head = {"batch": {"options": {"model": "timed"}, "completion_window": 3600}}
    items = [{"person": shop.person, "garment": shop.garment, "custom_id": f"look-{n}"} for n in range(3)]
    body = "\n".join(map(json.dumps, [head, *items]))
    headers = {"content-type": "application/jsonl", "idempotency-key": "one"}
    answers = [await shop.guest.http.post("/v1/batches", content=body, headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json()["batch_id"] == answers[1].json()["batch_id"]
    dry = await shop.guest.http.post("/v1/batches", json=matrix(shop, 7, dry_run=True))
    assert dry.status_code == 200, dry.text
    assert (dry.json()["pictures"], dry.json()["basis"]) == (7, "assumed")
    assert dry.json()["gpu_seconds"] > 0
    assert len((await shop.guest.http.get("/v1/batches")).json()["items"]) == 1
    both = matrix(shop, 1) | {"items": items}
    for refused in (both, {"persons": [shop.person]}, matrix(shop, 1, completion_window=604_801)):
        assert (await shop.guest.http.post("/v1/batches", json=refused)).status_code == 422
    stranger = await gateway.guest()
    assert (await stranger.http.post("/v1/batches", json=matrix(shop, 1))).status_code == 403
    assert (await stranger.http.get(f"/v1/batches/{answers[0].json()['batch_id']}")).status_code == 404


async def test_items_whose_rights_end_are_refused_and_a_full_cap_makes_them_wait(
    gateway, shop, hands, redis, account, parts
) -> None:
    admin = await account(gateway, "staff", scopes=["admin"])
    key = await made_key(shop.guest)
    server = gateway.bearer(key["key"], "user_acme")
    capped = await admin.http.put("/v1/spend-caps/tenants/acme", json={"per_day": 0.001})
    assert capped.status_code == 200, capped.text
    batch = (await server.http.post("/v1/batches", json=matrix(shop, 2))).json()["batch_id"]
    async with weavers(redis, 1):
        await until(lambda: _rests(gateway, batch), what="the refusal for now")
        assert (await seen(shop, batch))["counts"] == {"waiting": 2}
        await shop.guest.http.post(f"/v1/keys/{key['key_id']}/revoke")
        gateway.services.batches.feeder.resting.clear()
        found = await ended(shop, batch)
    assert found["counts"] == {"failed": 2}
    items = (await shop.guest.http.get(f"/v1/batches/{batch}/items")).json()["items"]
    assert items[0]["error"]["code"] == "forbidden_scope"


async def _rests(gateway, batch_id):
    return batch_id in gateway.services.batches.feeder.resting


async def test_what_is_not_made_in_time_expires_and_a_deleted_photo_takes_its_items_along(
    gateway, shop, hands, redis, parts
) -> None:
    second = await shop.guest.upload(kind="garment")
    body = {"items": [{"person": shop.person, "garment": url} for url in (shop.garment, second, second)]}
    batch_id = (await shop.guest.http.post("/v1/batches", json=body)).json()["batch_id"]
    images = (await shop.guest.http.get("/v1/images")).json()["items"]
    gone = next(one["image_id"] for one in images if one["image_url"] == second)
    assert (await shop.guest.http.delete(f"/v1/images/{gone}")).status_code == 204
    assert (await seen(shop, batch_id))["counts"] == {"waiting": 1}
    async with weavers(redis, 1):
        await until(lambda: _unfinished(parts), what="the window")
        async with parts.ledger.write() as writes:
            late = text("UPDATE batches SET ends_at = now() WHERE id = :id")
            await writes.batches._connection.execute(late, {"id": batch_id})
        found = await ended(shop, batch_id)
    assert (found["status"], found["counts"]) == ("expired", {"expired": 1})


async def test_a_deleted_batch_leaves_no_try_on_and_no_picture(gateway, shop, hands, redis, store) -> None:
    async with weavers(redis, 1), hands.working():
        batch_id = await made(shop, 3)
        await ended(shop, batch_id)
        items = (await shop.guest.http.get(f"/v1/batches/{batch_id}/items")).json()["items"]
        prefixes = [f"results/user_acme/{one['job_id']}/" for one in items]
        assert all(list(store.list(prefix)) for prefix in prefixes)
        assert (await shop.guest.http.delete(f"/v1/batches/{batch_id}")).status_code == 204
        assert (await shop.guest.http.get(f"/v1/batches/{batch_id}")).status_code == 404

        async def erased():
            return not any(list(store.list(prefix)) for prefix in prefixes)

        await until(erased, what="the erasure")
    for one in items:
        assert (await shop.guest.http.get(f"/v1/tryons/{one['job_id']}")).status_code == 404


async def test_a_key_may_be_given_batches_alone_or_anything_but_batches(gateway, shop) -> None:
    owner = shop.guest
    only, never = [
        gateway.bearer((await made_key(owner, **rights))["key"])
        for rights in ({"priorities": ["batch"], "qualities": ["fast"]}, {"priorities": ["low", "normal"]})
    ]

    async def batch(client, **item):
        items = [{"person": shop.person, "garment": shop.garment, "quality": "fast", **more} for more in ({}, item)]
        answer = await client.http.post("/v1/batches", json={"items": items})
        return answer.json().get("code", answer.status_code), answer.text

    pair = {"user_photo_url": shop.person, "cloth_clean_url": shop.garment, "quality": "fast"}
    assert (await batch(only))[0] == 201
    assert (await only.http.post("/v1/tryons", json=pair)).json()["code"] == "priority_not_allowed"
    assert (await batch(only, quality="best"))[0] == "quality_not_allowed"
    code, words = await batch(never)
    assert (code, "'batch'" in words) == ("priority_not_allowed", True)
    assert (await never.http.post("/v1/tryons", json=pair)).status_code == 202


@pytest.mark.parametrize("read", [0, 2])
async def test_an_archive_ends_quietly_when_its_token_does_and_is_not_whole(gateway, shop, read) -> None:
    batch_id = await made(shop, 3)
    left = read

    def check() -> None:
        nonlocal left
        if left == 0:
            raise Revoked
        left -= 1

    pieces = [piece async for piece in gateway.services.batches.results.archive(batch_id, check)]
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
