"""Rivals, from their documentation, sources and papers; each names its simplifications.

All share one first-in-first-out queue in front of all workers (which flatters those that give each worker its own),
know t(b) exactly unless their rule learns it, and never take more than the curve's largest batch.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from workbench.simulate.actors import Job, Worker
from workbench.simulate.curves import MAX_BATCH, Curve
from workbench.simulate.systems.contract import Base, Batch, WorldView, pop


class Greedy(Base):
    """Triton's default: the largest batch available, no waiting, no limit of the queue, no timeout."""

    name = "greedy"

    def take(self, world: WorldView, worker: Worker) -> Batch:
        return pop(world, MAX_BATCH), False


class FixedWindow(Base):
    """TorchServe: wait up to a second for more jobs; at 100 waiting jobs answer 503.

    Simplified: the window is counted from the head's arrival or the worker's idleness, whichever is later.
    """

    name = "fixed_window"
    window_seconds: Final = 1.0
    queue_size: Final = 100

    def arrive(self, world: WorldView, job: Job) -> None:
        if len(world.queue) >= self.queue_size:
            world.tally.shed += 1
        else:
            world.queue.append(job)

    def take(self, world: WorldView, worker: Worker) -> Batch:
        start_at = max(world.queue[0].arrived, worker.idle_since) + self.window_seconds
        if len(world.queue) < MAX_BATCH and world.now < start_at - 1e-9:
            world.wake(start_at)
            return [], False
        return pop(world, MAX_BATCH), False


class Bento(Base):
    """BentoML's CORK dispatcher: an affine model of the last 50 batches, head shed by the whole queue's length.

    Dispatch unless `n < max and n (wn + dt + a) <= 0.95 mean wait`; shed the head while `w0 + a n + b >= max latency`.
    Simplified: the model starts from exact measurements of b = 1, 2, 3 instead of a training phase; it is fitted at
    every batch instead of every 5 s; the 1 ms poll is an event.
    """

    name = "bento"
    tick_seconds: Final = 0.001
    decay: Final = 0.95

    def __init__(self, curve: Curve) -> None:
        super().__init__()
        self._batches: deque[tuple[int, float]] = deque(((b, curve.cost.t(b)) for b in (1, 2, 3)), maxlen=50)
        self._waits: deque[float] = deque(maxlen=50)
        self._fit()

    def arrive(self, world: WorldView, job: Job) -> None:
        world.queue.append(job)
        self._shed(world)

    def take(self, world: WorldView, worker: Worker) -> Batch:
        self._shed(world)
        queue = world.queue
        count, newest = len(queue), world.now - queue[-1].arrived
        mean = sum(self._waits) / len(self._waits) if self._waits else 0.0
        if count < MAX_BATCH and count * (newest + self.tick_seconds + self._slope) <= mean * self.decay:
            world.wake(world.now + (mean * self.decay) / count - newest - self._slope + self.tick_seconds)
            return [], False
        self._waits.append(newest)
        return pop(world, MAX_BATCH), False

    def measured(self, batch: int, seconds: float, degraded: bool, now: float) -> None:
        self._batches.append((batch, seconds))
        self._fit()

    def _shed(self, world: WorldView) -> None:
        queue = world.queue
        while len(queue) > 1:
            waited = world.now - queue[0].arrived
            if waited + self._slope * len(queue) + self._base < world.slo_seconds:
                return
            queue.popleft()
            world.tally.shed += 1

    def _fit(self) -> None:
        count = len(self._batches)
        mean_b = sum(b for b, _ in self._batches) / count
        mean_t = sum(t for _, t in self._batches) / count
        spread = sum((b - mean_b) ** 2 for b, _ in self._batches)
        if spread:
            self._slope = max(0.0, sum((b - mean_b) * (t - mean_t) for b, t in self._batches) / spread)
        self._base = max(0.0, mean_t - self._slope * mean_b)


class Nexus(Base):
    """Nexus (SOSP'19), early drop.

    Slide a window of the target batch over the queue, drop every job before the first place from which the whole window
    meets its first deadline, run that window. Simplified: the target is the most efficient batch whose time is at most
    half the SLO (their squishy packing for one model); no cross-model packing.
    """

    name = "nexus"

    def __init__(self, curve: Curve, slo_seconds: float) -> None:
        super().__init__()
        cost = curve.cost
        fits = [b for b in range(1, cost.max_batch + 1) if cost.t(b) <= slo_seconds / 2] or [1]
        self._target = max(fits, key=lambda b: (round(b / cost.t(b), 6), -b))
        self._cost = cost

    def take(self, world: WorldView, worker: Worker) -> Batch:
        queue = world.queue
        while queue:
            count = min(self._target, len(queue))
            if world.now + self._cost.t(count) <= queue[0].deadline:
                return pop(world, count), False
            queue.popleft()
            world.tally.expired += 1
        return [], False


class AccScale(Base):
    """Proteus (ASPLOS'24): proactive batching, and accuracy scaling when it may.

    Wait while the head can still make it in a batch of one more; run what is there when it could not; drop a head that
    cannot make it even alone. Every 30 s the workers' variants are chosen anew so that the measured demand is carried
    with the least loss of accuracy. Simplified: one query type and two variants instead of a MILP over families;
    switching a variant costs nothing; opt-outs are ignored, in its favour.
    """

    name = "accscale"
    replan_seconds: Final = 30.0

    def __init__(self, curve: Curve, *, degrade: bool) -> None:
        super().__init__()
        self.name = "accscale" if degrade else "accscale_plain"
        self.ticks = degrade
        self._curve = curve
        self._degrade = degrade
        self._cheap_share = 0.0
        self._arrived = 0
        self._next = self.replan_seconds

    def arrive(self, world: WorldView, job: Job) -> None:
        self._arrived += 1
        world.queue.append(job)

    def take(self, world: WorldView, worker: Worker) -> Batch:
        queue, now = world.queue, world.now
        cheap = self._degrade and (worker.number % max(world.ready, 1)) < round(self._cheap_share * world.ready)
        cost = self._curve.degraded if cheap else self._curve.cost
        while queue and now + cost.t(1) > queue[0].deadline:
            queue.popleft()
            world.tally.expired += 1
        if not queue:
            return [], False
        head = queue[0].deadline
        count = min(len(queue), MAX_BATCH)
        if count == len(queue) < MAX_BATCH:
            latest = head - cost.t(count + 1)
            if now < latest - 1e-9:
                world.wake(latest)
                return [], False
        while count > 1 and now + cost.t(count) > head:
            count -= 1
        return pop(world, count), cheap

    def tick(self, world: WorldView) -> None:
        if world.now < self._next:
            return
        self._next = world.now + self.replan_seconds
        demand = self._arrived / self.replan_seconds / max(world.ready, 1)
        self._arrived = 0
        dear = self._curve.best_rate
        cheap = max(b / self._curve.degraded.t(b) for b in range(1, MAX_BATCH + 1))
        self._cheap_share = min(max((demand - dear) / (cheap - dear), 0.0), 1.0)
        self.shown = (MAX_BATCH, "", self._cheap_share)
