"""A whole local fleet that sleeps: a first job wakes it, idle time turns it off, a wish warms it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from rich.console import Console

from proteus_cli import access
from proteus_cli.tryon import Board, Wish, try_on
from proteus_client import AsyncProteus
from waiting import PATIENCE_SECONDS
from workbench import assets
from workbench.stack.home import Home
from workbench.stack.up import stack

MODELS: Final = Path(__file__).parents[2] / ".proteus" / "models"
IDLE_SECONDS: Final = "2"


class Door:
    """The fleet's own routes, as an account sees them."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"})

    async def __aenter__(self) -> Door:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def until(self, state: str, *, seen: list[str]) -> dict[str, Any]:
        """Wait for a state; note every one on the way."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                body: dict[str, Any] = (await self._http.get("/v1/fleet")).raise_for_status().json()
                if body["state"] not in seen[-1:]:
                    seen.append(body["state"])
                if body["state"] == state:
                    return body
                await asyncio.sleep(0.1)

    async def warm(self) -> httpx.Response:
        """Wish for a weaver."""
        return await self._http.post("/v1/fleet/warm", json={"minutes": 1})


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_fleet_at_zero_wakes_for_a_job_and_goes_to_sleep_again(tmp_path: Path) -> None:
    lines: list[str] = []

    def say(name: str, line: str) -> None:
        lines.append(f"{name}: {line}")
        print(f"{name:>10} | {line}")

    home, given = Home(tmp_path / "stack"), {"LOCAL_IDLE_SECONDS": IDLE_SECONDS}
    seen: list[str] = []
    async with (
        stack(home, models=MODELS, given=given, say=say) as plan,
        AsyncProteus(plan.gateway_url) as client,
        Door(plan.gateway_url, await asyncio.to_thread(access.mint, home.root, tenant="operators")) as door,
    ):
        cold = await door.until("cold", seen=seen)
        assert cold["replicas"] == {"ready": 0, "loading": 0, "draining": 0, "desired": 0}
        assert cold["eta"] == {"p50_seconds": 5.0, "p90_seconds": 7.5}

        seen.clear()
        wish = Wish(
            person=assets.PERSON, garment=assets.GARMENT, category="upper", options={}, output=tmp_path / "a.png"
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(door.until("ready", seen=seen))
            with Board(Console(quiet=True)).live() as board:
                done, _ = await try_on(client, wish, board=board)
        assert done.status == "completed"
        assert seen == ["cold", "loading", "ready"]

        seen.clear()
        await door.until("cold", seen=seen)
        answer = await door.warm()
        assert (answer.status_code, answer.json()["state"]) == (202, "loading")
        warm = await door.until("ready", seen=seen)
        assert warm["warm_until"] is not None
        assert seen[-3:] == ["cold", "loading", "ready"]

    said = [line.removeprefix("proteus: ") for line in lines if line.startswith("proteus: weaver")]
    left = ["weaver is not needed: it finishes what it holds", "weaver has gone (status 0)"]
    assert said[:6] == [*left, "weaver is needed: starting it", "weaver is ready", *left]
    assert home.running() is None
