"""The heartbeat's own process: renews a worker's leases where neither GPU nor GIL can starve it.

It dies with its worker. `proteus.worker.heartbeat.Heartbeat` starts it. Standard input brings lines of JSON, the jobs
that the worker holds; its end means that the worker is gone. Standard output takes lines of JSON, the jobs that the
worker must stop. Shared memory holds the time of the worker's last progress. A worker that is killed, stopped or
deadlocked makes no progress, so every renewal carries a growing age and the lease ends one lease after the last
progress, even while this process goes on.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import select
import signal
import sys
import time
from dataclasses import replace
from typing import Any, Final

from proteus import redis_client
from proteus.jobs import JobId, WorkerId
from proteus.queue.model import Renewal
from proteus.queue.policy import QueuePolicy
from proteus.queue.scripts import LeaseKeeper
from proteus.replies import is_away
from proteus.usage import Usage

PR_SET_PDEATHSIG: Final = 1
RETRY_SECONDS: Final = 1.0
"""Pause after a renewal that Redis did not answer."""

SERVER_PATIENCE_SECONDS: Final = 5.0
"""Socket timeout: a Redis that hangs must not block the beats of a whole lease."""


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; exit at once if that has already happened."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


class HeartbeatProcess:
    """Beats until standard input ends."""

    def __init__(self, keeper: LeaseKeeper, worker: WorkerId, memory: mmap.mmap, order: dict[str, Any]) -> None:
        self._keeper = keeper
        self._worker = worker
        self._last_progress = memoryview(memory).cast("d")
        self._beat_seconds = float(order["beat_seconds"])
        self._reap_seconds = float(order["reap_seconds"])
        self._held: dict[JobId, int] = {}
        self._usage: dict[JobId, Usage] = {}
        self._step_ms = 0
        self._unread = b""

    def run(self) -> None:
        """Renew every `beat_seconds` while the worker holds jobs, reap every `reap_seconds`, obey standard input."""
        beat_at = reap_at = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= beat_at:
                beat_at = now + (self._beat_seconds if self._beat() else min(RETRY_SECONDS, self._beat_seconds))
            if now >= reap_at:
                self._reap()
                reap_at = time.monotonic() + self._reap_seconds
            if not self._listen(min(beat_at, reap_at) - time.monotonic()):
                return

    def _beat(self) -> bool:
        if not self._held:
            return True
        try:
            renewal = self._renew()
        except Exception as error:  # The edge of the loop that keeps the leases: no answer may end it.
            say({"trouble": f"{type(error).__name__}: {error}"[:500]})
            return False
        if renewal.lost or renewal.canceled:
            lost = {job_id: self._held.pop(job_id) for job_id in renewal.lost}
            say({"lost": lost, "canceled": list(renewal.canceled)})
        return True

    def _renew(self) -> Renewal:
        """Renew all held jobs; one whose key is broken is lost, without losing another."""
        idle_ms = max(0, int((time.monotonic() - self._last_progress[0]) * 1000))
        try:
            return self._renewed(self._held, idle_ms)
        except Exception as error:
            if is_away(error) or len(self._held) == 1:
                raise
            lost: list[JobId] = []
            canceled: list[JobId] = []
            for job_id, token in self._held.items():
                try:
                    one = self._renewed({job_id: token}, idle_ms)
                except Exception as own:
                    if is_away(own):
                        raise
                    lost.append(job_id)
                else:
                    lost += one.lost
                    canceled += one.canceled
            if len(lost) == len(self._held):
                raise  # It is no single job's key.
            return Renewal(lost=tuple(lost), canceled=tuple(canceled))

    def _renewed(self, held: dict[JobId, int], idle_ms: int) -> Renewal:
        return self._keeper.renew(self._worker, held, idle_ms=idle_ms, step_ms=self._step_ms, usage=self._usage)

    def _reap(self) -> None:
        try:
            self._keeper.reap()
        except Exception as error:  # The edge of a loop.
            say({"trouble": f"{type(error).__name__}: {error}"[:500]})

    def _listen(self, seconds: float) -> bool:
        """Read the newest order; False at the end of standard input."""
        readable, _, _ = select.select([0], [], [], max(0.0, seconds))
        if not readable:
            return True
        data = os.read(0, 65_536)
        if not data:
            return False
        *lines, self._unread = (self._unread + data).split(b"\n")
        if lines:
            order = json.loads(lines[-1])
            self._held = {JobId(job_id): int(token) for job_id, token in order["held"].items()}
            self._step_ms = int(order["step_ms"])
            used = {JobId(job_id): Usage.read(one) for job_id, one in order.get("usage", {}).items()}
            self._usage = {job_id: replace(one, partial=True) for job_id, one in used.items() if one}
        return True


def say(message: dict[str, Any]) -> None:
    """Send a message to the worker."""
    os.write(1, json.dumps(message).encode() + b"\n")


def main() -> None:
    """Read the first order, then beat. Signals are the worker's business."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    order = json.loads(sys.argv[1])
    die_with(int(order["parent"]))
    redis = redis_client.blocking_client(
        os.environ["PROTEUS_HEART_REDIS_URL"], decode_responses=True, socket_timeout=SERVER_PATIENCE_SECONDS
    )
    keeper = LeaseKeeper(redis, order["list"], policy=QueuePolicy(**order["policy"]))
    memory = mmap.mmap(int(order["memory_fd"]), mmap.PAGESIZE)
    HeartbeatProcess(keeper, WorkerId(order["worker"]), memory, order).run()


if __name__ == "__main__":
    main()
