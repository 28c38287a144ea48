"""One job in `MemoryJobQueue`, and the list's elements: the twins of a job's hash and of LREM."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proteus.jobs import JobState, Stage
from proteus.queue import wire
from proteus.queue.model import Submission
from proteus.usage import Usage


@dataclass(kw_only=True)
class Entry:
    """One job's hash. `place` is `list`, `spare`, `parked`, `lease`, `retry` or empty (ended).

    Attributes:
        number: Counts submissions: older jobs come back first.
        order: Its place among those in the list; smaller is nearer to the head.
        usage: What the newest attempt reported.
        ran: The attempt that is being ended was running.
    """

    submission: Submission
    state: JobState
    token: int
    number: int
    order: int
    submitted_ms: int
    queued_ms: int
    attempts: int
    crashes: int
    solo_crashes: int
    place: str = "list"
    solo: bool = False
    cancel: bool = False
    worker: str = ""
    claimed_ms: int | None = None
    due_ms: int = 0
    stage: Stage | None = None
    step: int = 0
    steps: int = 0
    code: str = ""
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage | None = None
    ran: bool = False


def element_of(entry: Entry) -> str:
    """Return the list's element of a job."""
    return wire.encode(entry.submission.payload)


def remove(elements: list[str], element: str) -> None:
    """Remove the first such element, if there is one."""
    if element in elements:
        elements.remove(element)


def remove_last(elements: list[str], element: str) -> None:
    """Remove the last such element, if there is one."""
    if element in elements:
        del elements[len(elements) - 1 - elements[::-1].index(element)]


def label(entry: Entry) -> dict[str, Any]:
    """Return an announcement's fields for a job."""
    label: dict[str, Any] = json.loads("{" + wire.label(entry.submission) + "}")
    return label
