"""Durable job queues on Redis lists, and their in-memory twin.

At-least-once execution, exactly-once visible completion: every claim raises the job's fencing token, and a worker with
an old one is refused. Each method of `JobQueue` is one atomic script and one round trip; `MemoryJobQueue` does the
same without a server and passes the same contract tests.
"""

from proteus.queue.memory import MemoryJobQueue
from proteus.queue.model import (
    Claim,
    Claimed,
    Completion,
    Failure,
    Instead,
    JobView,
    Parking,
    QueueEvent,
    QueueStats,
    Renewal,
    Submission,
    Verdict,
)
from proteus.queue.policy import QueuePolicy
from proteus.queue.redis_queue import JobQueue
from proteus.queue.scripts import LeaseKeeper

AnyQueue = JobQueue | MemoryJobQueue
"""Either queue, for services that work with both."""

__all__ = [
    "AnyQueue",
    "Claim",
    "Claimed",
    "Completion",
    "Failure",
    "Instead",
    "JobQueue",
    "JobView",
    "LeaseKeeper",
    "MemoryJobQueue",
    "Parking",
    "QueueEvent",
    "QueuePolicy",
    "QueueStats",
    "Renewal",
    "Submission",
    "Verdict",
]
