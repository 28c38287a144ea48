"""Weights whose source is away at the start: the worker stays up, not ready, says why, and goes on when it is back."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from gates import Gate
from proteus.jobs import WorkerId
from proteus.registry import list_workers
from proteus.service.supervision import Pulse
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from proteus.worker.fetching import fetch_weights
from proteus.worker.weights import WeightsOrder
from workbench.chaos.proxies import Answer, StoreProxy
from workbench.stack.ports import free_port

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

FILES = {"model.safetensors": b"w" * 300_000, "config.json": b"{}"}


def fill(store: ObjectStore, model: str) -> str:
    for name, body in FILES.items():
        store.put(f"{model}/{name}", body, content_type="application/octet-stream")
    return f"s3://{store.settings.bucket}"


async def ask(url: str, *, content: bytes | None = None) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request("GET" if content is None else "POST", url, content=content, timeout=5)


async def says(url: str, *texts: str) -> str | None:
    """Return a 503's text once it holds all of these."""
    try:
        answer = await ask(url)
    except httpx.TransportError:
        return None
    return answer.text if answer.status_code == 503 and all(text in answer.text for text in texts) else None


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_weaver_waits_for_its_source_through_refusals_and_errors_and_serves_when_it_is_back(
    fleet: Fleet, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    from weaver.pipelines.fashn.network import TryOnConfig
    from workbench.bench.checkpoints import write_fashn

    tiny = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)
    weights = write_fashn(tmp_path / "fashn", config=tiny)
    fleet.store.put(f"fashn/{weights.name}", weights.read_bytes(), content_type="application/octet-stream")
    settings = fleet.store.settings
    upstream = urlsplit(settings.endpoint).port
    assert upstream
    proxy = StoreProxy(port=free_port(), upstream_port=upstream, rng=random.Random(1))
    probe = free_port()
    async with proxy.listening(), Gate(f"http://127.0.0.1:{proxy.port}") as gate:
        url = gate.url
        await gate.become("refuses")
        process = fleet.start(
            "weaver",
            "w1",
            WEAVER_ENGINES="fashn",
            WEAVER_PROFILE_SECONDS="0",
            WEAVER_WEIGHTS_DIR=str(tmp_path / "weights"),
            WEAVER_WEIGHTS_SOURCE=f"s3://{settings.bucket}",
            OBJECT_STORAGE_ENDPOINT=url,
            OMP_NUM_THREADS="1",
            PROBE_PORT=str(probe),
            PROBE_HOST="127.0.0.1",
        )
        ready = f"http://127.0.0.1:{probe}/readyz"
        said = await fleet.until(
            lambda: says(ready, "fashn", settings.bucket, "EndpointConnectionError"), what="readiness names the source"
        )
        assert settings.secret_key.get_secret_value() not in said
        answering = asyncio.create_task(proxy.answering(Answer(kind="error", code="503"), seconds=60))
        await gate.become("open")
        await fleet.until(lambda: says(ready, "SlowDown", settings.bucket), what="readiness names the error")
        assert (await ask(f"http://127.0.0.1:{probe}/healthz")).status_code == 200
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await fleet.ready(process, fleet.queue)
        assert (await ask(ready)).status_code == 200
        assert process.said("weights_source_away")
        assert process.stop() == 0
        assert not process.said("Traceback")


async def test_a_tailor_that_waits_for_its_source_answers_and_can_be_stopped(fleet: Fleet, tmp_path: Path) -> None:
    port = free_port()
    process = fleet.start(
        "tailor",
        "t1",
        TAILOR_PARSER="clean",
        TAILOR_WEIGHTS_DIR=str(tmp_path),
        TAILOR_WEIGHTS_SOURCE="s3://weights",
        TAILOR_HTTP_PORT=str(port),
        TAILOR_HTTP_HOST="127.0.0.1",
        OBJECT_STORAGE_ENDPOINT="http://127.0.0.1:1",
    )
    url = f"http://127.0.0.1:{port}"
    await fleet.until(
        lambda: says(f"{url}/readyz", "the tailor is loading: ", "clean", "'weights'"), what="it says why"
    )
    assert (await ask(f"{url}/healthz")).status_code == 200
    refused = await ask(f"{url}/segment", content=b"picture")
    assert (refused.status_code, refused.json()["code"]) == (503, "not_loaded")
    (card,) = await list_workers(fleet.redis, fleet.tailor_queue.keys)
    assert (card.id, card.state, card.slots_free) == (WorkerId("t1"), "loading", 0)
    assert process.stop() == 0
    assert await list_workers(fleet.redis, fleet.tailor_queue.keys) == []
    assert not process.said("Traceback"), process.log.read_text()


