"""A fleet's pods, as the API server describes them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from arbitrator.fleets.deletion_cost import ANNOTATION, PodView

STUCK_SECONDS: Final = 300.0
"""A pod that has had no node for so long gets none soon: spot capacity is gone, or a quota is reached."""


def view_of(body: Mapping[str, Any]) -> PodView:
    """Return what is needed of a pod; what is missing or unreadable counts as not there."""
    metadata, status = body["metadata"], body.get("status") or {}
    ready = any(one.get("type") == "Ready" and one.get("status") == "True" for one in status.get("conditions") or ())
    return PodView(
        name=metadata["name"],
        created_at=_moment(metadata.get("creationTimestamp")),
        started_at=_moment(status.get("startTime")),
        ready=ready,
        cost=(metadata.get("annotations") or {}).get(ANNOTATION),
        terminating="deletionTimestamp" in metadata or status.get("phase") in ("Succeeded", "Failed"),
    )


def is_stuck(pods: Collection[PodView], *, now: datetime) -> bool:
    """Tell whether a pod has waited too long for a node. `startTime` is set when a kubelet takes it."""
    return any(
        pod.started_at is None and pod.created_at is not None and (now - pod.created_at).total_seconds() > STUCK_SECONDS
        for pod in pods
    )


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
