"""`make compose-test-gpu`: the GPU weaver's image, built and run in docker-compose.yml's profile `gpu`, here on a CPU.

    PyTorch's wheel ─▶ image ─▶ up ─▶ a try-on by each engine ─▶ kill -9 the weaver while it works ─▶ delivered ─▶ down

The image is the production one but for PyTorch's build: where this machine's pip finds a wheel without CUDA, the build
uses that one. Weights are small random checkpoints in the published layout: the pictures mean nothing; the test is that
the engines load, weave and lose nothing. A job that names no engine goes to the GPU weaver's first one, one that names
`puppet` to the CPU weaver.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

from proteus_client import AsyncProteus
from weaver.pipelines.fashn.network import TryOnConfig
from workbench import assets
from workbench.bench.catvton_sizes import LEAN
from workbench.bench.checkpoints import write_catvton, write_fashn
from workbench.deploy.compose_test import LEASE_SECONDS, check, composed, kill, killed_while_running, run
from workbench.deploy.engine import Docker
from workbench.deploy.images import build
from workbench.deploy.manifests import ROOT
from workbench.deploy.standins import ensure_images

SMALL: Final = TryOnConfig(hidden=64, heads=2, height=432, width=288, axes=(8, 12, 12), mixer=1, double=1, single=1)
WAYS: Final = {"catvton": None, "fashn": "fashn", "puppet": "puppet"}
"""Expected engine -> engine that the try-on names."""
PATIENCE_SECONDS: Final = 180
OVERRIDE: Final = f"""\
services:
  weaver-gpu:
    environment:
      WEAVER_ENGINES: catvton,fashn
      WEAVER_DEVICE: cpu
      LEASE_SECONDS: {LEASE_SECONDS}
      LEASE_BEAT_SECONDS: 3
      OMP_NUM_THREADS: 1
    deploy: !reset null
"""


def _trial(client: Docker) -> dict[str, Any]:
    ensure_images(client)
    with tempfile.TemporaryDirectory() as room:
        with _wheels(Path(room) / "wheels") as url:
            sizes = build(client, gpu=True, wheels_url=url)
        weights = Path(room) / "weights"
        write_catvton(weights / "catvton", size=LEAN)
        write_fashn(weights / "fashn", config=SMALL)
        for path in (Path(room), weights, *weights.rglob("*")):  # for the container's user
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        client.environment |= {"WEIGHTS_FOLDER": str(weights)}
        with composed(client, OVERRIDE, "--profile", "gpu") as (url, words):
            check(client, words, "weaver-gpu", ())
            print("try-ons …", flush=True)
            said = asyncio.run(_drive(url, partial(kill, client, words, "weaver-gpu")))
    return {**said, "image_megabytes": {"weaver-gpu": round(sizes["weaver-gpu"] / 1e6)}}


async def _drive(url: str, kill_it: Callable[[], None]) -> dict[str, Any]:
    async with AsyncProteus(url) as client:
        person = await client.upload(assets.PERSON.read_bytes(), kind="person")
        garment = await client.upload(assets.GARMENT.read_bytes(), kind="garment")
        cloth = str((await client.cut_out(garment)).results[0].cloth_clean_url)
        seconds, status = {}, "completed"
        for engine, named in WAYS.items():
            started = time.monotonic()
            async with asyncio.timeout(PATIENCE_SECONDS):
                done = await client.follow((await client.submit(person, cloth, quality="fast", model=named)).job_id)
            seconds[engine] = round(time.monotonic() - started, 1)
            print(f"{engine}: {seconds[engine]} s", flush=True)
            if (used := done.results[0].engine) != engine:
                status = f"{named or 'no engine'} was asked for, {used} made it"
        last = (await client.submit(person, cloth, quality="balanced")).job_id
        delivered, after = await killed_while_running(client, last, kill_it)
    return {
        "status": status,
        "tryon_seconds": seconds,
        "after_kill": delivered.status,
        "delivered_seconds_after_kill": round(after, 1),
        "lease_seconds": LEASE_SECONDS,
    }


@contextmanager
def _wheels(folder: Path) -> Iterator[str]:
    """Serve PyTorch's wheel to the build, as this machine's pip finds it, for a `with` block."""
    pin = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch=="))
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), pin], check=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_words: Any) -> None:
        """Log no requests."""


if __name__ == "__main__":
    sys.exit(run(_trial))
