"""How many weavers one machine runs: a policy's scale signal, adapted to processes that start in seconds.

A cluster has KEDA and the HPA for this. On one machine the arbitrator writes the number itself
(`config:weaver_replicas`) and the supervisor of `make up` follows. The number rises at once: one waiting picture, or a
request to be warm, wakes a fleet at zero. It falls late: a weaver goes when nothing has needed it for the idle time,
the last one only if zero is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from arbitrator.policies.contract import Decision, Observation, Policy


@dataclass(frozen=True, kw_only=True)
class Held:
    """How many weavers are requested, and since when fewer would do.

    Attributes:
        count: Weavers requested.
        busy_at: When there last was work.
        needed_at: When all of `count` were last needed.
        why: The reason, one phrase.
    """

    count: int
    busy_at: float
    needed_at: float
    why: str = ""

    def to_memory(self) -> dict[str, float]:
        return {"held_count": self.count, "held_busy_at": self.busy_at, "held_needed_at": self.needed_at}

    @classmethod
    def from_memory(cls, memory: Mapping[str, float]) -> Held | None:
        """Return what a decision's memory holds; None if a policy without this rule wrote it."""
        try:
            count, busy_at, needed_at = (memory[f"held_{name}"] for name in ("count", "busy_at", "needed_at"))
        except KeyError:
            return None
        return cls(count=int(count), busy_at=busy_at, needed_at=needed_at)


def hold(seen: Observation, wanted: int, before: Held | None, *, idle_seconds: float) -> Held:
    """Return how many weavers to request.

    Args:
        seen: The observation; its bounds apply.
        wanted: The policy's scale signal.
        before: What was requested last; None at the first tick: running weavers stay, and the idle time begins.
        idle_seconds: How long a weaver that nothing needs is kept.
    """
    now = seen.now
    if before is None:
        before = Held(count=seen.ready + seen.starting, busy_at=now, needed_at=now)
    working = seen.waiting + seen.running + seen.retrying > 0
    # A clock that was set back must not make the fleet wait for it.
    busy_at = now if working else min(before.busy_at, now)
    needed_at = min(before.needed_at, now)
    idle = now - busy_at
    resting = not working and idle >= idle_seconds

    least = 1 if seen.warm or not resting else 0
    wanted = min(max(0 if resting else wanted, least, seen.min_replicas), seen.max_replicas)
    if wanted < before.count and not resting and now - needed_at < idle_seconds:
        count, why = min(before.count, seen.max_replicas), f"{wanted} would do since {now - needed_at:.0f} s"
        return Held(count=count, busy_at=busy_at, needed_at=needed_at, why=why)
    if working:
        why = f"{seen.waiting + seen.retrying} wait, {seen.running} run"
    else:
        why = f"nothing to do for {idle:.0f} s" + (", but asked to be warm" if seen.warm and resting else "")
    return Held(count=wanted, busy_at=busy_at, needed_at=now, why=why)


class HoldingPolicy:
    """Replaces a policy's scale signal by the number one machine should run. The rest of the decision stays.

    Args:
        inner: The policy that decides.
        idle_seconds: How long a weaver that nothing needs is kept.
    """

    def __init__(self, inner: Policy, *, idle_seconds: float) -> None:
        self._inner = inner
        self._idle_seconds = idle_seconds

    @property
    def name(self) -> str:
        """The inner policy's name."""
        return self._inner.name

    def decide(self, seen: Observation, before: Decision | None) -> Decision:
        """Return the inner decision with the number of weavers that `hold` gives."""
        decision = self._inner.decide(seen, before)
        last = Held.from_memory(before.memory) if before is not None else None
        held = hold(seen, decision.desired_replicas, last, idle_seconds=self._idle_seconds)
        number = {0: "no weaver", 1: "1 weaver"}.get(held.count, f"{held.count} weavers")
        return replace(
            decision,
            desired_replicas=held.count,
            reason=f"{decision.reason}; {number}: {held.why}",
            memory={**decision.memory, **held.to_memory()},
        )
