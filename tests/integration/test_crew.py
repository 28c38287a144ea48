"""The supervisor follows the number of weavers; the weavers are stand-ins of a few lines, started for real."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from proteus import keys
from waiting import PATIENCE_SECONDS
from workbench.stack.crew import Crew, asked_in
from workbench.stack.plan import Plan, answers
from workbench.stack.ports import free_port, is_free
from workbench.stack.process import Program
from workbench.stack.supervisor import Supervisor

_WEAVER = """
import http.server, os, pathlib, signal, sys
port, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
if (folder / "broken").exists():
    sys.exit("no weights here")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
def bye(*_):
    print("handed in", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, bye)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def weaver(place: int, folder: Path) -> Program:
    port = free_port()
    return Program(
        name="weaver" if place == 1 else f"weaver-{place}",
        command=(sys.executable, "-c", _WEAVER, str(port), str(folder)),
        port=port,
        is_ready=answers(f"http://127.0.0.1:{port}/"),
        ready_seconds=20,
    )


class Stage:
    """A supervisor that runs, the number it follows, and what it says."""

    def __init__(self, redis: Redis, redis_url: str, folder: Path, *, places: int) -> None:
        self.folder = folder
        self.programs = tuple(weaver(place, folder) for place in range(1, places + 1))
        self.lines: list[str] = []
        self._redis = redis
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        crew = Crew(self.programs, asked_in(redis_url))
        plan = Plan(
            servers=(),
            fetch=lambda: None,
            provision=lambda: None,
            migrate=(sys.executable, "-c", "pass"),
            environment={},
            reach={},
            services=(weaver(99, folder),),
            gateway_url="",
            crew=crew,
        )
        self.supervisor = Supervisor(plan, logs=folder / "logs", say=self._say)

    def _say(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")
        self._loop.call_soon_threadsafe(self._more.set)

    async def ask(self, number: object) -> None:
        await self._redis.set(keys.WEAVER_REPLICAS, str(number), ex=300)

    async def heard(self, text: str, *, times: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while sum(text in line for line in self.lines) < times:
                self._more.clear()
                await self._more.wait()

    async def pid(self, place: int) -> int:
        answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{self.programs[place - 1].port}/")
        return int(answer.text)

    @property
    def running(self) -> int:
        return sum(program.is_ready() for program in self.programs)


@pytest.fixture
def stage(redis: Redis, redis_url: str, tmp_path: Path) -> Callable[..., object]:
    @asynccontextmanager
    async def make(places: int = 1) -> AsyncIterator[Stage]:
        made = Stage(redis, redis_url, tmp_path, places=places)
        async with made.supervisor.running():
            yield made
        assert all(is_free(program.port) for program in made.programs)

    return make


async def test_a_weaver_that_is_not_needed_hands_in_stays_away_and_comes_back(stage) -> None:
    async with stage() as made:
        assert made.running == 1
        await made.ask(0)
        await made.heard("weaver has gone (status 0)")
        assert "weaver: handed in" in made.lines
        await made.ask("none")
        await made.heard("holds 'none', which is no number")
        await made.heard("weaver is ready")
        assert made.running == 1
        assert not [line for line in made.lines if "starting it again" in line]


async def test_places_fill_from_the_first_and_empty_from_the_last_and_the_maximum_holds(stage) -> None:
    async with stage(places=3) as made:
        await made.ask(99)
        await made.heard("weaver-2 is ready")
        await made.heard("weaver-3 is ready")
        assert made.running == 3
        await made.ask(1)
        await made.heard("weaver-3 has gone")
        await made.heard("weaver-2 has gone")
        assert made.programs[0].is_ready()
        assert made.running == 1


async def test_without_an_arbitrator_what_runs_is_kept(stage, redis) -> None:
    async with stage(places=2) as made:
        await made.ask(2)
        await made.heard("weaver-2 is ready")
        await redis.delete(keys.WEAVER_REPLICAS)
        os.kill(await made.pid(2), signal.SIGKILL)
        await made.heard("weaver-2 is back")
        assert made.running == 2


async def test_without_an_arbitrator_a_fleet_at_zero_gets_one(stage, redis) -> None:
    async with stage(places=2) as made:
        await made.ask(0)
        await made.heard("weaver has gone")
        await redis.delete(keys.WEAVER_REPLICAS)
        await made.heard("weaver is ready")
        assert made.running == 1


async def test_a_weaver_that_dies_while_starting_is_tried_again_until_nobody_asks(stage) -> None:
    async with stage() as made:
        await made.ask(0)
        await made.heard("weaver has gone")
        broken = made.folder / "broken"
        broken.touch()
        await made.ask(1)
        await made.heard("weaver ended with status 1 while starting")
        await made.heard("weaver: no weights here")
        await made.heard("starting it again in 1 s")
        broken.unlink()
        await made.heard("weaver is back")
        broken.touch()
        await made.ask(0)
        await made.heard("weaver has gone", times=2)
        await made.ask(1)
        await made.heard("while starting", times=3)
        await made.ask(0)
        await made.heard("weaver has gone (status 1)")


async def test_a_stack_that_stops_in_the_middle_of_a_drain_leaves_nothing(stage) -> None:
    async with stage(places=2) as made:
        await made.ask(2)
        await made.heard("weaver-2 is ready")
        await made.ask(0)
        await made.heard("weaver-2 is not needed")
