"""What `run_worker` would make of a worker, for tests that run a part of it without the process around."""

from __future__ import annotations

from typing import Any

import pytest

from proteus.queue import QueuePolicy
from proteus.settings import LeaseSettings
from proteus.worker.claims import Claims
from proteus.worker.heartbeat import Heartbeat
from proteus.worker.run import WorkerParts
from proteus.worker.runtime import WorkerStatus


def worker_parts(
    claims: Claims, list_name: str, *, redis: Any = None, store: Any = None, policy: QueuePolicy | None = None
) -> WorkerParts:
    """Return parts whose heartbeat has no server; a worker that is stuck for a minute fails the test."""
    heartbeat = Heartbeat(
        "redis://127.0.0.1:1",
        list_name,
        worker=claims.worker,
        policy=policy or QueuePolicy(),
        lease=LeaseSettings(),
        on_gone=claims.hears_gone,
    )
    return WorkerParts(
        redis=redis,
        store=store,
        claims=claims,
        heartbeat=heartbeat,
        status=WorkerStatus(list_name),
        stuck_seconds=60.0,
        on_stuck=lambda: pytest.fail("stuck"),
    )
