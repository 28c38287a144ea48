"""Policy `slo`: keep every job inside its SLO with as little loss of quality and as few changes as possible.

A ladder of four states, one step at a time: NORMAL -> THROUGHPUT (larger batches) -> DEGRADED (a share of the jobs in
their cheaper form) -> SHED (the door turns work away: admission does it by ETA, this state says so). Up, when the
predicted wait is above 0.8 SLO for three ticks or the queue's *minimum* delay stays above target (CoDel). Down, when
the wait predicted *in the better state* stays below 0.4 SLO for 30 s with arrivals averaged over 60 s, and the state
has dwelt. The share of degraded jobs follows the demand continuously, so a state that lingers costs no quality.

The scale signal asks for what full quality needs, whatever is degraded: so it leads degradation, and degradation ends
when the replicas are ready, not when they are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Final

from arbitrator.policies.contract import Decision, Mode, Observation, State
from arbitrator.policies.demand import Arrivals, batch_limit, needed_fraction, needed_replicas
from arbitrator.policies.table import TablePolicy
from proteus.estimates import CostTable, Fleet, Pace, predicted_wait_seconds

LADDER: Final = (State.NORMAL, State.THROUGHPUT, State.DEGRADED, State.SHED)
SHOWN: Final = {
    State.NORMAL: Mode.VIP,
    State.THROUGHPUT: Mode.ECONOMY,
    State.DEGRADED: Mode.SURGE,
    State.SHED: Mode.SURGE,
}


@dataclass(frozen=True, kw_only=True)
class SloSettings:
    """The policy's constants. Tuned in simulation on seeds other than those reported.

    Attributes:
        slo_seconds: End-to-end time a job should take at most.
        enter_share: Step up when the predicted wait is above this share of the SLO …
        enter_ticks: … for so many ticks in a row.
        leave_share: Step down when the wait predicted in the better state is below this share …
        calm_seconds: … for so long.
        leave_load: The better state must also carry the slow arrival rate at this utilisation.
        dwell_seconds: Least time in a state before stepping down; as long as the HPA's scale-down window.
        target_share: CoDel's target delay as a share of the SLO.
        window_seconds: CoDel's window: overload iff the delay never fell below target within it.
        normal_batch_share: Longest batch in NORMAL as a share of the SLO.
        full_batch_share: Longest batch in the other states.
        drain_seconds: Backlog above target is to be gone within this time.
        headroom: Capacity planned per unit of demand while degraded.
        ramp_up: Largest rise of the degraded share per second.
        ramp_down: Largest fall per second.
        spare: Workers beyond the offered load, in units of its square root.
    """

    slo_seconds: float = 12.0
    enter_share: float = 0.8
    enter_ticks: int = 3
    leave_share: float = 0.4
    calm_seconds: float = 30.0
    leave_load: float = 0.85
    dwell_seconds: float = 600.0
    target_share: float = 0.4
    window_seconds: float = 10.0
    normal_batch_share: float = 0.25
    full_batch_share: float = 0.4
    drain_seconds: float = 10.0
    headroom: float = 1.05
    ramp_up: float = 0.4
    ramp_down: float = 0.02
    spare: float = 1.0


@dataclass(frozen=True)
class _Outlook:
    """Everything derived from one observation, before the ladder moves."""

    arrivals: Arrivals
    normal: Pace
    full: Pace
    degraded: Pace | None
    normal_limit: int
    full_limit: int


class SloPolicy:
    """Predicted wait, overload detection, a ramped share of degraded jobs, hysteresis."""

    name = "slo"

    def __init__(self, settings: SloSettings | None = None) -> None:
        self.settings = settings or SloSettings()
        self._table = TablePolicy()

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        """Return what to do now; without a cost table, what `table` says."""
        if seen.cost is None:
            return self._table.decide(seen, None)
        known = before is not None and "state" in before.memory
        memory = dict(before.memory) if before is not None and known else _first_memory(seen.now)
        elapsed = max(seen.now - memory["now"], 0.0)
        arrivals = Arrivals.from_memory(memory).after(seen.arrived, elapsed)
        outlook = self._look(seen, seen.cost, arrivals)

        rung = int(memory["state"])
        fraction = memory["fraction"]
        wait = self._wait(seen, outlook, rung, fraction)
        rung, why = self._climb(seen, outlook, memory, rung, wait)
        fraction = self._ramp(seen, outlook, rung, fraction, elapsed)
        memory.update(arrivals.to_memory(), now=seen.now, state=rung, fraction=fraction)

        state = LADDER[rung]
        share = floor(fraction * 20) / 20
        replicas = self._replicas(seen, outlook)
        return Decision(
            batch_size=outlook.normal_limit if state is State.NORMAL else outlook.full_limit,
            mode=SHOWN[state],
            degraded_mode=share > 0,
            degraded_fraction=share,
            desired_replicas=replicas,
            state=state,
            reason=why + (f"; {share:.0%} degraded" if share else ""),
            memory=memory,
        )

    def _look(self, seen: Observation, cost: CostTable, arrivals: Arrivals) -> _Outlook:
        rules = self.settings
        normal_limit = batch_limit(cost, rules.normal_batch_share * rules.slo_seconds)
        full_limit = batch_limit(cost, rules.full_batch_share * rules.slo_seconds)
        cheap = seen.degraded_cost
        return _Outlook(
            arrivals=arrivals,
            normal=Pace.of(cost, batch_limit=normal_limit),
            full=Pace.of(cost, batch_limit=full_limit),
            degraded=Pace.of(cheap, batch_limit=full_limit) if cheap is not None else None,
            normal_limit=normal_limit,
            full_limit=full_limit,
        )

    def _wait(self, seen: Observation, outlook: _Outlook, rung: int, fraction: float) -> float:
        """Predicted wait in a state, with a share of degraded jobs."""
        pace = outlook.normal if rung == 0 else outlook.full
        if rung >= 2 and outlook.degraded is not None:
            pace = outlook.full.mixed(outlook.degraded, fraction)
        fleet = Fleet(
            pace=pace,
            ready=seen.ready,
            starting=seen.starting,
            starting_in_seconds=seen.starting_in_seconds,
            max_replicas=seen.max_replicas,
            cold_start_seconds=seen.cold_start_seconds,
        )
        return predicted_wait_seconds(seen.waiting + seen.retrying, seen.busy_workers, fleet)

    def _climb(
        self, seen: Observation, outlook: _Outlook, memory: dict[str, float], rung: int, wait: float
    ) -> tuple[int, str]:
        """Move at most one rung; keeps the counters of `memory`."""
        rules = self.settings
        now = seen.now
        if seen.ready <= 0:
            memory.update(over_ticks=0, calm_since=now, below_at=now)
            return rung, f"no worker is ready: {LADDER[rung]} until one is, in {wait:.0f} s"

        slo = rules.slo_seconds
        memory["over_ticks"] = memory["over_ticks"] + 1 if wait > rules.enter_share * slo else 0
        if seen.oldest_wait_seconds <= rules.target_share * slo:
            memory["below_at"] = now
        standing = now - memory["below_at"] >= rules.window_seconds
        over = memory["over_ticks"] >= rules.enter_ticks or standing
        higher = self._next_up(outlook, rung, memory["fraction"])
        if over and higher is not None:
            memory.update(over_ticks=0, calm_since=now, below_at=now, since=now)
            cause = f"the queue's least delay was {seen.oldest_wait_seconds:.1f} s" if standing else _over(wait, slo)
            return higher, f"{LADDER[rung]} -> {LADDER[higher]}: {cause}"

        lower, better, carries = self._next_down(seen, outlook, rung)
        if rung == 0 or better >= rules.leave_share * slo or not carries:
            memory["calm_since"] = now
        calm = now - memory["calm_since"]
        if calm >= rules.calm_seconds and now - memory["since"] >= rules.dwell_seconds:
            memory.update(over_ticks=0, calm_since=now, since=now)
            return (
                lower,
                f"{LADDER[rung]} -> {LADDER[lower]}: {better:.1f} s of wait predicted there, calm for {calm:.0f} s",
            )
        if rung == 0:
            return rung, f"{wait:.1f} s of wait predicted, the SLO is {slo:g} s"
        return rung, f"stays {LADDER[rung]}: {wait:.1f} s of wait predicted, {better:.1f} s in {LADDER[lower]}"

    def _next_up(self, outlook: _Outlook, rung: int, fraction: float) -> int | None:
        """The rung above; without a degraded form DEGRADED is skipped, and SHED waits until all are degraded."""
        if rung == 3 or (rung == 2 and fraction < 1):
            return None
        return 3 if rung == 1 and outlook.degraded is None else rung + 1

    def _next_down(self, seen: Observation, outlook: _Outlook, rung: int) -> tuple[int, float, bool]:
        """The rung below, the wait predicted there, and whether it carries the slow arrival rate."""
        lower = 1 if rung == 3 and outlook.degraded is None else max(rung - 1, 0)
        better = self._wait(seen, outlook, lower, 1.0)
        pace = outlook.normal if lower == 0 else outlook.full
        if lower >= 2 and outlook.degraded is not None:
            pace = outlook.degraded
        carries = outlook.arrivals.slow <= self.settings.leave_load * seen.ready * pace.pictures_per_second
        return lower, better, carries

    def _ramp(self, seen: Observation, outlook: _Outlook, rung: int, fraction: float, elapsed: float) -> float:
        """Move the degraded share towards what the demand needs, no faster than the ramps allow."""
        rules = self.settings
        wanted = 0.0
        if rung >= 2 and outlook.degraded is not None:
            if seen.ready <= 0:
                return fraction
            capacity = seen.ready * outlook.full.pictures_per_second
            backlog = max(0.0, seen.waiting + seen.retrying - capacity * rules.target_share * rules.slo_seconds)
            demand = rules.headroom * outlook.arrivals.fast + backlog / rules.drain_seconds
            wanted = needed_fraction(demand, seen.ready, outlook.full, outlook.degraded)
        return min(max(wanted, fraction - rules.ramp_down * elapsed), fraction + rules.ramp_up * elapsed)

    def _replicas(self, seen: Observation, outlook: _Outlook) -> int:
        """What full quality needs, from the slow rate and the backlog spread over a cold start."""
        spread = max(seen.cold_start_seconds, self.settings.slo_seconds)
        demand = outlook.arrivals.slow + (seen.waiting + seen.retrying) / spread
        wanted = needed_replicas(demand, outlook.full, spare=self.settings.spare)
        return max(seen.min_replicas, min(wanted, seen.max_replicas))


def _first_memory(now: float) -> dict[str, float]:
    clocks = {"now": now, "since": now, "calm_since": now, "below_at": now}
    return {"state": 0, "fraction": 0.0, "over_ticks": 0, **clocks, **Arrivals().to_memory()}


def _over(wait: float, slo: float) -> str:
    return f"{wait:.1f} s of wait predicted, the SLO is {slo:g} s"
