"""The supervisor starts, keeps and stops processes; here with stand-ins of a few lines, started for real."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from proteus_cli.local_stack import Running
from waiting import PATIENCE_SECONDS
from workbench.stack.errors import StackError
from workbench.stack.home import PREFERRED_PORTS, Home
from workbench.stack.plan import Plan, answers
from workbench.stack.ports import free_port, is_free
from workbench.stack.process import Program
from workbench.stack.supervisor import Supervisor

_SERVICE = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
def bye(*_):
    print("bye", flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, bye)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def service(name: str, *, script: str = _SERVICE) -> Program:
    port = free_port()
    return Program(
        name=name,
        command=(sys.executable, "-c", script, str(port)),
        port=port,
        is_ready=answers(f"http://127.0.0.1:{port}/"),
        ready_seconds=20,
    )


def plan_of(*services: Program) -> Plan:
    return Plan(
        servers=(),
        fetch=lambda: None,
        provision=lambda: None,
        migrate=(sys.executable, "-c", "pass"),
        environment={},
        reach={},
        services=services,
        gateway_url="",
    )


class Heard:
    """What the supervisor said, and a way to wait for more of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()

    def say(self, name: str, line: str) -> None:
        self.lines.append(f"{name}: {line}")
        self._loop.call_soon_threadsafe(self._more.set)

    async def until(self, found: Callable[[str], bool]) -> str:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._more.clear()
                for line in self.lines:
                    if found(line):
                        return line
                await self._more.wait()


async def test_a_killed_service_comes_back(tmp_path: Path) -> None:
    heard, gateway = Heard(), service("gateway")
    async with Supervisor(plan_of(gateway), logs=tmp_path, say=heard.say).running():
        answer = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{gateway.port}/")
        os.kill(int(answer.text), signal.SIGKILL)
        await heard.until(lambda line: "gateway ended with status -9" in line)
        await heard.until(lambda line: "gateway is back" in line)
        assert gateway.is_ready()
    assert is_free(gateway.port)


async def test_workers_stop_before_the_gateway(tmp_path: Path) -> None:
    heard = Heard()
    async with Supervisor(plan_of(service("weaver"), service("gateway")), logs=tmp_path, say=heard.say).running():
        pass
    assert [line for line in heard.lines if line.endswith("bye")] == ["weaver: bye", "gateway: bye"]


async def test_a_service_that_cannot_start_stops_the_others_and_says_why(tmp_path: Path) -> None:
    heard, good = Heard(), service("gateway")
    bad = service("weaver", script="import sys; sys.exit('no such engine: warp')")
    with pytest.raises(StackError, match=r"(?s)weaver ended with status 1.*no such engine: warp"):
        async with Supervisor(plan_of(bad, good), logs=tmp_path, say=heard.say).running():
            pytest.fail("it must not get here")
    assert is_free(good.port)


async def test_a_migration_that_fails_says_why(tmp_path: Path) -> None:
    heard, gateway = Heard(), service("gateway")
    broken = (sys.executable, "-c", "import sys; sys.exit('relation is odd')")
    plan = Plan(**{**vars(plan_of(gateway)), "migrate": broken})
    with pytest.raises(StackError, match=r"(?s)status 1.*relation is odd"):
        async with Supervisor(plan, logs=tmp_path, say=heard.say).running():
            pytest.fail("it must not get here")


def test_a_second_stack_in_the_same_folder_says_where_the_first_one_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        home.publish(Running(pid=os.getpid(), gateway_url="http://127.0.0.1:8000", ready=True))
        with pytest.raises(StackError, match=r"already runs \(pid \d+\): page http://127.0.0.1:8000/app"), home.held():
            pytest.fail("it must not get here")
    assert home.running() is None
    assert home.stop() is False


def test_a_state_file_of_a_killed_supervisor_is_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.publish(Running(pid=1, gateway_url="http://127.0.0.1:8000", ready=True))
    assert home.running() is None
    with home.held():
        pass


def test_ports_and_secrets_are_kept(tmp_path: Path) -> None:
    first, again = Home(tmp_path), Home(tmp_path)
    assert first.ports("gateway", "valkey") == again.ports("gateway", "valkey")
    assert first.secret("signing") == again.secret("signing")
    assert (tmp_path / "secrets.json").stat().st_mode & 0o077 == 0


def test_two_stacks_that_start_together_choose_different_ports(tmp_path: Path) -> None:
    """Nobody listens yet, so every port is free to both."""
    one, other = Home(tmp_path / "one"), Home(tmp_path / "other")
    with one.held(), other.held():
        assert not set(one.ports(*PREFERRED_PORTS).values()) & set(other.ports(*PREFERRED_PORTS).values())
