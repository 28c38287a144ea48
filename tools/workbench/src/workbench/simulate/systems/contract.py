"""What the world and a system offer each other: take a job in, give a worker a batch, look at the clock.

`Base` is a first-in-first-out queue without admission: what every rival starts from.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from workbench.simulate.actors import Job, Tally, Worker
from workbench.simulate.curves import DEGRADED_QUALITY
from workbench.simulate.scaling import FleetPlan

Batch = tuple[list[Job], bool]
"""The jobs, and whether they run in degraded form. No jobs: the worker stays idle until the world wakes again."""

Shown = tuple[int, str, float]
"""Batch limit, mode and degraded fraction, for the plots."""


class WorldView(Protocol):
    """What a system may see of the world, and the one request it may make."""

    now: float
    queue: deque[Job]
    plan: FleetPlan
    tally: Tally
    slo_seconds: float
    ready: int
    running: int
    busy: int
    asked: int

    def first_ready_in_seconds(self) -> float:
        """Return when the first of the starting workers should be ready; 0 if none starts."""

    def wake(self, at: float) -> None:
        """Schedule another look at the queue."""


class System(Protocol):
    """A queue with its rules."""

    name: str
    ticks: bool
    held: int
    desired_replicas: int
    shown: Shown

    def arrive(self, world: WorldView, job: Job) -> None:
        """Append the job to `world.queue`, or count it as shed."""

    def take(self, world: WorldView, worker: Worker) -> Batch:
        """Remove a batch from `world.queue` for an idle worker; count dropped jobs as expired."""

    def tick(self, world: WorldView) -> None:
        """Act on the clock; called every half second."""

    def returned(self, world: WorldView, job: Job) -> None:
        """Take back a job that a crash returned."""

    def measured(self, batch: int, seconds: float, degraded: bool, now: float) -> None:
        """Learn how long a batch took."""

    def quality(self, degraded: bool) -> float:
        """Return the weight of a picture."""


class Base:
    """First in, first out, nothing shed."""

    name = "base"
    ticks = False

    def __init__(self) -> None:
        self.held = 0
        self.desired_replicas = 0
        self.shown: Shown = (0, "", 0.0)

    def arrive(self, world: WorldView, job: Job) -> None:
        world.queue.append(job)

    def take(self, world: WorldView, worker: Worker) -> Batch:
        raise NotImplementedError

    def tick(self, world: WorldView) -> None:
        """Do nothing."""

    def returned(self, world: WorldView, job: Job) -> None:
        world.queue.appendleft(job)

    def measured(self, batch: int, seconds: float, degraded: bool, now: float) -> None:
        """Learn nothing."""

    def quality(self, degraded: bool) -> float:
        return DEGRADED_QUALITY if degraded else 1.0


def pop(world: WorldView, count: int) -> list[Job]:
    """Remove the first `count` jobs."""
    queue = world.queue
    return [queue.popleft() for _ in range(min(count, len(queue)))]
