"""Real worker processes with tiny leases, on the servers of `tests/conftest.py`.

`fleet` starts `python -m weaver` and `python -m tailor` as subprocesses and kills what a test leaves behind.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import pytest
from redis.asyncio import Redis

from proteus import imaging, keys
from proteus.jobs import JobId, JobState
from proteus.queue import JobQueue, JobView, QueuePolicy, Submission
from proteus.registry import list_workers
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from workbench.fuzz.leaks import SECRETS, leaks

if TYPE_CHECKING:
    from kubernetes_double import KubernetesDouble
    from running_operator import Operator

LEASE_SECONDS = 3.0
"""Long enough for a busy two-core machine to beat twice, short enough to wait for."""

LONG_LEASE_SECONDS = 10.0
"""For a test that asserts that no lease was lost: a busy machine can keep a process from its CPU for seconds."""

PATIENCE_SECONDS = 80.0
PERSON_KEY = "images/usr_1/person.png"
GARMENT_KEY = "derived/usr_1/garment/cut/test/cut.png"


async def until(
    condition: Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE_SECONDS, what: str = "the condition"
) -> Any:
    """Return the first truthy answer; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come true within {seconds} s")
        await asyncio.sleep(0.02)
    return answer


@dataclass
class Process:
    """A worker's process."""

    popen: subprocess.Popen[bytes]
    id: str
    log: Path
    hearts: list[psutil.Process] = field(default_factory=list)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the worker alone, not to its heart."""
        self.popen.send_signal(number)

    def find_hearts(self) -> list[psutil.Process]:
        """Return the worker's children."""
        self.hearts = psutil.Process(self.popen.pid).children()
        return self.hearts

    def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        self.send(signal.SIGTERM)
        return self.popen.wait(timeout=PATIENCE_SECONDS)

    def said(self, text: str) -> bool:
        """Tell whether its log holds this text."""
        return text in self.log.read_text()


