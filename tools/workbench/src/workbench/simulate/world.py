"""Advances time: arrivals, batches, ticks, scaling and crashes on one heap, until the trace and its SLO have run out.

The world knows the truth (t(b) with its noise, crashes); a `System` only sees what production code would see.
Simplified, as the page states: an action takes effect at once (a claim is 0 s, a decision reaches the workers within
its tick), the tailor's work is done before a job arrives, and a picture's fetch and store are inside t(b).
"""

from __future__ import annotations

import random
from collections import deque
from heapq import heappop, heappush
from math import inf
from typing import Final, cast

from proteus.fleet_view import remaining_seconds
from workbench.simulate.actors import Job, RunOptions, Tally, Worker
from workbench.simulate.curves import Curve
from workbench.simulate.scaling import HOUR_SECONDS, HPA_SYNC_SECONDS, FleetPlan, NodePool
from workbench.simulate.spare import SpareLane
from workbench.simulate.systems.contract import System
from workbench.simulate.traces import Trace

TICK_SECONDS: Final = 0.5
SAMPLE_SECONDS: Final = 5.0
NOISE: Final = 0.05
"""Sigma of the lognormal noise on t(b)."""

LEASE_SECONDS: Final = 30.0
SOLO_CRASHES: Final = 3

_DONE, _READY, _WAKE, _TICK, _SCALE, _POLL, _REAP, _SAMPLE = range(8)


Batched = tuple[Worker, bool, float, bool]
"""The worker, whether in degraded form, for how many seconds, whether it crashes."""


