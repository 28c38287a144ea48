"""What surrounds the work: migrations, docs, page, health, ownership, adoption, operators, graceful stop."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gateway.commands import token
from gateway.ledger.engine import Ledger
from gateway.ledger.migrate import check, config, upgrade
from gateway.settings import DatabaseSettings
from proteus.keys import JOBS, TAILOR
from waiting import PATIENCE_SECONDS, until

UPGRADE = "from gateway.ledger.migrate import upgrade; from gateway.settings import DatabaseSettings as S; upgrade(S())"


def test_a_fresh_database_comes_to_the_tables_of_the_code(database_url) -> None:
    settings = DatabaseSettings(url=database_url)
    upgrade(settings)
    upgrade(settings)
    check(settings)


async def test_a_job_may_be_of_any_stage_with_a_fit_name_and_old_rows_are_kept(database_url) -> None:
    settings = DatabaseSettings(url=database_url)
    await asyncio.to_thread(command.downgrade, config(settings), "0006")
    ledger = Ledger(settings)
    made = "INSERT INTO jobs (id, kind, user_id, tenant, state, engine, batch_key, trace_id) VALUES ('{0}', '{0}', "
    made += "'user_1', 't', 'queued', 'e', 'k', 't')"

    async def add(kind: str) -> None:
        async with ledger.write() as writes:
            await writes.jobs._connection.execute(text(made.format(kind)))

    async with ledger.write() as writes:
        for user, kind, tenant in (("user_1", "guest", "guests"), ("user_acme", "account", "acme")):
            row = f"INSERT INTO users (id, kind, tenant) VALUES ('{user}', '{kind}', '{tenant}')"
            await writes.users._connection.execute(text(row))
    await add("cut")
    with pytest.raises(IntegrityError, match="ck_jobs_kind"):
        await add("quality")
    replicas = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", UPGRADE, env={**os.environ, "DATABASE_URL": database_url}
        )
        for _ in range(2)
    ]
    assert [await one.wait() for one in replicas] == [0, 0]
    await add("quality")
    for kind in ("Cut-out", "", "x" * 33):
        with pytest.raises(IntegrityError, match="ck_jobs_kind"):
            await add(kind)
    async with ledger.read() as reads:
        found = await reads.jobs._connection.execute(text("SELECT kind FROM jobs ORDER BY kind"))
        assert list(found.scalars()) == ["cut", "quality"]
        valid = text("SELECT convalidated FROM pg_constraint WHERE conname = 'ck_jobs_kind'")
        assert (await reads.jobs._connection.execute(valid)).scalar_one()
        users = await reads.users.page(None, limit=10)
        assert {(one.id, one.kind, one.tenant) for one in users} == {
            ("user_1", "guest", "guests"), ("user_acme", "account", "acme"),
        }  # fmt: skip
        assert {one.id for one in await reads.tenants.page(None, limit=10)} == {"guests", "acme"}
    await ledger.close()
    await asyncio.to_thread(command.downgrade, config(settings), "0007")


async def test_every_route_has_an_example_or_needs_none(gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as plain:
        described = (await plain.get("/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    founding = {
        ("post", "/api/upload/cloth"), ("post", "/api/snap"), ("get", "/api/status/{job_id}"),
        ("get", "/images/presignedUpUrl"), ("get", "/images/presignedDownloadUrl"),
        ("post", "/segformer/segmentOutfitPic"), ("post", "/catvton/transferOutfit"), ("post", "/v1/auth/guest"),
        ("get", "/users"), ("get", "/vtons"), ("post", "/vtons"), ("delete", "/users/{user_id}"),
    }  # fmt: skip
    assert founding <= {(verb, path) for path, verbs in described["paths"].items() for verb in verbs}
    schemas = described["components"]["schemas"]
    for path, verbs in described["paths"].items():
        for verb, operation in verbs.items():
            assert operation["summary"], path
            for answer in operation["responses"].values():
                for media in answer.get("content", {}).values():
                    name = media.get("schema", {}).get("$ref", "").rpartition("/")[2]
                    if name:
                        assert "examples" in schemas[name], (verb, path, name)
            for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                name = media["schema"].get("$ref", "").rpartition("/")[2]
                inline = kind in ("multipart/form-data", "application/jsonl")
                assert inline or "examples" in schemas[name], (verb, path)


async def test_pages_load_nothing_foreign(gateway, storage_settings) -> None:
    async with httpx.AsyncClient(base_url=gateway.url, follow_redirects=True) as plain:
        docs = await plain.get("/docs")
        ui = await plain.get("/")
        assert (await plain.get("/docs/assets/swagger-ui-bundle.js")).status_code == 200
        assert (await plain.get("/docs/start.js")).headers["content-type"].startswith("text/javascript")
    assert "default-src 'none'" in docs.headers["content-security-policy"]
    assert not re.findall(r'(?:src|href)="https?://', docs.text + ui.text)
    policy = ui.headers["content-security-policy"]
    assert f"connect-src 'self' ws://{ui.url.netloc.decode()}" in policy
    assert storage_settings.endpoint in policy
    assert not {"'unsafe-inline'", "'unsafe-eval'"} & set(re.split("[ ;]+", policy))


ALL_WELL = {"postgres": "ok", "redis": "ok", "storage": "ok"}


async def test_health_says_what_works_and_the_inner_port_how_much(gateway, ready) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as plain:
        assert (await plain.get("/health")).json() == {"status": "ok", "dependencies": ALL_WELL}
        health = (await plain.get(f"{gateway.inner_url}/health")).json()
        assert (health["status"], health["dependencies"]) == ("ok", ALL_WELL)
        assert health["models"]["puppet"] == "absent"

        async def nothing_waits() -> bool:  # The view of the fleet is a second old at most.
            return (await plain.get(f"{gateway.inner_url}/health")).json()["queue"]["waiting"] == 0

        await until(nothing_waits, what="an empty queue")
        assert (await plain.get("/healthz")).text == "ok\n"
        assert (await plain.get("/readyz")).status_code == 200
        assert (await plain.get("/metrics")).status_code == 404
        metrics = (await plain.get(f"{gateway.inner_url}/metrics")).text
        assert 'proteus_gateway_settled_total{kind="tryon",state="completed"}' in metrics
        assert re.search(r'proteus_gateway_pictures_total\{outcome="(in_time|late)"\} [1-9]', metrics)
        assert 'proteus_loop_stuck_ratio{loop="recorder"} 0.0' in metrics
        models = (await plain.get("/v1/models")).json()["items"]
        cors = await plain.options(
            "/api/snap", headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
        )
    assert cors.headers["access-control-allow-origin"] == "*"
    assert {model["engine"] for model in models} >= {"puppet", "catvton", "fashn"}
    assert next(model for model in models if model["engine"] == "catvton")["commercial_use"] is False


async def test_a_commercial_deployment_refuses_non_commercial_engines(gateway_settings, serve, prepare) -> None:
    async with serve(gateway_settings.model_copy(update={"licence_policy": "commercial"})) as gateway:
        ready = await prepare(gateway, await gateway.guest())
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "model": "catvton"}
        refused = await ready.guest.http.post("/api/snap", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "licence_refused")


async def test_another_users_ids_are_not_there(gateway, ready, hands) -> None:
    snap = await ready.snap()
    async with hands.working():
        await ready.guest.wait(snap["job_id"])
    cut = (await ready.guest.http.post("/v1/segmentations", json={"image_url": ready.person})).json()
    stranger = await gateway.guest()
    image_id = ready.person.rpartition("/")[2]
    for verb, path in (
        ("GET", f"/api/status/{snap['job_id']}"),
        ("GET", f"/v1/tryons/{snap['job_id']}/events"),
        ("POST", f"/v1/tryons/{snap['job_id']}/cancel"),
        ("DELETE", f"/v1/tryons/{snap['job_id']}"),
        ("GET", f"/v1/results/{snap['job_id']}/1"),
        ("GET", f"/v1/results/{cut['job_id']}/1"),
        ("GET", f"/api/status/{cut['job_id']}"),
        ("GET", f"/vtons/{snap['vton_id']}"),
        ("PATCH", f"/vtons/{snap['vton_id']}"),
        ("DELETE", f"/vtons/{snap['vton_id']}"),
        ("GET", f"/v1/images/{image_id}"),
        ("DELETE", f"/v1/images/{image_id}"),
        ("GET", f"/images/presignedDownloadUrl?image_id={image_id}"),
        ("GET", f"/users/{ready.guest.user_id}"),
        ("DELETE", f"/users/{ready.guest.user_id}"),
    ):
        body = {"json": {"metadata": None}} if verb == "PATCH" else {}
        answer = await stranger.http.request(verb, path, **body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    submit = await stranger.http.post("/catvton/transferOutfit", json={"vton_id": snap["vton_id"]})
    assert submit.status_code == 404
    assert (await stranger.http.get("/v1/tryons")).json()["items"] == []
    assert [user["user_id"] for user in (await stranger.http.get("/users")).json()["items"]] == [stranger.user_id]
    assert (await ready.guest.http.get(f"/v1/results/{snap['job_id']}/1")).status_code == 302


async def test_a_photo_can_be_fetched_once_it_was_ingested(gateway, hands) -> None:
    guest = await gateway.guest()
    image_id = (await guest.upload()).rpartition("/")[2]
    early = await guest.http.get("/images/presignedDownloadUrl", params={"image_id": image_id})
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    await hands.finish(await hands.take(TAILOR))
    async with httpx.AsyncClient() as plain:
        while True:
            ticket = await guest.http.get("/images/presignedDownloadUrl", params={"image_id": image_id})
            if ticket.status_code == 200:
                break
        assert (await plain.get(ticket.json()["download_url"])).content.startswith(b"\x89PNG")


async def test_a_payload_pushed_by_hand_becomes_a_try_on_or_a_dead_letter(
    ready, hands, parts, redis, store, picture
) -> None:
    store.put("hand/person.png", picture(), content_type="image/png")
    store.put("hand/shirt.png", picture((70, 70)), content_type="image/png")
    good = {
        "id": "job_by-hand", "user_photo_url": store.url_of("hand/person.png"),
        "cloth_clean_url": store.url_of("hand/shirt.png"), "created_at": 1706956800,
    }  # fmt: skip
    bad = [
        "no json", json.dumps({"id": 5}), json.dumps({**good, "id": "job_2", "cloth_clean_url": "http://evil/x.png"}),
        json.dumps({**good, "id": "job_3", "user_photo_url": store.url_of("hand/none.png")}),
    ]  # fmt: skip
    await redis.lpush(JOBS, json.dumps(good), *bad)
    adopter = parts.importer
    async with hands.working():
        while True:
            await adopter.adopt()
            async with parts.ledger.read() as reads:
                found = (await reads.jobs.by_ids(["job_by-hand"])).get("job_by-hand")
            if found and found.state == "completed":
                break
    assert found.user_id == "user_foreign"
    letters = await parts.queues[JOBS].look(*await parts.queues[JOBS].dead_letters())
    assert {letter.code for letter in letters} == {"invalid_request", "foreign_url", "upload_missing"}


async def test_a_payload_pushed_by_hand_may_name_a_photo_that_was_ingested(ready, hands, parts, redis, store) -> None:
    assert not store.exists(store.key_of(ready.person)), "its upload is gone by now"
    payload = {"id": "job_again", "user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    await redis.lpush(JOBS, json.dumps(payload))
    adopter = parts.importer
    async with hands.working(), asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await adopter.adopt()
            async with parts.ledger.read() as reads:
                found = (await reads.jobs.by_ids(["job_again"])).get("job_again")
            if found and found.terminal:
                break
    assert found.state == "completed"


async def test_operators_see_retry_and_drop(gateway, ready, hands, parts, tokens) -> None:
    from proteus.queue import Failure

    snap = await ready.snap()
    job = await hands.take()
    broken = Failure(id=job.id, token=job.token, code="engine_failed", message="Boom.", retryable=False)
    await hands.queues[JOBS].fail(hands.worker, [broken])
    assert (await ready.guest.wait(snap["job_id"]))["error"]["code"] == "engine_failed"
    assert (await ready.guest.http.get("/v1/queue")).json()["code"] == "forbidden_scope"
    operator = gateway.bearer(tokens.mint(ready.guest.user_id, tenant="ops", scopes=["admin"], seconds=600)).http
    assert (await operator.get("/v1/queue")).json()["queues"][JOBS]["dead"] == 1
    assert (await operator.get("/v1/queue/dead")).json()["items"][0]["code"] == "engine_failed"
    listed = (await operator.get("/v1/queue/jobs", params={"state": "failed"})).json()["items"]
    assert [item["job_id"] for item in listed] == [snap["job_id"]]
    async with hands.working():
        again = await operator.post(f"/v1/queue/jobs/{snap['job_id']}/retry")
        assert again.json()["status"] == "queued"
        assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"
    assert (await operator.post(f"/v1/queue/jobs/{snap['job_id']}/retry")).status_code == 409
    dropped = await ready.snap()
    assert (await operator.post(f"/v1/queue/jobs/{dropped['job_id']}/drop")).status_code == 204
    assert (await ready.guest.wait(dropped["job_id"]))["status"] == "canceled"
    shown = (await operator.get(f"/v1/queue/jobs/{dropped['job_id']}")).json()
    assert shown["in_redis"]["state"] == "canceled"
    assert len((await operator.get("/users")).json()["items"]) == 1


async def test_open_streams_do_not_hold_up_a_stop(gateway_settings, store, serve) -> None:
    async with serve(gateway_settings) as gateway:
        guest = await gateway.guest()
        other = await gateway.guest()
        async with guest.listening(), other.http.stream("GET", "/v1/events") as response:
            gateway.stop()
            async with asyncio.timeout(3):
                assert [line async for line in response.aiter_lines()] == []


async def test_a_minted_token_opens_its_tenants_account(gateway, gateway_settings) -> None:
    minted = await token(gateway_settings, tenant="acme", scopes=["priority:high"], seconds=600)
    again = await token(gateway_settings, tenant="acme", scopes=[], seconds=600)
    for one in (minted, again):
        me = (await gateway.bearer(one).http.get("/users/me")).json()
        assert (me["user_id"], me["kind"], me["tenant"]) == ("user_acme", "account", "acme")


async def padded(body: dict[str, str]) -> AsyncIterator[bytes]:
    """A valid body that is too long, and whose length nobody declares."""
    yield json.dumps(body).encode()
    for _ in range(70):
        yield b" " * 1_000


KEYS = [("first", 202), ("k" * 255, 202), ("k" * 256, 422), ("", 400), ("a\tb", 422)]
"""Idempotency-Keys, and what a valid submit is answered with each."""


async def test_a_plain_submit_is_answered_like_one_that_takes_the_long_way(gateway, ready) -> None:
    """Plain submits pass the framework by, a browser's as well; a charset sends the same request through it."""
    http = ready.guest.http
    browser, charset = {"Origin": "https://shop.example"}, {"Content-Type": "application/json; charset=utf-8"}
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    wrong = {"Authorization": "Bearer nobody"}
    asked: list[tuple[str, dict[str, Any], int]] = [
        ("/api/snap", {"json": body}, 202),
        ("/v1/tryons", {"json": {**body, "seed": 7}}, 202),
        ("/api/snap", {"json": body, "headers": wrong}, 401),
        ("/api/snap", {"json": {**body, "user_photo_url": "https://elsewhere.example/x"}}, 400),
        ("/api/snap", {"json": {**body, "priority": "high"}}, 403),
        ("/api/snap", {"json": {**body, "quality": "superb"}}, 422),
        ("/api/snap", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 422),
        ("/api/snap", {"content": b"", "headers": {"Content-Type": "application/json"}}, 422),
        ("/api/snap", {"content": b" " * 70_000, "headers": {"Content-Type": "application/json"}}, 413),
        *[("/api/snap", {"json": body, "headers": {"Idempotency-Key": key}}, status) for key, status in KEYS],
    ]
    changing = {"job_id", "vton_id", "created_at", "eta", "position", "request_id"}
    for path, request, status in asked:
        headers = request.pop("headers", {}) | browser
        short = await http.post(path, headers=headers, **request)
        long = await http.post(path, headers=headers | charset, **request)
        assert (short.status_code, long.status_code) == (status, status), short.text
        assert short.headers.keys() == long.headers.keys()
        assert short.headers.get("access-control-allow-origin") == long.headers.get("access-control-allow-origin")
        one, other = short.json(), long.json()
        assert one.keys() == other.keys()
        assert one | dict.fromkeys(changing) == other | dict.fromkeys(changing)
    endless = await http.post("/api/snap", content=padded(body), headers={"Content-Type": "application/json"})
    assert (endless.status_code, endless.json()["code"]) == (413, "body_too_large")
    counted = (await http.get(f"{gateway.inner_url}/metrics")).text
    assert 'proteus_gateway_request_seconds_count{method="POST",route="/api/snap",status="202"}' in counted
