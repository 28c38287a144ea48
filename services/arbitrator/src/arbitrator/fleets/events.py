"""What a fleet's Events say: the changes between two statuses that a person wants to read afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Note:
    """One Event: a reason in one word, and a sentence."""

    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What of a status makes Events when it changes."""

    wanted: int | None
    mode: str
    why: str
    schedules: tuple[str, ...]
    conditions: Mapping[str, tuple[str, str, str]]
    """Type -> status, reason, message."""

    derived: str = ""
    """What followed from the budget, and why."""

    @classmethod
    def of(cls, status: Mapping[str, Any]) -> Moment:
        """Return a status as a moment; an empty one is that of a new fleet."""
        return cls(
            wanted=status.get("wantedReplicas"),
            mode=str(status.get("mode") or ""),
            why=str(status.get("reason") or ""),
            schedules=tuple(status.get("activeSchedules") or ()),
            conditions={
                one["type"]: (one["status"], one.get("reason", ""), one.get("message", ""))
                for one in status.get("conditions") or ()
            },
            derived=_derived(status.get("derived")),
        )


def events_between(before: Moment, after: Moment) -> Iterator[Note]:
    """Yield what happened between two moments, the most important first."""
    for kind in ("Ready", "BudgetHolds", "Paused"):
        old, new = before.conditions.get(kind), after.conditions.get(kind)
        if new is None or (old is not None and old[:2] == new[:2]):
            continue
        status, reason, message = new
        if kind != "Paused" and status == "False":
            yield Note(reason=reason, message=message, warning=True)
        elif kind == "Paused" and (status == "True" or (old is not None and old[0] == "True")):
            yield Note(reason=reason, message=message or "the fleet scales")
    if after.derived and after.derived != before.derived:
        yield Note(reason="Derived", message=after.derived)
    for name in after.schedules:
        if name not in before.schedules:
            yield Note(reason="ScheduleBegan", message=f"schedule {name} began")
    for name in before.schedules:
        if name not in after.schedules:
            yield Note(reason="ScheduleEnded", message=f"schedule {name} ended")
    if after.wanted is not None and after.wanted != before.wanted:
        was = "" if before.wanted is None else f"{before.wanted} -> "
        yield Note(reason="Wanted", message=f"{was}{after.wanted} pods: {after.why}")
    elif after.mode and after.mode != before.mode:
        yield Note(reason="Mode", message=f"{after.mode}: {after.why}")


def _derived(found: Mapping[str, Any] | None) -> str:
    """Return in words what followed from the budget; the number of hours seen is no news."""
    if not found:
        return ""
    words = (
        f"{found['minReplicas']} to {found['maxReplicas']} pods, {found['jobsPerPod']} jobs per pod at "
        f"{found['pictureSeconds']:g} s a picture"
    )
    return "; ".join((words, *found.get("schedules", ())))
