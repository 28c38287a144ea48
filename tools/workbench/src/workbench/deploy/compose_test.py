"""`make compose-test`: runs docker-compose.yml; a try-on through it; a weaver killed in the middle of another.

    engine ─▶ images ─▶ up ─▶ checks ─▶ try-on ─▶ kill -9 the weaver while it works ─▶ delivered all the same ─▶ down

The second try-on uses the engine `timed`, which takes some seconds, so that the kill always meets a running job. The
checks: every service of ours runs as a user other than root, on a read-only root file system, and is healthy; the CPU
images hold no torch, the gateway's no OpenCV either. Exit status 3: no Docker engine is available; 1: a check failed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from proteus_client import AsyncProteus, Job
from workbench import assets
from workbench.deploy.engine import Docker, DockerFailed, EngineUnavailable, docker
from workbench.deploy.images import FOLDER, build
from workbench.deploy.manifests import ROOT
from workbench.deploy.standins import ensure_images
from workbench.stack.ports import free_port

LEASE_SECONDS: Final = 10
NOT_IN: Final = {
    "gateway": ("torch", "cv2", "onnxruntime", "ai_edge_litert"),
    "arbitrator": ("torch", "cv2", "onnxruntime", "ai_edge_litert"),
    "tailor": ("torch",),
    "weaver": ("torch",),
}
"""Image -> modules that it must not hold: they would only make it large."""
OVERRIDE: Final = f"""\
services:
  gateway:
    environment:
      PROTEUS_ENGINES: puppet,timed
  weaver:
    environment:
      WEAVER_ENGINES: puppet,timed
      WEAVER_TIMED_CURVE: "1:8"
      LEASE_SECONDS: {LEASE_SECONDS}
      LEASE_BEAT_SECONDS: 3
"""


async def _drive(url: str, kill_it: Callable[[], None]) -> dict[str, Any]:
    async with AsyncProteus(url) as client:
        person = await client.upload(assets.PERSON.read_bytes(), kind="person")
        garment = await client.upload(assets.GARMENT.read_bytes(), kind="garment")
        started = time.monotonic()
        cut = await client.cut_out(garment)
        cloth = str(cut.results[0].cloth_clean_url)
        first = await client.follow((await client.submit(person, cloth)).job_id)
        picture = await client.download(str(first.results[0].url))
        tryon_seconds = time.monotonic() - started

        second = (await client.submit(person, cloth, model="timed")).job_id
        delivered, seconds = await killed_while_running(client, second, kill_it)
        return {
            "status": first.status,
            "picture_bytes": len(picture),
            "tryon_seconds": round(tryon_seconds, 2),
            "after_kill": delivered.status,
            "delivered_seconds_after_kill": round(seconds, 1),
            "lease_seconds": LEASE_SECONDS,
        }


async def killed_while_running(client: AsyncProteus, job_id: str, kill_it: Callable[[], None]) -> tuple[Job, float]:
    """Kill its worker once the job runs; return how the job ended, and how many seconds after the kill."""
    running = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        follow = group.create_task(
            client.follow(job_id, on_progress=lambda seen: running.set() if seen.status == "running" else None)
        )
        async with asyncio.timeout(120):
            await running.wait()
        killed = time.monotonic()
        await asyncio.to_thread(kill_it)
    return follow.result(), time.monotonic() - killed


@contextmanager
def composed(client: Docker, override: str, *options: str) -> Iterator[tuple[str, list[str]]]:
    """Run docker-compose.yml for a `with` block; yield the gateway's URL and Compose's arguments.

    Args:
        client: The engine.
        override: YAML on top of docker-compose.yml.
        options: More arguments for Compose, such as a profile.
    """
    gateway = free_port()
    client.environment |= {"GATEWAY_PORT": str(gateway), "OBJECT_STORAGE_PORT": str(free_port(taken=[gateway]))}
    with tempfile.TemporaryDirectory() as room:
        file = Path(room) / "override.yml"
        file.write_text(override)
        words = ["-p", "proteus-trial", "-f", str(ROOT / "docker-compose.yml"), "-f", str(file), *options]
        try:
            print("docker compose up …", flush=True)
            client.compose(*words, "up", "-d", "--no-build")
            url = f"http://127.0.0.1:{gateway}"
            _await_ready(url)
            yield url, words
        except BaseException:
            print(client.compose(*words, "logs", "--tail", "40", check=False).stdout, file=sys.stderr)
            raise
        finally:
            print("docker compose down …", flush=True)
            client.compose(*words, "down", "-v", "--timeout", "20", check=False)


def kill(client: Docker, words: list[str], service: str) -> None:
    """SIGKILL a service and start it again."""
    client.compose(*words, "kill", "-s", "SIGKILL", service)
    client.compose(*words, "up", "-d", "--no-build", "--no-deps", service)


def _trial(client: Docker) -> dict[str, Any]:
    ensure_images(client)
    sizes = build(client)
    with composed(client, OVERRIDE) as (url, words):
        for service, modules in NOT_IN.items():
            check(client, words, service, modules)
        print("try-ons …", flush=True)
        said = asyncio.run(_drive(url, partial(kill, client, words, "weaver")))
    return {**said, "image_megabytes": {name: round(size / 1e6) for name, size in sizes.items()}}


def check(client: Docker, files: list[str], service: str, absent: tuple[str, ...]) -> None:
    """Check one running service.

    Raises:
        DockerFailed: It is root, can write where it must not, holds a forbidden module, or never becomes healthy.
    """
    found = f"[name for name in {absent!r} if importlib.util.find_spec(name)]"
    look = f"import importlib.util, os; print(os.geteuid(), os.access('/opt/proteus', os.W_OK), {found})"
    said = client.compose(*files, "exec", "-T", service, "python", "-c", look).stdout.strip()
    if said != "10001 False []":
        raise DockerFailed(f"{service}: (user, may write, should not be there) is {said}")
    container = client.compose(*files, "ps", "-q", service).stdout.strip()
    health = ""
    for _ in range(120):
        shape = "{{.State.Health.Status}} {{.HostConfig.ReadonlyRootfs}}"
        health = client.run("inspect", "-f", shape, container).stdout.strip()
        if health == "healthy true":
            return
        time.sleep(0.5)
    raise DockerFailed(f"{service}: (health, read-only root) is {health}")


def _await_ready(url: str, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise TimeoutError(f"the gateway at {url} was not ready within {seconds:.0f} s")


def run(trial: Callable[[Docker], dict[str, Any]]) -> int:
    """Run a trial and print its result as the last line, JSON; return the exit status."""
    try:
        with docker(FOLDER.resolve()) as client:
            said = trial(client)
    except EngineUnavailable as error:
        print(f"This needs a Docker engine. {error}", file=sys.stderr)
        return 3
    except (DockerFailed, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(said))
    return 0 if (said["status"], said["after_kill"]) == ("completed", "completed") else 1


if __name__ == "__main__":
    sys.exit(run(_trial))
