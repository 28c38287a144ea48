"""A worker's heartbeat: keeps its leases alive from a process of its own, and reports lost and cancelled jobs.

The worker reports the jobs it holds (`hold`, `let_go`), how long a step may take, and progress (`moved`, from any
thread). The heartbeat's process (`proteus.worker.heartbeat_process`) renews; the worker restarts it when it dies, and
it dies with the worker.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import struct
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Final

import structlog

from proteus.jobs import JobId, WorkerId
from proteus.queue.policy import QueuePolicy
from proteus.service.lifecycle import cancel
from proteus.service.supervision import Loops, Pulse
from proteus.settings import LeaseSettings
from proteus.usage import Usage

log = structlog.get_logger()

RESTART_SECONDS: Final = 0.5
"""Least time between two starts."""

CLOSE_SECONDS: Final = 0.5
"""How long the process may take to end: it holds nothing by then."""

SILENCE_SECONDS: Final = 5.0
"""How long the loop waits for a message of the process before it turns. There is none while all is well."""

UNREAD_BYTES: Final = 65_536
"""While the process has not read so much, newer usage is not sent: the next message carries it."""

Gone = Callable[[list[JobId], list[JobId]], None]
"""Called with the ids that were lost and those that were cancelled."""


class Heartbeat:
    """The worker's side.

    Args:
        redis_url: The queue's server; passed in the environment, so that no process list shows a password.
        list_name: The queue.
        worker: The worker that holds the jobs.
        policy: The queue's numbers.
        lease: How often to beat and to reap.
        on_gone: Called on the event loop with the jobs to stop working on.
    """

    def __init__(
        self,
        redis_url: str,
        list_name: str,
        *,
        worker: WorkerId,
        policy: QueuePolicy,
        lease: LeaseSettings,
        on_gone: Gone,
    ) -> None:
        self._redis_url = redis_url
        self._order = {
            "list": list_name,
            "worker": worker,
            "policy": asdict(policy),
            "beat_seconds": lease.beat_seconds,
            "reap_seconds": lease.reap_seconds,
        }
        self._on_gone = on_gone
        self._held: dict[JobId, int] = {}
        self._usage: dict[JobId, Usage] = {}
        self._step_ms = 0
        self._process: asyncio.subprocess.Process | None = None
        self._fd = os.memfd_create("proteus-heart")
        os.ftruncate(self._fd, mmap.PAGESIZE)
        self._memory = mmap.mmap(self._fd, mmap.PAGESIZE)
        self.moved()

    def moved(self) -> None:
        """Note progress. Any thread; an aligned write of eight bytes."""
        struct.pack_into("d", self._memory, 0, time.monotonic())

    def hold(self, jobs: Mapping[JobId, int]) -> None:
        """Start renewing these jobs' leases."""
        self.moved()
        self._held.update(jobs)
        self._tell()

    def let_go(self, ids: Iterable[JobId]) -> None:
        """Stop renewing these jobs' leases."""
        for job_id in ids:
            self._held.pop(job_id, None)
            self._usage.pop(job_id, None)
        self._tell()

    def spent(self, job_id: JobId, usage: Usage) -> None:
        """Note what a held job used so far: the next heartbeats report it, in case that the worker is lost."""
        if job_id in self._held:
            self._usage[job_id] = usage
            self._tell(unless_unread=True)

    def expect_step(self, seconds: float) -> None:
        """Set how long the next step may take: three times that without progress is still alive."""
        step_ms = int(seconds * 1000)
        if step_ms != self._step_ms:
            self._step_ms = step_ms
            self._tell()

    def _tell(self, *, unless_unread: bool = False) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return  # The next process gets it at its start.
        if unless_unread and process.stdin.transport.get_write_buffer_size() > UNREAD_BYTES:
            return
        usage = {job_id: used.write() for job_id, used in self._usage.items()}
        order = {"held": self._held, "usage": usage, "step_ms": self._step_ms}
        process.stdin.write(json.dumps(order).encode() + b"\n")

    @asynccontextmanager
    async def beating(self, loops: Loops) -> AsyncIterator[Heartbeat]:
        """Beat while the block runs."""
        await self._start()
        over = asyncio.Event()
        keeper = asyncio.create_task(loops.keep("heart", self._keep_alive, over), name="heart")
        try:
            yield self
        finally:
            over.set()
            await cancel(keeper)
            await self._close()

    async def _start(self) -> None:
        order = {**self._order, "parent": os.getpid(), "memory_fd": self._fd}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "proteus.worker.heartbeat_process",
            json.dumps(order),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=(self._fd,),
            env={**os.environ, "PROTEUS_HEART_REDIS_URL": self._redis_url},
        )
        self._tell()

    async def _keep_alive(self, pulse: Pulse) -> None:
        while True:
            pulse.turn()
            process = self._process
            assert process is not None
            assert process.stdout is not None
            try:
                line = await asyncio.wait_for(process.stdout.readline(), SILENCE_SECONDS)
            except TimeoutError:
                continue
            if line:
                self._hear(line)
                continue
            status = await process.wait()
            log.error("heart_died", exit_status=status)
            await self._start()
            await asyncio.sleep(RESTART_SECONDS)

    def _hear(self, line: bytes) -> None:
        message = json.loads(line)
        if trouble := message.get("trouble"):
            log.warning("heart_cannot_beat", reason=trouble)
            return
        # With its token: the job may have come back to this worker under a new one meanwhile.
        lost = [JobId(job_id) for job_id, token in message["lost"].items() if self._held.get(JobId(job_id)) == token]
        for job_id in lost:
            del self._held[job_id]
            self._usage.pop(job_id, None)
        self._on_gone(lost, [JobId(job_id) for job_id in message["canceled"]])

    async def _close(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), timeout=CLOSE_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._process = None
        self._memory.close()
        os.close(self._fd)
