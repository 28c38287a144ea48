"""The status of a WeaverFleet: what people read of it, and its conditions. Pure.

A status is written only when it differs from the object's, and carries no more than people need: each write is an
event for every watcher. A condition's time changes only when its status does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.spec import FleetSpec, Part

MESSAGE_CHARACTERS: Final = 1_000


class ConditionStatus(StrEnum):
    """Kubernetes' three values."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(Part):
    """One condition, in Kubernetes' form."""

    type: Annotated[str, Field(max_length=316)]
    status: ConditionStatus
    reason: Annotated[str, Field(max_length=1024)]
    message: Annotated[str, Field(max_length=32768)] = ""
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    observed_generation: int = 0


class Derived(Part):
    """What followed from the budget."""

    min_replicas: int
    max_replicas: int
    jobs_per_pod: int
    """While the arbitrator is silent."""

    picture_seconds: float
    """Seconds per picture that this rests on."""

    schedules: tuple[str, ...] = ()
    """Hours at which pods stay or are there before a rise."""

    cost_per_month: float
    """What the demand costs with it, at a guess."""

    basis: str
    """Where demand and pace come from."""


class FleetStatus(Part):
    """What the operator writes."""

    observed_generation: int = 0
    replicas: int = 0
    """Pods of the fleet."""

    ready_replicas: int = 0
    """Pods that take work."""

    wanted_replicas: int | None = None
    """Pods that the arbitrator wants; absent while it does not know."""

    selector: str = ""
    """Labels of the pods, for the scale sub-resource."""

    min_replicas: int = 0
    """Fewest pods now, schedules included."""

    max_replicas: int = 0
    """Most pods now, schedules included."""

    active_schedules: tuple[str, ...] = ()
    mode: str = ""
    """VIP, ECONOMY or SURGE."""

    waiting: int | None = None
    """Jobs that wait for this fleet's engines."""

    canary: str = ""
    """What its canary gets, or why it gets nothing."""

    reason: str = ""
    """Why the arbitrator wants that number: its last decision."""

    cost_per_hour: float = 0.0
    """Pods times the hourly price."""

    derived: Derived | None = None
    """What followed from the budget; absent without one."""

    conditions: Annotated[
        tuple[Condition, ...],
        Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A condition's content, without its time."""

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """The fleet's pods, counted."""

    total: int = 0
    ready: int = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The arbitrator's last decision about a fleet."""

    replicas: int
    mode: str
    waiting: int
    reason: str
    canary: str = ""


def make_status(
    spec: FleetSpec,
    bounds: Bounds,
    *,
    generation: int,
    pods: Pods,
    wanted: Wanted | None,
    findings: Sequence[Finding],
    derived: Derived | None = None,
) -> dict[str, Any]:
    """Return the status but for its conditions' times; `with_times` adds them."""
    status = FleetStatus(
        observed_generation=generation,
        replicas=pods.total,
        ready_replicas=pods.ready,
        wanted_replicas=wanted.replicas if wanted else None,
        selector=",".join(f"{name}={value}" for name, value in sorted(spec.selector.items())),
        min_replicas=bounds.min_replicas,
        max_replicas=bounds.max_replicas,
        active_schedules=bounds.active,
        mode=wanted.mode if wanted else "",
        waiting=wanted.waiting if wanted else None,
        canary=wanted.canary if wanted else "",
        reason=wanted.reason[:MESSAGE_CHARACTERS] if wanted else "",
        cost_per_hour=round(pods.total * spec.billing.hourly_price, 2),
        derived=derived,
    )
    made = status.model_dump(mode="json", by_alias=True, exclude={"conditions"})
    made["conditions"] = [_shown(finding, generation) for finding in findings]
    return made


def refused_status(message: str, *, generation: int) -> dict[str, Any]:
    """Return the status of an object whose spec breaks a rule. Its ScaledObject stays as it was."""
    finding = Finding(type="Ready", status=ConditionStatus.FALSE, reason="SpecRefused", message=message)
    return {"observedGeneration": generation, "conditions": [_shown(finding, generation)]}


def with_times(status: dict[str, Any], before: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the status with each condition's time: the old one while its status is the same.

    Conditions of other writers stay: a merge patch replaces the list as a whole.
    """
    old = {one.get("type"): one for one in before.get("conditions") or []}
    conditions = []
    for condition in status["conditions"]:
        last = old.pop(condition["type"], {})
        same = last.get("status") == condition["status"] and "lastTransitionTime" in last
        moment = last["lastTransitionTime"] if same else now.strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions.append({**condition, "lastTransitionTime": moment})
    strangers = [one for kind, one in old.items() if kind not in OURS]
    return {**status, "conditions": conditions + strangers}


OURS: Final = frozenset({"Ready", "Applied", "ScalerReady", "Paused", "BudgetHolds"})
"""The condition types that the operator writes."""


def changed(status: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Return the merge patch from one status to the next; empty: nothing changed. None deletes a field."""
    return {name: value for name, value in status.items() if before.get(name) != value}


def _shown(finding: Finding, generation: int) -> dict[str, Any]:
    return {
        "type": finding.type,
        "status": finding.status.value,
        "reason": finding.reason,
        "message": finding.message[:MESSAGE_CHARACTERS],
        "observedGeneration": generation,
    }


def findings_of(
    bounds: Bounds, *, problem: Finding | None, scaler: Sequence[dict[str, Any]] = ()
) -> tuple[Finding, ...]:
    """Return the conditions of a fleet.

    Args:
        problem: Why the ScaledObject could not be applied; None: it was.
        scaler: The conditions that KEDA wrote to the ScaledObject.
    """
    true, false, unknown = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
    applied = problem or Finding(type="Applied", status=true, reason="Applied")
    keda = next((one for one in scaler if one.get("type") == "Ready"), None)
    if keda is None:
        scaling = Finding(type="ScalerReady", status=unknown, reason="NotReported", message="KEDA has reported nothing")
    else:
        known = ConditionStatus(keda["status"]) if keda.get("status") in ("True", "False") else unknown
        reason, message = str(keda.get("reason") or known), str(keda.get("message") or "")
        scaling = Finding(type="ScalerReady", status=known, reason=reason, message=message)
    if bounds.held is not None:
        paused = Finding(type="Paused", status=true, reason="Held", message=f"held at {bounds.held} pods")
    elif bounds.paused:
        paused = Finding(type="Paused", status=true, reason="Paused", message="spec.paused is true")
    else:
        paused = Finding(type="Paused", status=false, reason="Scaling")
    if problem is not None:
        ready = Finding(type="Ready", status=false, reason=problem.reason, message=problem.message)
    elif scaling.status is false:
        ready = Finding(type="Ready", status=false, reason="ScalerNotReady", message=scaling.message)
    else:
        ready = Finding(type="Ready", status=true, reason=paused.reason, message=paused.message)
    return ready, applied, scaling, paused
