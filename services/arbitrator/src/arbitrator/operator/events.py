"""An Event of a fleet in the form of the core API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from arbitrator.fleets.events import Note
from arbitrator.fleets.spec import GROUP, KIND, VERSION


def event_body(fleet: Mapping[str, Any], note: Note, *, now: datetime) -> dict[str, Any]:
    """Return the Event that tells `note` of `fleet`."""
    metadata = fleet["metadata"]
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"generateName": f"{metadata['name']}.", "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": "Warning" if note.warning else "Normal",
        "reason": note.reason,
        "message": note.message[:1000],
        "source": {"component": "proteus-arbitrator"},
        "firstTimestamp": moment,
        "lastTimestamp": moment,
        "count": 1,
    }
