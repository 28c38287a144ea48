"""Ours: the production rules, called as the services call them.

`gateway.rules.admission.decide` at every arrival, `weaver.batching.plan` whenever a worker is free, `proteus.estimates`
in between, an `arbitrator` policy every half second. The claim follows the queue's script: one effective batch key, a
scan cap, deadlines dropped before a GPU sees them, crashed jobs alone.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from arbitrator.policies.contract import Decision, Observation, Policy
from arbitrator.policies.demand import Arrivals
from gateway.rules.admission import Limits, QueueView, Request, Verdict, decide, promote
from proteus.estimates import CostTable, Fleet, Pace, is_degraded
from weaver.batching import Load, plan
from workbench.simulate.actors import Job, Worker
from workbench.simulate.curves import Curve
from workbench.simulate.systems.contract import Base, Batch, WorldView

SCAN_CAP: Final = 200
GATEWAYS: Final = 2
VIEW_SECONDS: Final = 1.0
"""A gateway reads the queue once a second and adds the jobs that it admitted since."""

WAIT_WINDOW_SECONDS: Final = 30.0
"""The average wait counts the jobs claimed in the last 30 s."""


class Ours(Base):
    """The product.

    Args:
        degrade: False for an engine without a degraded form.
        tenant_queue_cap: Places on the list per tenant; 0: no cap.
        eta_limit_seconds: The longest ETA that admission accepts; None: the SLO.
    """

    ticks = True

    def __init__(
        self,
        policy: Policy,
        curve: Curve,
        *,
        slo_seconds: float,
        degrade: bool = True,
        tenant_queue_cap: int = 0,
        eta_limit_seconds: float | None = None,
    ) -> None:
        super().__init__()
        self.name = f"ours_{policy.name}" + ("" if degrade else "_plain")
        self._policy = policy
        self._cost: CostTable = curve.cost
        self._cheap: CostTable | None = curve.degraded if degrade else None
        self._slo = slo_seconds
        self._caps = tenant_queue_cap > 0
        cap = tenant_queue_cap or 10**9
        longest = slo_seconds if eta_limit_seconds is None else eta_limit_seconds
        self._limits = Limits(eta_limit_seconds=longest, tenant_queue_cap=cap, tenant_total_cap=10**9)
        self._decision: Decision | None = None
        self._batch_limit = 1
        self._fraction = 0.0
        self._pace = Pace.of(curve.cost, batch_limit=1)
        self._fleet: Fleet | None = None
        self._fleet_of = (-1, -1)
        self._view_until = 0.0
        self._seen_waiting = self._seen_busy = 0
        self._admitted = [0] * GATEWAYS
        self._gateway = 0
        self._tables = [self._cost]
        self._arrived = 0
        self._rate = 0.0
        self._tenants: dict[int, int] = {}
        self._held: dict[str, deque[Job]] = {}
        self._last_promoted: str | None = None
        self._claims: deque[tuple[float, float]] = deque()
        self._claimed_wait = 0.0

    def arrive(self, world: WorldView, job: Job) -> None:
        """As the gateway: admit, hold or shed."""
        now = world.now
        if now >= self._view_until:
            self._view_until = now + VIEW_SECONDS
            self._seen_waiting, self._seen_busy = len(world.queue), world.busy
            self._admitted = [0] * GATEWAYS
            self._fleet = None
        self._gateway = (self._gateway + 1) % GATEWAYS
        view = QueueView(
            waiting=self._seen_waiting + self._admitted[self._gateway],
            busy_workers=self._seen_busy,
            tenant_waiting=self._tenants.get(job.tenant, 0) if self._caps else 0,
        )
        answer = decide(Request(deadline_at=job.deadline), view, self._seen_fleet(world), self._limits, now)
        if answer.verdict is Verdict.ACCEPT:
            self._admitted[self._gateway] += 1
            job.promised = now + answer.eta.p90_seconds
            self._enqueue(world, job)
        elif answer.verdict is Verdict.HOLD:
            self._held.setdefault(str(job.tenant), deque()).append(job)
            self.held += 1
        else:
            world.tally.shed += 1

    def take(self, world: WorldView, worker: Worker) -> Batch:
        """As the weaver: plan, then claim."""
        queue, now = world.queue, world.now
        load = Load(
            waiting=len(queue),
            arrivals_per_second=self._rate / max(world.ready, 1),
            waited_seconds=now - max(worker.idle_since, queue[0].arrived),
        )
        todo = plan(load, self._cost, batch_limit=self._batch_limit)
        if todo.wait_seconds > 1e-6:
            world.wake(now + todo.wait_seconds)
            return [], False
        return self._claim(world, todo.claim)

    def tick(self, world: WorldView) -> None:
        """As the arbitrator and the gateway's promoter."""
        now = world.now
        if self.held:
            self._promote(world)
        while self._claims and self._claims[0][0] < now - WAIT_WINDOW_SECONDS:
            self._claimed_wait -= self._claims.popleft()[1]
        queue = world.queue
        waits = self._claimed_wait + sum(now - job.arrived for job in queue)
        count = len(self._claims) + len(queue)
        starting = world.asked - world.ready
        seen = Observation(
            now=now,
            waiting=len(queue),
            running=world.running,
            busy_workers=world.busy,
            arrived=self._arrived,
            mean_wait_seconds=waits / count if count else 0.0,
            oldest_wait_seconds=now - queue[0].arrived if queue else 0.0,
            ready=world.ready,
            starting=max(starting, 0),
            starting_in_seconds=world.first_ready_in_seconds(),
            min_replicas=world.plan.min_replicas,
            max_replicas=world.plan.most,
            cold_start_seconds=world.plan.cold_start_seconds,
            cost=self._cost,
            degraded_cost=self._cheap,
        )
        self._arrived = 0
        before, self._decision = self._decision, self._policy.decide(seen, self._decision)
        self._apply(world, before, self._decision)

    def returned(self, world: WorldView, job: Job) -> None:
        if self._caps:
            self._tenants[job.tenant] = self._tenants.get(job.tenant, 0) + 1
        world.queue.appendleft(job)

    def _apply(self, world: WorldView, before: Decision | None, decision: Decision) -> None:
        """Apply a decision to claims, plans and ETAs until the next one."""
        self.desired_replicas = decision.desired_replicas
        self._rate = Arrivals.from_memory(decision.memory).slow if decision.memory else 0.0
        fraction = decision.degraded_fraction if decision.degraded_mode and self._cheap is not None else 0.0
        if before and (before.mode, before.degraded_mode) != (decision.mode, decision.degraded_mode):
            world.tally.flips += 1
        if (decision.batch_size, fraction) != (self._batch_limit, self._fraction) or before is None:
            self._batch_limit, self._fraction = decision.batch_size, fraction
            limit = min(self._batch_limit, self._cost.max_batch)
            self._pace = Pace.of(self._cost, batch_limit=limit, degraded=self._cheap, fraction=fraction)
            self._tables = [self._cost, self._cheap] if fraction > 0 and self._cheap is not None else [self._cost]
            self._fleet = None
            self.shown = (self._cost.paying_batch(limit), str(decision.mode), fraction)

    def _seen_fleet(self, world: WorldView) -> Fleet:
        """Return the fleet as admission sees it; made anew only when it changed."""
        starting = max(world.asked - world.ready, 0)
        if self._fleet is None or self._fleet_of != (world.ready, starting):
            self._fleet_of = (world.ready, starting)
            self._fleet = Fleet(
                pace=self._pace,
                ready=world.ready,
                starting=starting,
                starting_in_seconds=world.first_ready_in_seconds(),
                max_replicas=world.plan.most,
                cold_start_seconds=world.plan.cold_start_seconds,
            )
        return self._fleet

    def _enqueue(self, world: WorldView, job: Job) -> None:
        self._arrived += 1
        if self._caps:
            self._tenants[job.tenant] = self._tenants.get(job.tenant, 0) + 1
        world.queue.append(job)

    def _promote(self, world: WorldView) -> None:
        counts = {tenant: len(jobs) for tenant, jobs in self._held.items()}
        for tenant in promote(counts, waiting=len(world.queue), limits=self._limits, last=self._last_promoted):
            job = self._held[tenant].popleft()
            self.held -= 1
            self._last_promoted = tenant
            if world.now + self._cost.t(1) > job.deadline:
                world.tally.expired += 1
            else:
                self._enqueue(world, job)

    def _claim(self, world: WorldView, count: int) -> Batch:
        """As the queue's claim script: the head's effective key, at most `count`, deadlines first."""
        queue, now, fraction = world.queue, world.now, self._fraction
        batch: list[Job] = []
        passed: list[Job] = []
        key: bool | None = None
        estimate = min(table.t(min(count, len(queue))) for table in self._tables)
        for _ in range(min(len(queue), SCAN_CAP)):
            job = queue.popleft()
            degraded = fraction > 0 and is_degraded(job.rank, job.may_degrade, fraction)
            if key is not None and degraded is not key:
                passed.append(job)
                continue
            if now + estimate > job.deadline:
                world.tally.expired += 1
                self._left(job)
                continue
            if job.crashes and batch:
                passed.append(job)
                continue
            key = degraded
            batch.append(job)
            self._claims.append((now, now - job.arrived))
            self._claimed_wait += now - job.arrived
            self._left(job)
            if len(batch) == count or job.crashes:
                break
        queue.extendleft(reversed(passed))
        return batch, bool(key)

    def _left(self, job: Job) -> None:
        if self._caps:
            self._tenants[job.tenant] -= 1
