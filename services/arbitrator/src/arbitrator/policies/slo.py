"""Policy `slo`: keep every job inside its SLO with as little loss of quality and as few changes as possible.

A ladder of four states, one step at a time: NORMAL -> THROUGHPUT (larger batches) -> DEGRADED (a share of the jobs in
their cheaper form) -> SHED (admission refuses work by its ETA; this state shows it). The measure is the *strain*:
predicted wait over the longest wait that still meets the SLO; at 1 admission sheds. Up, when the strain is above 0.8
for three ticks or the queue's *minimum* delay stays above target for a window (CoDel). Down, when the strain *in the
better state* stays below 0.4 for 30 s, the better state carries the arrivals averaged over 60 s, and the mode has
lasted its dwell time. While degraded, the share of degraded jobs follows the demand; it ends as soon as nothing needs
it.

The scale signal requests the replicas that full quality needs, whatever share is degraded. So it leads degradation, and
degradation ends when the replicas are ready, not when they are requested.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import floor
from typing import Final

from arbitrator.policies.contract import Decision, Mode, Observation, State
from arbitrator.policies.demand import Arrivals, batch_limit, needed_fraction, needed_replicas
from arbitrator.policies.table import TablePolicy
from proteus.estimates import CostTable, Fleet, Pace, predicted_wait_seconds, wait_budget_seconds

LADDER: Final = (State.NORMAL, State.THROUGHPUT, State.DEGRADED, State.SHED)
NORMAL, THROUGHPUT, DEGRADED, SHED = range(4)
SHOWN: Final = (Mode.VIP, Mode.ECONOMY, Mode.SURGE, Mode.SURGE)

SHARE_STEPS: Final = 20
"""The degraded share moves in steps of 5 %, so that `config:*` and the batch keys change seldom."""

WORTH_A_RUNG: Final = 1.02
"""THROUGHPUT is skipped where its larger batches bring less than 2 %."""

LEAST_BUDGET: Final = 0.1
"""A wait of a tenth of the SLO is always in the budget, or an engine slower than its SLO would shed everything."""


@dataclass(frozen=True, kw_only=True)
class SloSettings:
    """The policy's constants. Tuned in simulation on seeds other than those reported.

    Attributes:
        slo_seconds: End-to-end time a job should take at most.
        enter_strain: Step up when the strain is above this …
        enter_ticks: … for so many ticks in a row.
        leave_strain: Step down when the strain predicted in the better state is below this …
        calm_seconds: … for so long.
        leave_load: The better state must carry the slow arrival rate at this utilisation.
        dwell_seconds: Least time in a mode before a better one; as long as the HPA's scale-down window.
        target_strain: CoDel's target: the head's age over the wait budget …
        window_seconds: … overload iff it never fell below target for so long. Degradation aims at the same strain.
        normal_batch_share: Longest batch in NORMAL as a share of the SLO.
        full_batch_share: Longest batch in the other states.
        drain_seconds: Time within which the backlog above target should be gone.
        headroom: Capacity planned per unit of demand while degraded.
        ramp_up: Largest rise of the degraded share per second.
        ramp_down: Largest fall per second.
        linger_seconds: Degradation ends when nothing has needed it for so long.
        spare: Workers beyond the offered load, in units of its square root.
    """

    slo_seconds: float = 12.0
    enter_strain: float = 0.8
    enter_ticks: int = 3
    leave_strain: float = 0.4
    calm_seconds: float = 30.0
    leave_load: float = 0.8
    dwell_seconds: float = 600.0
    target_strain: float = 0.5
    window_seconds: float = 10.0
    normal_batch_share: float = 0.25
    full_batch_share: float = 0.4
    drain_seconds: float = 10.0
    headroom: float = 1.05
    ramp_up: float = 0.4
    ramp_down: float = 0.3
    linger_seconds: float = 5.0
    spare: float = 0.25


@dataclass(frozen=True)
class _Paces:
    """A worker's pace in each state, and the batch limits behind it."""

    normal: Pace
    full: Pace
    degraded: Pace | None
    normal_limit: int
    full_limit: int

    def has(self, rung: int) -> bool:
        """Whether a rung changes anything: larger batches must pay, a degraded form must exist."""
        if rung == THROUGHPUT:
            return self.full.pictures_per_second > WORTH_A_RUNG * self.normal.pictures_per_second
        return rung != DEGRADED or self.degraded is not None

    def above(self, rung: int) -> int:
        return next((higher for higher in range(rung + 1, SHED + 1) if self.has(higher)), SHED)

    def below(self, rung: int) -> int:
        return next((lower for lower in range(rung - 1, NORMAL, -1) if self.has(lower)), NORMAL)

    def at(self, rung: int, fraction: float) -> Pace:
        if rung == NORMAL:
            return self.normal
        if rung == THROUGHPUT or self.degraded is None:
            return self.full
        return self.full.mixed(self.degraded, fraction)


