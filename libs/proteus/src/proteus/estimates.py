"""Estimates of time: the pure arithmetic that admission, the arbitrator, the weaver and the simulator share.

A `CostTable` holds the cost of a batch, a `Pace` one worker's rate under the current configuration, a `Fleet` the
workers that are available, and when. From these follow the predicted wait, the ETA in every status, and which jobs are
degraded. Nothing here reads a clock: durations in, durations out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate, pairwise
from math import inf
from typing import Final

PAYS_BELOW: Final = 1.8
"""Batching pays only where t(2) <= 1.8 t(1); at 1024² it gives 2 %, and on some chips it costs."""

EFFICIENT_WITHIN: Final = 0.02
"""The smallest batch within 2 % of the best rate is as good as the best, and its pictures come sooner."""

JOIN_AFTER_SECONDS: Final = 0.2
"""An idle worker takes a job at once. One that has waited so long found none idle, so whoever joins a batch that runs
(`weaver.batching.joining`) would not have been made alone by another worker."""

WAIT_SPREAD: Final = 0.1
"""Share of the predicted wait to add for the 90th percentile; the simulator reports how many jobs stay below it."""

BATCH_SPREAD: Final = 0.25
"""Share of a batch's time to add for the 90th percentile: how far the running batches are, and how much a batch's own
time varies until enough were woven to measure that."""

COLD_SPREAD: Final = 0.5
"""Share of a remaining cold start to add for the 90th percentile: image pulls and node pools vary most."""


@dataclass(frozen=True)
class CostTable:
    """t(b): seconds for a batch of b pictures of one batch key on one worker, b = 1 … `max_batch`. Never falls with b.

    Attributes:
        seconds: `seconds[b - 1]` is t(b). Made monotone on construction.
        spread: How much longer than t(b) nine in ten batches take at most, as a share of t(b).
    """

    seconds: tuple[float, ...]
    spread: float = BATCH_SPREAD
    _paying: tuple[int, ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        if not self.seconds or any(not 0 < value < inf for value in self.seconds):
            raise ValueError(f"a cost table needs positive finite seconds, not {self.seconds}")
        if not 0 <= self.spread < inf:
            raise ValueError(f"the spread of a cost table is a share of its seconds, not {self.spread}")
        object.__setattr__(self, "seconds", tuple(accumulate(self.seconds, max)))
        paying = [self._paying_within(limit) for limit in range(1, len(self.seconds) + 1)]
        object.__setattr__(self, "_paying", tuple(paying))

    @classmethod
    def measured(cls, points: Mapping[int, float], *, spread: float = BATCH_SPREAD) -> CostTable:
        """Return a table from measurements at some batch sizes; 1 must be among them, gaps are linear."""
        if 1 not in points or min(points) < 1:
            raise ValueError(f"measure t(1) at least, and no batch below 1: {sorted(points)}")
        sizes = sorted(points)
        seconds = [points[1]]
        for left, right in pairwise(sizes):
            slope = (points[right] - points[left]) / (right - left)
            seconds += [points[left] + slope * step for step in range(1, right - left + 1)]
        return cls(tuple(seconds), spread)

    @property
    def max_batch(self) -> int:
        return len(self.seconds)

    def t(self, batch: int) -> float:
        """Seconds for a batch; beyond the table it grows by the last step."""
        if batch <= len(self.seconds):
            return self.seconds[max(batch, 1) - 1]
        step = self.seconds[-1] - self.seconds[-2] if len(self.seconds) > 1 else self.seconds[-1]
        return self.seconds[-1] + (batch - len(self.seconds)) * step

    def paying_batch(self, limit: int) -> int:
        """The batch to aim at: the smallest within 2 % of the best rate up to `limit`; 1 where it does not pay."""
        return self._paying[min(max(limit, 1), len(self._paying)) - 1]

    def to_json(self) -> dict[str, float]:
        """Return `{"1": seconds, …}`, the form of the workers' registry; no time is rounded to nothing."""
        return {str(batch): max(round(value, 6), 1e-6) for batch, value in enumerate(self.seconds, start=1)}

    @classmethod
    def from_json(cls, points: Mapping[str, float], *, spread: float = BATCH_SPREAD) -> CostTable:
        return cls.measured({int(batch): float(value) for batch, value in points.items()}, spread=spread)

    def _paying_within(self, limit: int) -> int:
        if limit < 2 or self.seconds[1] > PAYS_BELOW * self.seconds[0]:
            return 1
        rates = [batch / self.seconds[batch - 1] for batch in range(1, limit + 1)]
        good = max(rates) * (1 - EFFICIENT_WITHIN)
        return next(batch for batch, rate in enumerate(rates, start=1) if rate >= good)


