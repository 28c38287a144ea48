"""The gateway as a process: it hears SIGTERM from the first instant, and ends when its inside has ended."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gateway.serving import serve
from gateway.settings import EdgeSettings
from proteus.service.lifecycle import cancel
from starting import END_SECONDS, Starting
from waiting import until
from workbench.stack.ports import free_port

ENVIRONMENT = {
    "PROTEUS_SIGNING_KEY": "a-key-for-tests-that-is-long-enough-to-sign",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "OBJECT_STORAGE_ENDPOINT": "http://127.0.0.1:1",
    "OBJECT_STORAGE_ACCESS_KEY": "nobody",
    "OBJECT_STORAGE_SECRET_KEY": "nothing",
    "LOG_JSON": "1",
    "GATEWAY_INNER_PORT": "0",
}


def starting(tmp_path):
    port = str(free_port())
    return Starting(
        "gateway", "serve", "--host", "127.0.0.1", "--port", port, environment=ENVIRONMENT, log=tmp_path / "log"
    )


def test_a_gateway_hears_sigterm_before_its_heavy_imports(tmp_path):
    process = starting(tmp_path)
    process.wait_until_it_hears()
    assert process.ask_to_end() < END_SECONDS
    assert not process.imported("fastapi")
    assert "Traceback" not in process.said()
    assert process.status == 143


@pytest.mark.parametrize(
    "seconds", [pytest.param(1.0, marks=pytest.mark.long), 2.5, pytest.param(8.0, marks=pytest.mark.long)]
)
async def test_a_gateway_whose_servers_are_away_ends_within_two_seconds_of_sigterm(tmp_path, seconds):
    process = starting(tmp_path)
    process.wait_until_it_hears()
    await asyncio.sleep(seconds)  # The moment is what is tested: whatever the process is at.
    assert process.ask_to_end() < END_SECONDS
    assert "Traceback" not in process.said()
    assert process.status in (0, 143)


async def test_a_gateway_whose_loops_have_ended_ends_with_a_status(gateway_settings, store):
    port = free_port()
    settings = gateway_settings.model_copy(update={"edge": EdgeSettings(inner_port=0)})
    serving = asyncio.create_task(serve(settings, host="127.0.0.1", port=port))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(60):
        await until(lambda: _answers(client, "/readyz", 200), what="readiness")
        await cancel(*_tasks("background"))
        assert await serving == 1


async def test_a_dead_loop_is_named_by_healthz_and_readyz(gateway):
    async with httpx.AsyncClient(base_url=gateway.url) as client:
        assert (await client.get("/healthz")).status_code == 200
        await cancel(*_tasks("recorder"))
        await until(lambda: _answers(client, "/healthz", 503), what="a 503 at /healthz")
        for path in ("/healthz", "/readyz"):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (503, "loops that stopped turning: recorder\n")


async def _answers(client: httpx.AsyncClient, path: str, status: int) -> bool:
    try:
        return (await client.get(path)).status_code == status
    except httpx.TransportError:
        return False


def _tasks(name: str) -> list[asyncio.Task[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == name]