class SloPolicy:
    """Predicted wait, overload detection, a ramped share of degraded jobs, hysteresis."""

    name = "slo"

    def __init__(self, settings: SloSettings | None = None) -> None:
        self.settings = settings or SloSettings()
        self._table = TablePolicy()

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        """Return the decision for now; without a cost table, that of policy `table`."""
        if seen.cost is None:
            return self._table.decide(seen, None)
        known = before is not None and "rung" in before.memory
        memory = dict(before.memory) if before is not None and known else _first_memory(seen.now)
        elapsed = max(seen.now - memory["now"], 0.0)
        arrivals = Arrivals.from_memory(memory).after(seen.arrived, elapsed)
        memory.update(arrivals.to_memory(), now=seen.now)
        rules = self.settings
        paces = _paces(seen.cost, seen.degraded_cost, rules)

        if seen.ready <= 0:
            memory.update(over_ticks=0, calm_since=seen.now, below_at=seen.now)
            why = f"no worker is ready: {LADDER[int(memory['rung'])]} until one is"
        else:
            why = self._climb(seen, memory, paces, arrivals)
            self._ramp(seen, memory, paces, arrivals, elapsed)

        rung = int(memory["rung"])
        if paces.degraded is None:
            memory["fraction"] = 0.0
        share = floor(memory["fraction"] * SHARE_STEPS + 1e-9) / SHARE_STEPS
        return Decision(
            batch_size=paces.normal_limit if rung == NORMAL else paces.full_limit,
            mode=SHOWN[rung],
            degraded_mode=rung >= DEGRADED and paces.degraded is not None,
            degraded_fraction=share,
            desired_replicas=self._replicas(seen, paces, arrivals, share > 0),
            state=LADDER[rung],
            reason=f"{why}; {share:.0%} degraded" if share else why,
            memory=memory,
        )

    def _climb(self, seen: Observation, memory: dict[str, float], paces: _Paces, arrivals: Arrivals) -> str:
        """Move at most one rung and return why."""
        rules, now = self.settings, seen.now
        rung, fraction = int(memory["rung"]), memory["fraction"]
        strain = self._strain(seen, paces.at(rung, fraction))
        memory["over_ticks"] = memory["over_ticks"] + 1 if strain > rules.enter_strain else 0
        head = seen.oldest_wait_seconds / self._budget(paces.at(rung, fraction))
        if head <= rules.target_strain:
            memory["below_at"] = now
        standing = now - memory["below_at"] >= rules.window_seconds

        shown = rung == NORMAL or now - memory["since"] >= paces.full.batch_seconds  # its effect needs a batch's time
        if shown and (memory["over_ticks"] >= rules.enter_ticks or standing):
            cause = f"its least delay is {head:.0%}" if standing else f"its predicted wait {strain:.0%}"
            memory.update(over_ticks=0, calm_since=now, below_at=now)
            higher = rung if rung == DEGRADED and fraction < 1 else paces.above(rung)
            if higher > THROUGHPUT and not seen.measured:  # The strain is worked out from a guess.
                higher = rung
            if higher == DEGRADED and fraction == 0:
                memory.update(fraction=1 / SHARE_STEPS, needed_at=now)
            if higher != rung:
                memory.update(rung=higher, since=now)
                return f"{LADDER[rung]} -> {LADDER[higher]}: the queue is too long, {cause} of the budget"
        if rung == NORMAL:
            return f"the predicted wait is {strain:.0%} of the budget"

        lower = paces.below(rung)
        better = paces.at(lower, 1.0)
        there = self._strain(seen, better)
        carries = arrivals.slow <= rules.leave_load * seen.ready * better.pictures_per_second
        if there >= rules.leave_strain or not carries:
            memory["calm_since"] = now
        calm = now - memory["calm_since"]
        dwell = rules.dwell_seconds if SHOWN[lower] != SHOWN[rung] else 0.0
        if calm >= rules.calm_seconds and now - memory["since"] >= dwell:
            memory.update(rung=lower, since=now, calm_since=now, over_ticks=0)
            return f"{LADDER[rung]} -> {LADDER[lower]}: {there:.0%} of the budget there, calm for {calm:.0f} s"
        return f"stays {LADDER[rung]}: the predicted wait is {strain:.0%} of the budget, {there:.0%} in {LADDER[lower]}"

    def _ramp(
        self, seen: Observation, memory: dict[str, float], paces: _Paces, arrivals: Arrivals, elapsed: float
    ) -> None:
        """Move the degraded share towards the share the demand needs, no faster than the ramps allow."""
        rules, fraction = self.settings, memory["fraction"]
        if paces.degraded is None or fraction == 0:
            return
        wanted = 0.0
        if memory["rung"] >= DEGRADED:
            backlog = seen.waiting + seen.retrying
            target = seen.ready * paces.full.pictures_per_second * rules.target_strain * self._budget(paces.full)
            demand = rules.headroom * arrivals.fast + max(0.0, backlog - target) / rules.drain_seconds
            wanted = needed_fraction(demand, seen.ready, paces.full, paces.degraded)
            if self._strain(seen, paces.at(DEGRADED, fraction)) > rules.enter_strain:
                wanted = 1.0
        if wanted > 0:
            memory["needed_at"] = seen.now
        elif seen.now - memory["needed_at"] >= rules.linger_seconds or memory["rung"] < DEGRADED:
            memory["fraction"] = 0.0
            return
        wanted = max(wanted, 1 / SHARE_STEPS)
        memory["fraction"] = min(max(wanted, fraction - rules.ramp_down * elapsed), fraction + rules.ramp_up * elapsed)

    def _budget(self, pace: Pace) -> float:
        slo = self.settings.slo_seconds
        return max(wait_budget_seconds(slo, pace), LEAST_BUDGET * slo)

    def _strain(self, seen: Observation, pace: Pace) -> float:
        """Predicted wait at this pace over the longest wait that still meets the SLO; 0 when no job waits."""
        waiting = seen.waiting + seen.retrying
        if waiting == 0:
            return 0.0
        fleet = Fleet(
            pace=pace,
            ready=seen.ready,
            starting=seen.starting,
            starting_in_seconds=seen.starting_in_seconds,
            max_replicas=seen.max_replicas,
            cold_start_seconds=seen.cold_start_seconds,
        )
        return predicted_wait_seconds(waiting, seen.busy_workers, fleet) / self._budget(pace)

    def _replicas(self, seen: Observation, paces: _Paces, arrivals: Arrivals, degrading: bool) -> int:
        """Return what full quality needs for the backlog and the long rate (while degraded, the slow one if higher)."""
        spread = max(seen.cold_start_seconds, self.settings.slo_seconds)
        rate = max(arrivals.long, arrivals.slow) if degrading else arrivals.long
        if arrivals.quiet and seen.waiting + seen.retrying + seen.running == 0:
            rate = 0.0
        demand = rate + (seen.waiting + seen.retrying) / spread
        wanted = needed_replicas(demand, paces.full, spare=self.settings.spare)
        return max(seen.min_replicas, min(wanted, seen.max_replicas))


@lru_cache(maxsize=64)
def _paces(cost: CostTable, cheap: CostTable | None, rules: SloSettings) -> _Paces:
    normal_limit = batch_limit(cost, rules.normal_batch_share * rules.slo_seconds)
    full_limit = batch_limit(cost, rules.full_batch_share * rules.slo_seconds)
    return _Paces(
        normal=Pace.of(cost, batch_limit=normal_limit),
        full=Pace.of(cost, batch_limit=full_limit),
        degraded=Pace.of(cheap, batch_limit=full_limit) if cheap is not None else None,
        normal_limit=normal_limit,
        full_limit=full_limit,
    )


def _first_memory(now: float) -> dict[str, float]:
    clocks = {"now": now, "since": now, "calm_since": now, "below_at": now, "needed_at": now}
    return {"rung": NORMAL, "fraction": 0.0, "over_ticks": 0, **clocks, **Arrivals().to_memory()}