@dataclass(frozen=True)
class Pace:
    """One worker's rate with a full queue: `batch` pictures every `batch_seconds`; a lone one in `single_seconds`.

    With a share of degraded jobs the seconds are means over both kinds. `spread` is the cost table's.
    """

    batch: float
    batch_seconds: float
    single_seconds: float
    spread: float = BATCH_SPREAD

    @property
    def pictures_per_second(self) -> float:
        return self.batch / self.batch_seconds

    @classmethod
    def of(cls, cost: CostTable, *, batch_limit: int, degraded: CostTable | None = None, fraction: float = 0.0) -> Pace:
        """Return the pace under a configuration: the batch limit, and the share of jobs that run in degraded form."""
        batch = cost.paying_batch(batch_limit)
        normal = cls(batch, cost.t(batch), cost.t(1), cost.spread)
        if degraded is None or fraction <= 0:
            return normal
        batch = degraded.paying_batch(batch_limit)
        return normal.mixed(cls(batch, degraded.t(batch), degraded.t(1), degraded.spread), fraction)

    def mixed(self, cheap: Pace, fraction: float) -> Pace:
        """Return the pace when `fraction` of the jobs run at the cheap pace."""
        share = min(fraction, 1.0)
        per_picture = (1 - share) / self.pictures_per_second + share / cheap.pictures_per_second
        seconds = (1 - share) * self.batch_seconds + share * cheap.batch_seconds
        single = (1 - share) * self.single_seconds + share * cheap.single_seconds
        spread = (1 - share) * self.spread + share * cheap.spread
        return Pace(seconds / per_picture, seconds, single, spread)


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The workers available for one engine.

    Attributes:
        pace: The rate of each of them.
        ready: Workers that take jobs now (draining ones do not).
        starting: Workers that were requested and are not ready yet.
        starting_in_seconds: Time until they are.
        max_replicas: The autoscaler's upper limit.
        cold_start_seconds: From requesting a worker to ready; counts when there is none at all.
        measured: The pace rests on whole batches. A guess gives an ETA, but is no reason to refuse a job.
        joins: Workers let others join a batch that runs, where batches pay; else each runs to its end.
    """

    pace: Pace
    ready: int
    starting: int = 0
    starting_in_seconds: float = 0.0
    max_replicas: int = 1
    cold_start_seconds: float = 0.0
    measured: bool = True
    joins: bool = False


@dataclass(frozen=True, kw_only=True)
class Eta:
    """When a job that joins now is done, in seconds from now: median and 90th percentile; `inf`: never.

    Attributes:
        wait_seconds: The part of p50 before a worker takes it.
        cold: No worker is ready; one must start first.
    """

    p50_seconds: float
    p90_seconds: float
    wait_seconds: float
    cold: bool


def predicted_wait_seconds(waiting: int, busy_workers: int, fleet: Fleet, *, running: int | None = None) -> float:
    """Return the time until a worker takes a job with `waiting` others before it.

    Batches start whenever a worker becomes free: the idle ones at once, the first of n busy ones after t/(n + 1), then
    one every t/ready; workers that are starting help from the moment they are ready. `inf` if no worker is available.
    Where jobs join, the places of a batch become free one by one, as if each were a worker that takes t for one
    picture; and who finds a place free beside others waits for `JOIN_AFTER_SECONDS`.

    Args:
        running: Jobs that the busy workers hold; None: unknown, and their batches are taken for full.
    """
    seconds, ready = fleet.pace.batch_seconds, fleet.ready
    batches_ahead = int(waiting / fleet.pace.batch)
    if ready <= 0:
        coming, coming_in = fleet.starting, fleet.starting_in_seconds
        if coming <= 0:
            if fleet.max_replicas < 1:
                return inf
            coming, coming_in = 1, fleet.cold_start_seconds
        return coming_in + int(batches_ahead / coming) * seconds
    busy = min(busy_workers, ready)
    if batches_ahead < ready - busy:
        return 0.0
    if fleet.joins and fleet.pace.batch > 1:
        wait = _wait_for_a_place(waiting, busy, fleet, running=running)
    else:
        wait = (batches_ahead - (ready - busy)) * seconds / ready + seconds / (busy + 1)
    if fleet.starting and wait > fleet.starting_in_seconds:
        wait = fleet.starting_in_seconds + (wait - fleet.starting_in_seconds) * ready / (ready + fleet.starting)
    return wait


def _wait_for_a_place(waiting: int, busy: int, fleet: Fleet, *, running: int | None) -> float:
    seconds, places = fleet.pace.batch_seconds, fleet.ready * fleet.pace.batch
    inside = busy * fleet.pace.batch if running is None else min(running, places)
    ahead = waiting - (places - inside)
    if ahead < 0:
        return JOIN_AFTER_SECONDS
    return max(JOIN_AFTER_SECONDS, ahead * seconds / places + seconds / (inside + 1))


def eta(waiting: int, busy_workers: int, fleet: Fleet, *, running: int | None = None) -> Eta:
    """Return when a job with `waiting` others before it is done.

    A job that starts at once varies as much as past batches; one that waits also depends on how far the running ones
    are, which `BATCH_SPREAD` covers.
    """
    wait = predicted_wait_seconds(waiting, busy_workers, fleet, running=running)
    batch_seconds = fleet.pace.batch_seconds if waiting or wait else fleet.pace.single_seconds
    batch_spread = _queued_spread(fleet.pace) if wait else fleet.pace.spread
    spread = WAIT_SPREAD * wait + batch_spread * batch_seconds
    cold = fleet.ready <= 0
    if cold and wait < inf:
        spread += COLD_SPREAD * (fleet.starting_in_seconds if fleet.starting else fleet.cold_start_seconds)
    done = wait + batch_seconds
    return Eta(p50_seconds=done, p90_seconds=done + spread, wait_seconds=wait, cold=cold)


def wait_budget_seconds(slo_seconds: float, pace: Pace) -> float:
    """Return the longest predicted wait whose ETA (p90) meets the SLO; negative if not even an idle fleet does."""
    return (slo_seconds - (1 + _queued_spread(pace)) * pace.batch_seconds) / (1 + WAIT_SPREAD)


def _queued_spread(pace: Pace) -> float:
    return max(BATCH_SPREAD, pace.spread)


def rank_of(job_id: str) -> float:
    """Return the job's degrade rank in [0, 1): a hash of its id, so that every process agrees and retries keep it."""
    return int.from_bytes(blake2b(job_id.encode(), digest_size=6).digest()) / 2**48


def is_degraded(rank: float, may_degrade: bool, fraction: float) -> bool:
    """Return whether a job runs in its degraded form: the one rule of claim, ETA and simulator."""
    return may_degrade and rank < fraction
