"""A real gateway's log after everything a client can do, crashes included: one traceback each, and no secret."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import socketio
from sqlalchemy import text

from hands import png
from proteus.service.telemetry import TRACEBACK_MOST_CHARACTERS
from waiting import PATIENCE_SECONDS, until
from workbench.fuzz.leaks import leaks
from workbench.stack.ports import free_port

KEY = "a-key-for-this-test-that-nobody-else-signs-with"


@asynccontextmanager
async def process(settings, log: Path, **environment: str) -> AsyncIterator[str]:
    """Run `gateway serve` as a process; yield its address."""
    port, storage = free_port(), settings.storage
    given = {
        "PROTEUS_SIGNING_KEY": KEY,
        "DATABASE_URL": settings.database.url,
        "REDIS_URL": settings.redis.url,
        "OBJECT_STORAGE_ENDPOINT": storage.endpoint,
        "OBJECT_STORAGE_BUCKET": storage.bucket,
        "OBJECT_STORAGE_ACCESS_KEY": storage.access_key,
        "OBJECT_STORAGE_SECRET_KEY": storage.secret_key.get_secret_value(),
        "AUTH_GUESTS": "open",
        "GATEWAY_INNER_PORT": "0",
        "LOG_LEVEL": "DEBUG",
        **environment,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    command = [sys.executable, "-m", "gateway", "serve", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("wb") as out:
        running = await asyncio.create_subprocess_exec(*command, env={**kept, **given}, stdout=out, stderr=out)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url) as http:

            async def answers() -> bool:
                assert running.returncode is None, end_of(log)
                try:
                    return (await http.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(answers, seconds=2 * PATIENCE_SECONDS, what="readiness")
        yield url
    finally:
        running.terminate()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running.wait()


def end_of(log: Path) -> str:
    """Return the last lines of a log."""
    return log.read_text()[-2_000:]


async def use(url: str, hands) -> str:
    """Do what a shopper does, and some things he should not; return his token."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        token = (await http.post("/v1/auth/guest")).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        urls = []
        for kind in ("person", "garment"):
            asked = {"kind": kind, "content_type": "image/png", "size_bytes": len(png())}
            ticket = (await http.get("/images/presignedUpUrl", params=asked)).json()
            async with httpx.AsyncClient() as store:
                await store.put(ticket["upload_url"], headers=ticket["headers"], content=png())
            urls.append(ticket["image_url"])
            signed = ticket["upload_url"]
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(url, auth={"token": token}, transports=["websocket"], socketio_path="updates")
        async with hands.working():
            body = {"user_photo_url": urls[0], "cloth_clean_url": urls[1]}
            job = (await http.post("/api/snap", json=body)).json()["job_id"]
            await http.get(f"/api/status/{job}", params={"wait": 20})
        await client.shutdown()
        await http.get(f"/v1/results/{job}/1")
        await http.get(f"/v1/results/{job}/1", headers={"Accept": "application/json"})
        # Secrets where they do not belong: in a query, a path, a body, a header, a socket's words.
        await http.get("/v1/tryons", params={"token": token, "X-Amz-Signature": "ab" * 32})
        await http.get(f"/api/status/{token}")
        await http.get("/v1/images", params={"cursor": token})
        odd = {"user_photo_url": signed, "cloth_clean_url": signed, "metadata": {"t": token}}
        await http.post("/api/snap", json=odd)
        await http.post("/api/snap", content=token.encode(), headers={"Content-Type": "application/json"})
        await http.get("/v1/images", headers={"X-Request-ID": token[:64], "Idempotency-Key": token})
        await http.get(signed.replace("http://", "/"))
        bad = socketio.AsyncClient(reconnection=False)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await bad.connect(
                url, auth={"token": token, "last_seq": token}, transports=["websocket"], socketio_path="updates"
            )
        await bad.shutdown()
        return str(token)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.long
@pytest.mark.parametrize("json_lines", ["1", "0"])
async def test_a_log_holds_one_plain_traceback_for_a_crash_and_no_secret(
    gateway_settings, store, hands, parts, tmp_path, json_lines
) -> None:
    log = tmp_path / f"gateway-{json_lines}.log"
    async with process(gateway_settings, log, LOG_JSON=json_lines) as url:
        token = await use(url, hands)
        before = log.read_text().count("Traceback (most recent call last)")
        async with parts.ledger.write() as writes:
            await writes.users._connection.execute(text("ALTER TABLE images RENAME TO pictures"))
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
            crashed = [await http.get("/v1/images", params={"utm_source": token}) for _ in range(2)]
            assert [(answer.status_code, answer.json()["code"]) for answer in crashed] == [(500, "internal")] * 2
            assert (await http.get("/healthz")).status_code == 200
    said = log.read_text()
    crashes = [line for line in said.splitlines() if "request_crashed" in line]
    assert len(crashes) == 2
    assert "does not exist" in said
    assert "Exception in ASGI application" not in said, "uvicorn would write it all a second time"
    if json_lines == "1":
        for line in crashes:
            found = json.loads(line)["exception"]
            assert found.count("Traceback (most recent call last)") <= 4, "the error, and its causes"
            assert len(found) <= TRACEBACK_MOST_CHARACTERS + 100
    assert said.count("Traceback (most recent call last)") - before <= 8
    assert "locals" not in said
    assert "╭" not in said, "no frames drawn around values"
    secrets = (KEY, gateway_settings.storage.secret_key.get_secret_value(), token, token[:64])
    assert [secret[:6] for secret in secrets if secret in said] == []
    assert leaks(said) == []
