"""Whether a picture kept the service level objective: done within its time, and not failed through the system. Pure."""

from __future__ import annotations

from typing import Final, Literal

from gateway.ledger.jobs import JobRow
from gateway.rules.failures import PREREQUISITE, of_request
from proteus.errors import TooOld
from proteus.jobs import JobState
from proteus.stages import JobKind

PROMPT: Final = 1
"""Lowest priority that is promised a time: what is lower waits until workers have nothing else to do."""

LATE: Final = frozenset({TooOld.code, f"{PREREQUISITE}{JobState.EXPIRED}"})
"""Error codes of what the system had no time for."""


def outcome_of(row: JobRow, *, slo_seconds: float) -> Literal["in_time", "late", "failed", "rejected"] | None:
    """Return what became of a picture; None: it is none, has not ended, or its user withdrew it.

    Args:
        row: A job.
        slo_seconds: From the submit to the picture.
    """
    if row.kind is not JobKind.TRYON or not row.terminal or row.state is JobState.CANCELED:
        return None
    code = str((row.error or {}).get("code", ""))
    if row.state is JobState.EXPIRED or code in LATE:
        return "late"
    if row.state is JobState.FAILED:
        return "rejected" if of_request(code) else "failed"
    took_seconds = ((row.finished_at or row.updated_at) - row.created_at).total_seconds()
    return "late" if row.priority >= PROMPT and took_seconds > slo_seconds else "in_time"