@pytest.mark.long
async def test_a_source_that_says_no_ends_the_worker_with_a_sentence(fleet: Fleet, tmp_path: Path) -> None:
    process = fleet.start(
        "weaver",
        "w1",
        WEAVER_ENGINES="catvton",
        WEAVER_WEIGHTS_DIR=str(tmp_path),
        WEAVER_WEIGHTS_SOURCE="s3://no-such-bucket",
    )
    assert await asyncio.to_thread(process.popen.wait, 60) == 1
    (line,) = [line for line in process.log.read_text().splitlines() if '"cannot_work"' in line]
    assert "there is no bucket 'no-such-bucket'" in line
    assert await list_workers(fleet.redis, fleet.queue.keys) == []


@pytest.mark.long
async def test_an_attempt_that_stands_still_is_ended_and_the_next_one_succeeds(
    store: ObjectStore, storage_settings: StorageSettings, tmp_path: Path
) -> None:
    order = WeightsOrder(model="catvton", source=fill(store, "catvton"), folder=str(tmp_path), service="weaver")
    waits: list[str] = []
    stop = asyncio.Event()
    async with Gate(storage_settings.endpoint) as gate:
        here = storage_settings.model_copy(update={"endpoint": gate.url})
        await gate.become("hangs")

        def on_wait(what: str) -> None:
            waits.append(what)
            if "TimeoutError" in what:
                opening.append(asyncio.create_task(gate.become("open")))

        opening: list[asyncio.Task[None]] = []
        refused = await fetch_weights([order], here, stop, Pulse("weights"), on_wait=on_wait, attempt_seconds=12)
        await asyncio.gather(*opening)
    assert refused == {}
    assert "catvton's weights do not come from s3://" in waits[1]
    assert waits[-1] == ""
    assert {file.name: file.read_bytes() for file in (tmp_path / "catvton").iterdir()} == FILES
    assert not [child for child in psutil.Process().children() if "weights_process" in " ".join(child.cmdline())]


async def test_a_stop_ends_an_attempt_at_once(storage_settings: StorageSettings, tmp_path: Path) -> None:
    order = WeightsOrder(model="catvton", source="s3://some-bucket", folder=str(tmp_path), service="weaver")
    stop = asyncio.Event()
    async with Gate(storage_settings.endpoint) as gate:
        here = storage_settings.model_copy(update={"endpoint": gate.url})
        await gate.become("hangs")
        fetching = asyncio.create_task(fetch_weights([order], here, stop, Pulse("weights"), on_wait=lambda what: None))
        await asyncio.sleep(0.3)  # The moment itself is what is tried.
        stop.set()
        stopped_at = time.monotonic()
        assert await fetching is None
        assert time.monotonic() - stopped_at < 5


async def test_what_is_there_needs_no_source(storage_settings: StorageSettings, tmp_path: Path) -> None:
    (tmp_path / "catvton").mkdir()
    (tmp_path / "catvton" / "model.safetensors").write_bytes(b"w")
    away = storage_settings.model_copy(update={"endpoint": "http://127.0.0.1:1"})
    orders = [
        WeightsOrder(model="catvton", source="s3://some-bucket", folder=str(tmp_path), service="weaver"),
        WeightsOrder(model="fashn", source="", folder="", service="weaver"),
    ]
    stop = asyncio.Event()
    assert await fetch_weights(orders, away, stop, Pulse("weights"), on_wait=lambda what: None) == {}