class World:
    """One run of one system on one trace; the system sees it as a `WorldView`."""

    def __init__(self, trace: Trace, curve: Curve, plan: FleetPlan, system: System, options: RunOptions) -> None:
        self.trace = trace
        self.curve = curve
        self.plan = plan
        self.system = system
        self.slo_seconds = options.slo_seconds
        self.faults = options.faults
        self.now = 0.0
        self.queue: deque[Job] = deque()
        self.idle: list[Worker] = []
        self.workers: list[Worker] = []
        self.ready = 0
        self.running = 0
        self.busy = 0
        self.asked = plan.replicas
        self.leased = 0
        self.tally = Tally()
        self.spare = SpareLane(curve, options.spare) if options.spare else None
        self._random = random.Random(options.seed)
        self._heap: list[tuple[float, int, int, object]] = []
        self._count = 0
        self._wake_at = inf
        self._pool = NodePool(plan)
        self._hpa = plan.hpa()
        self._last_active = 0.0
        self._sampling = options.sample
        drain_seconds = options.slo_seconds if options.drain_seconds is None else options.drain_seconds
        self._end = trace.seconds + drain_seconds
        self._noises = [self._random.lognormvariate(0.0, NOISE) for _ in range(4096)]

    def run(self) -> Tally:
        """Run to the end and return the counts."""
        self._open()
        heap, trace, system, tally = self._heap, self.trace, self.system, self.tally
        arrived, tenants, ranks, degradable = trace.arrived, trace.tenant, trace.rank, trace.may_degrade
        deadlines = trace.deadline or [at + self.slo_seconds for at in arrived]
        end, poison = self._end, self.faults.poison_share
        total, index = len(arrived), 0
        next_arrival = arrived[0] if total else inf
        while True:
            at = heap[0][0] if heap else inf
            if next_arrival <= at:
                if next_arrival is inf:
                    break
                self.now = next_arrival
                job = Job(next_arrival, deadlines[index], tenants[index], ranks[index], degradable[index])
                if poison and self._random.random() < poison:
                    job.poison = True
                index += 1
                next_arrival = arrived[index] if index < total else inf
                system.arrive(self, job)
                if self.idle and self.queue:
                    self.dispatch()
                continue
            if at > end:
                break
            self.now, _, kind, subject = heappop(heap)
            self._happen(kind, subject)
        tally.arrived = total
        tally.unfinished = len(self.queue) + system.held + self.running + self.leased
        tally.pod_hours += sum(trace.seconds - worker.created for worker in self.workers) / HOUR_SECONDS
        tally.node_hours = self._pool.settle(trace.seconds, [w.bought for w in self.workers])
        for tenant in tenants:
            tally.tenant_arrived[tenant] = tally.tenant_arrived.get(tenant, 0) + 1
        return tally

    def first_ready_in_seconds(self) -> float:
        """Return when the first starting worker should be ready, as their cards would show; 0 if none starts."""
        if self.asked <= self.ready:
            return 0.0
        cold = self.plan.cold_start_seconds
        starts = [worker.started for worker in self.workers if not (worker.ready or worker.draining)]
        return min((remaining_seconds(self.now - at, cold_start_seconds=cold) for at in starts), default=0.0)

    def wake(self, at: float) -> None:
        """Schedule another look at the queue, for a system that waits for more jobs."""
        if at < self._wake_at:
            self._wake_at = at
            self._push(at, _WAKE, None)

    def dispatch(self) -> None:
        """Give work to the idle workers until the queue is empty or the system would rather wait."""
        idle, queue, system = self.idle, self.queue, self.system
        while idle and queue:
            worker = idle[-1]
            batch, degraded = system.take(self, worker)
            if not batch:
                return
            idle.pop()
            self._start(worker, batch, degraded)

    def _open(self) -> None:
        for number in range(self.plan.replicas):
            worker = Worker(number, 0.0)
            worker.ready = True
            self.workers.append(worker)
            self._offer(worker)
        self.ready = self.tally.peak_replicas = self.plan.replicas
        self._pool.stock(self.plan.replicas)
        if self.system.ticks:
            self._push(TICK_SECONDS, _TICK, None)
        if self.plan.signal != "fixed":
            self._push(HPA_SYNC_SECONDS, _SCALE, None)
            if self.plan.min_replicas == 0:
                self._push(self.plan.polling_seconds, _POLL, None)
        if self._sampling:
            self._push(0.0, _SAMPLE, None)

    def _push(self, at: float, kind: int, subject: object) -> None:
        self._count += 1
        heappush(self._heap, (at, self._count, kind, subject))

    def _happen(self, kind: int, subject: object) -> None:
        if kind == _DONE:
            self._finish(*cast(Batched, subject))
        elif kind == _TICK:
            self.system.tick(self)
            if self.now < self._end:
                self._push(self.now + TICK_SECONDS, _TICK, None)
        elif kind == _WAKE:
            self._wake_at = inf
        elif kind == _READY:
            assert isinstance(subject, Worker)
            if not subject.draining and subject.alive:
                subject.ready = True
                subject.idle_since = self.now
                self.ready += 1
                self._offer(subject)
        elif kind == _SCALE:
            self._scale()
        elif kind == _POLL:
            self._poll()
        elif kind == _REAP:
            assert isinstance(subject, list)
            self._reap(subject)
        else:
            self._sample()
        if self.idle and self.queue:
            self.dispatch()

    def _start(self, worker: Worker, batch: list[Job], degraded: bool) -> None:
        now, tally = self.now, self.tally
        tables = self.curve.degraded if degraded else self.curve.cost
        self._count += 1
        seconds = tables.t(len(batch)) * self._noises[self._count & 4095]
        crashed = False
        rate = self.faults.crashes_per_gpu_hour
        if (rate and self._random.random() < rate * seconds / 3600) or (
            self.faults.poison_share and any(job.poison for job in batch)
        ):
            crashed = True
            seconds *= self._random.random()
        delay = self.spare.make_way(worker, now) if self.spare else 0.0
        for job in batch:
            tally.waits.append(now + delay - job.arrived)
        worker.jobs = batch
        self.running += len(batch)
        self.busy += 1
        tally.batches += 1
        heappush(self._heap, (now + delay + seconds, self._count, _DONE, (worker, degraded, seconds, crashed)))

    def _finish(self, worker: Worker, degraded: bool, seconds: float, crashed: bool) -> None:
        now, tally, batch = self.now, self.tally, worker.jobs
        worker.jobs = []
        self.busy -= 1
        self.running -= len(batch)
        tally.gpu_seconds += seconds
        if crashed:
            self._crash(worker, batch, seconds)
            return
        late, slo = 0, self.slo_seconds
        for job in batch:
            tally.latencies.append(now - job.arrived)
            if now <= job.arrived + slo:
                tally.in_slo += 1
                tally.tenant_in_slo[job.tenant] = tally.tenant_in_slo.get(job.tenant, 0) + 1
                tally.quality += self.system.quality(degraded)
            else:
                late += 1
            if job.promised:
                tally.promised += 1
                tally.kept += now <= job.promised
        tally.late += late
        tally.degraded += len(batch) if degraded else 0
        tally.wasted_seconds += seconds * late / len(batch)
        self.system.measured(len(batch), seconds, degraded, now)
        self._free(worker)

    def _free(self, worker: Worker) -> None:
        if worker.draining:
            self._leave(worker)
            return
        worker.idle_since = self.now
        self._offer(worker)

    def _offer(self, worker: Worker) -> None:
        """Let a worker take jobs; until then it makes pictures of batches."""
        if self.spare:
            self.spare.go_on(worker, self.now, limit=self.system.shown[0])
        self.idle.append(worker)

    def _crash(self, worker: Worker, batch: list[Job], seconds: float) -> None:
        """End a process: its jobs are free one lease later, the pod restarts on its node."""
        self.tally.wasted_seconds += seconds
        if self.spare:
            self.spare.lose(worker, self.now)
        self.leased += len(batch)
        self._push(self.now + LEASE_SECONDS, _REAP, batch)
        worker.ready = False
        if worker.draining:
            self._leave(worker)
            return
        self.ready -= 1
        worker.started = self.now
        self._push(self.now + self.plan.pod_start_seconds, _READY, worker)

    def _reap(self, batch: list[Job]) -> None:
        """Put jobs back at the head, to be claimed alone; dead after three crashes alone."""
        self.leased -= len(batch)
        for job in reversed(batch):
            job.solo_crashes += 1 if len(batch) == 1 and job.crashes else 0
            job.crashes += 1
            if job.solo_crashes >= SOLO_CRASHES:
                self.tally.dead += 1
            else:
                self.system.returned(self, job)

    def _scale(self) -> None:
        """Run one sync of the HPA."""
        if self.now + HPA_SYNC_SECONDS <= self.trace.seconds:
            self._push(self.now + HPA_SYNC_SECONDS, _SCALE, None)
        if self.asked == 0:
            return
        total, target = self._metric()
        self._set_replicas(self._hpa.sync(self.now, self.asked, total, target))

    def _metric(self) -> tuple[float, float]:
        leases = self.running + self.leased
        kept = sum(self.plan.keeps(self.now - worker.created) for worker in self.workers if not worker.draining)
        desired = max(self.system.desired_replicas, kept)
        return self.plan.metric(
            waiting=len(self.queue), retrying=0, running=leases, busy=self.busy + (self.leased > 0), desired=desired
        )

    def _poll(self) -> None:
        """Run KEDA's own part: 0 <-> 1."""
        if self.now + self.plan.polling_seconds <= self.trace.seconds:
            self._push(self.now + self.plan.polling_seconds, _POLL, None)
        total, _ = self._metric()
        if total > 0:
            self._last_active = self.now
            if self.asked == 0:
                self._set_replicas(1)
        elif self.asked and self.now - self._last_active >= self.plan.cooldown_seconds:
            self._set_replicas(0)

    def _set_replicas(self, wanted: int) -> None:
        for _ in range(wanted - self.asked):
            bought, ready_at = self._pool.place(self.now)
            worker = Worker(len(self.workers), bought, started=self.now)
            self.workers.append(worker)
            self._push(ready_at, _READY, worker)
        if wanted < self.asked:
            # The ReplicaSet removes pods that are not ready first, then the cheapest, else the youngest ones.
            staying = [worker for worker in self.workers if not worker.draining]
            staying.sort(key=self._removal_order)
            for worker in staying[: self.asked - wanted]:
                self._drain(worker)
        self.asked = wanted
        self.tally.peak_replicas = max(self.tally.peak_replicas, wanted)

    def _removal_order(self, worker: Worker) -> tuple[bool, bool, float]:
        if self.plan.removal == "youngest":
            return worker.ready, False, -worker.bought
        return worker.ready, bool(worker.jobs), self.plan.left(self.now - worker.created)

    def _drain(self, worker: Worker) -> None:
        """SIGTERM: the worker finishes its batch and takes no more."""
        worker.draining = True
        if worker.ready:
            self.ready -= 1
        if not worker.jobs:
            if worker in self.idle:
                self.idle.remove(worker)
            self._leave(worker)

    def _leave(self, worker: Worker) -> None:
        worker.alive = False
        worker.ready = False
        if self.spare:
            self.spare.lose(worker, self.now)
        self.workers.remove(worker)
        self.tally.pod_hours += (self.now - worker.created) / HOUR_SECONDS
        self._pool.leave(self.now, worker.bought)

    def _sample(self) -> None:
        if self.now + SAMPLE_SECONDS <= self.trace.seconds:
            self._push(self.now + SAMPLE_SECONDS, _SAMPLE, None)
        batch, mode, fraction = self.system.shown
        row = (self.now, len(self.queue), self.ready, self.asked, batch, mode, fraction, self.tally.shed)
        self.tally.samples.append(row)
