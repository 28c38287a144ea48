"""Policy `table`: the four founding scenarios, exactly. No memory, no prediction."""

from __future__ import annotations

from math import ceil
from typing import Final

from arbitrator.policies.contract import Decision, Mode, Observation, State

LOW_DEPTH: Final = 10
HIGH_DEPTH: Final = 50
EMERGENCY_WAIT_SECONDS: Final = 10.0
JOBS_PER_REPLICA: Final = 10
"""The scale signal follows the chart's rule: about one pod per 10 waiting jobs."""


class TablePolicy:
    """Depth decides batch and mode, the average wait decides degraded mode."""

    name = "table"

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        """Return the row of the table that applies now; `before` does not matter."""
        depth = seen.waiting
        if depth <= LOW_DEPTH:
            batch, mode, state, why = 1, Mode.VIP, State.NORMAL, f"depth {depth} <= {LOW_DEPTH}: latency"
        elif depth <= HIGH_DEPTH:
            batch, mode, state = 4, Mode.ECONOMY, State.THROUGHPUT
            why = f"depth {depth} in {LOW_DEPTH + 1}..{HIGH_DEPTH}: throughput"
        else:
            batch, mode, state = 8, Mode.SURGE, State.THROUGHPUT
            why = f"depth {depth} > {HIGH_DEPTH}: max throughput"
        degraded = seen.mean_wait_seconds > EMERGENCY_WAIT_SECONDS
        if degraded:
            state = State.DEGRADED
            why += f"; average wait {seen.mean_wait_seconds:.1f} s > {EMERGENCY_WAIT_SECONDS:g} s: survival"
        wanted = ceil(depth / JOBS_PER_REPLICA)
        return Decision(
            batch_size=batch,
            mode=mode,
            degraded_mode=degraded,
            degraded_fraction=1.0 if degraded else 0.0,
            desired_replicas=max(seen.min_replicas, min(wanted, seen.max_replicas)),
            state=state,
            reason=why,
            memory={},
        )
