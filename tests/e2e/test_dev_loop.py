"""A service run by hand against a stack that leaves it out: `proteus up --without`, `proteus env`."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from dotenv import dotenv_values
from typer.testing import CliRunner

from proteus_cli.__main__ import app
from proteus_cli.local_stack import running_in
from waiting import until
from workbench.stack.home import Home
from workbench.stack.up import stack

ROOT = Path(__file__).parents[2]
MODELS = ROOT / ".proteus" / "models"


def printed(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["env", *words, "--folder", str(folder)])
    assert done.exit_code == 0, done.output
    return done.stdout


def by_hand(command: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start what a person starts: nothing but the printed environment reaches it."""
    with log.open("wb") as out:
        plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(command, env={**plain, **environment}, stdout=out, stderr=out, cwd=ROOT)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_gateway_and_weaver_run_from_an_editor_against_the_rest_of_the_stack(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    said: list[str] = []
    async with stack(
        Home(folder), models=MODELS, given={}, say=lambda name, line: said.append(line), without=("gateway", "weaver")
    ) as plan:
        assert "starting arbitrator, tailor" in said
        assert {one.name for one in plan.services} == {"arbitrator", "tailor"}
        assert plan.crew is None
        text = printed(folder, "gateway")
        exports = dict(shlex.split(line)[1].split("=", 1) for line in text.splitlines() if line.startswith("export "))
        [reload] = [line.removeprefix("# ") for line in text.splitlines() if "--reload " in line]
        here = shlex.split(reload)
        dotenv = tmp_path / "weaver.env"
        dotenv.write_text(printed(folder, "weaver", "--dotenv"))
        variables = {name: value or "" for name, value in dotenv_values(dotenv).items()}
        assert variables["REDIS_URL"] != exports["REDIS_URL"], "each service is itself to Redis"
        assert "DATABASE_URL" not in variables
        children = [
            by_hand([sys.executable, "-m", *here], exports, tmp_path / "gateway.log"),
            by_hand([sys.executable, "-m", "weaver"], variables, tmp_path / "weaver.log"),
        ]
        try:
            async with httpx.AsyncClient(base_url=plan.gateway_url) as client:

                async def ready() -> bool:
                    assert [child.poll() for child in children] == [None, None]
                    try:
                        guest = await client.post("/v1/auth/guest")
                        headers = {"Authorization": f"Bearer {guest.json()['access_token']}"}
                        return bool((await client.get("/v1/fleet", headers=headers)).json()["state"] == "ready")
                    except (httpx.TransportError, KeyError):
                        return False

                await until(ready, seconds=60, what="the weaver that runs by hand is seen by the gateway that does")
        finally:
            for child in reversed(children):
                child.send_signal(signal.SIGTERM)
            ended = [await asyncio.to_thread(child.wait, 30) for child in children]
        assert ended[1] == 0
        assert "Traceback" not in (tmp_path / "weaver.log").read_text()
        admin = printed(folder)
        assert "export DATABASE_URL=" in admin
    assert running_in(folder) is None


def test_env_without_a_stack_says_how_to_start_one(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["env", "weaver", "--folder", str(tmp_path)])
    assert done.exit_code == 3
    assert "proteus up --without" in done.stderr


@pytest.mark.parametrize("words", [["env", "loom"], ["up", "--without", "loom"]])
def test_a_service_that_is_none_is_wrong_usage(words: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*words, "--folder", str(tmp_path)])
    assert done.exit_code == 2
    assert "gateway, tailor, weaver, arbitrator" in " ".join(done.stderr.replace("│", "").split())
    assert "loom" in done.stderr