@pytest.fixture(scope="session", autouse=True)
def _no_secret_in_any_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After everything: the logs of all processes that tests have started give nothing away."""
    yield
    logs = [path for path in tmp_path_factory.getbasetemp().rglob("*.log") if "servers" not in str(path)]
    found = {str(path): leaks(path.read_text(errors="replace")) for path in logs}
    assert {path: given for path, given in found.items() if given} == {}


class Fleet:
    """Starts workers and submits jobs.

    Args:
        role_url: Where each service connects, as its own role.
        storage: Its bucket.
        folder: Where logs go.
    """

    def __init__(self, redis: Redis, role_url: Callable[[str], str], storage: StorageSettings, folder: Path) -> None:
        self.redis = redis
        SECRETS.add(storage.secret_key.get_secret_value())
        self.policy = QueuePolicy(lease_ms=int(LEASE_SECONDS * 1000), backoff_base_ms=50, backoff_cap_ms=200)
        self.queue = JobQueue(redis, keys.JOBS, policy=self.policy)
        self.tailor_queue = JobQueue(redis, keys.TAILOR, policy=self.policy)
        self.store = ObjectStore(storage)
        self.folder = folder
        self.role_url = role_url
        self.processes: list[Process] = []
        self.long_lease = {"LEASE_SECONDS": str(LONG_LEASE_SECONDS), "LEASE_BEAT_SECONDS": "1"}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COV_")},
            "OBJECT_STORAGE_ENDPOINT": storage.endpoint,
            "OBJECT_STORAGE_BUCKET": storage.bucket,
            "OBJECT_STORAGE_ACCESS_KEY": storage.access_key,
            "OBJECT_STORAGE_SECRET_KEY": storage.secret_key.get_secret_value(),
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "LEASE_BEAT_SECONDS": str(LEASE_SECONDS / 5),
            "LEASE_REAP_SECONDS": "0.2",
            "LOG_JSON": "1",
        }

    def start(self, module: str, worker_id: str, **environment: str) -> Process:
        """Start one service."""
        log = self.folder / f"{worker_id}-{len(self.processes)}.log"
        with log.open("wb") as out:
            popen = subprocess.Popen(
                [sys.executable, "-m", module],
                env={
                    **self.environment,
                    "REDIS_URL": self.role_url(module),
                    "PROTEUS_WORKER_ID": worker_id,
                    **environment,
                },
                stdout=out,
                stderr=out,
            )
        process = Process(popen, worker_id, log)
        self.processes.append(process)
        return process

    until = staticmethod(until)
    long_lease_seconds = LONG_LEASE_SECONDS

    async def weaver(self, worker_id: str = "w1", *, curve: str = "1:0.16,8:0.16", **environment: str) -> Process:
        """Start a weaver of engine `timed` and wait until it is ready."""
        settings = {"WEAVER_ENGINES": "timed", "WEAVER_TIMED_CURVE": curve, "WEAVER_PROFILE_SECONDS": "0.3"}
        process = self.start("weaver", worker_id, **{**settings, **environment})
        await self.ready(process, self.queue)
        return process

    async def ready(self, process: Process, queue: JobQueue) -> None:
        """Wait for a worker's card."""

        async def found() -> bool:
            if process.popen.poll() is not None:
                pytest.fail(f"{process.id} ended with {process.popen.returncode}:\n{process.log.read_text()}")
            cards = await list_workers(self.redis, queue.keys)
            return any(card.id == process.id and card.state == "ready" for card in cards)

        await until(found, what=f"{process.id} is ready")

    async def configure(self, **values: object) -> None:
        """Write `config:*` as the arbitrator would, for the length of a test."""
        for name, value in values.items():
            await self.redis.set(f"config:{name}", str(value), ex=300)

    async def put_pictures(self) -> None:
        """Store a person and a cut-out, small."""
        grey = np.full((64, 48, 3), 127, np.uint8)
        clear = np.full((32, 24, 4), 200, np.uint8)
        await asyncio.to_thread(self.store.put, PERSON_KEY, imaging.encode(grey, "png"), content_type="image/png")
        await asyncio.to_thread(self.store.put, GARMENT_KEY, imaging.encode(clear, "png"), content_type="image/png")

    async def submit(
        self,
        *names: str,
        options: Mapping[str, Any] | None = None,
        body_update: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> list[JobId]:
        """Submit try-on units for engine `timed`; options and fields are the same for all."""
        ids = [JobId(f"job_{name}") for name in names]
        body = {
            "user_id": "usr_1",
            "vton_id": "vton_1",
            "job_type": "tryon",
            "result_url": "/v1/results/x/1",
            "trace_id": "trace-1",
            "n": 1,
            "person_key": PERSON_KEY,
            "garment_key": GARMENT_KEY,
            "garment_category": "upper",
            "engine": "timed",
            "quality": "balanced",
            "seed": 1,
            "output_format": "png",
            "options": dict(options or {}),
            **(body_update or {}),
        }
        submissions = [
            Submission(
                id=job_id,
                epoch=1,
                payload={"id": job_id, "created_at": 0},
                body={**body, "tryon_job_id": job_id},
                **{"engine": "timed", "batch_key": "timed/1/384x512/8", **fields},
            )
            for job_id in ids
        ]
        await self.queue.submit(*submissions)
        return ids

    async def submit_to_tailor(self, name: str, body: Mapping[str, Any]) -> list[JobId]:
        """Submit one of the tailor's tasks."""
        job_id = JobId(f"seg_{name}")
        owner = {"user_id": "usr_1", "vton_id": None, "job_type": "segment", "result_url": None}
        await self.tailor_queue.submit(
            Submission(
                id=job_id,
                epoch=1,
                payload={"id": job_id, "created_at": 0},
                body={**owner, "trace_id": "t", "image_id": "img_1", **body},
                engine=body["task"],
                batch_key=body["task"],
            )
        )
        return [job_id]

    async def state(self, job_id: JobId) -> JobView:
        """Return a job as the queue sees it."""
        (view,) = await self.queue.look(job_id)
        assert view is not None
        return view

    async def settled(self, *ids: JobId, seconds: float = PATIENCE_SECONDS) -> list[JobView]:
        """Wait until all jobs are over."""

        async def over() -> list[JobView] | None:
            views = [view for view in await self.queue.look(*ids) if view is not None]
            return views if len(views) == len(ids) and all(view.state.terminal for view in views) else None

        return await until(over, seconds=seconds, what=f"{len(ids)} jobs are over")

    async def running(self, job_id: JobId) -> JobView:
        """Wait until a job runs and has taken a step."""

        async def runs() -> JobView | None:
            view = await self.state(job_id)
            return view if view.state is JobState.RUNNING and view.step > 0 else None

        return await until(runs, what=f"{job_id} runs")

    def close(self) -> None:
        """Kill what is left."""
        for process in self.processes:
            for number in (signal.SIGCONT, signal.SIGKILL):
                process.send(number)
        for process in self.processes:
            process.popen.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
async def fleet(
    redis: Redis,
    role_url: Callable[[str], str],
    storage_settings: StorageSettings,
    store: ObjectStore,
    tmp_path: Path,
) -> AsyncIterator[Fleet]:
    """Workers on real servers, killed at the end."""
    made = Fleet(redis, role_url, storage_settings, tmp_path)
    await made.put_pictures()
    yield made
    made.close()


@pytest.fixture
async def double(tmp_path: Path) -> AsyncIterator[KubernetesDouble]:
    """An API server on loopback that knows the definition of `WeaverFleet`."""
    # Here: to import kopf and the models of Kubernetes takes two seconds, and few tests need them.
    from kubernetes_double import KubernetesDouble, serving
    from workbench.deploy.crd import crd

    async with serving(KubernetesDouble(crd()), tmp_path) as served:
        yield served


@pytest.fixture
async def operator(double: KubernetesDouble, tmp_path: Path) -> AsyncIterator[Operator]:
    """A running operator of that server."""
    from running_operator import Operator

    async with Operator().running(double, tmp_path) as running:
        yield running
