"""A job as the API last described it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job's state, read from a status or an event: both have the same fields."""

    job_id: str
    status: str
    stage: str | None = None
    position: int | None = None
    step: int = 0
    steps: int = 0
    results: tuple[Mapping[str, Any], ...] = ()
    error: Mapping[str, Any] | None = None
    timings: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Job:
        """Read the fields that a status or an event holds."""
        progress = said.get("progress") or {}
        return cls(
            job_id=said["job_id"],
            status=said["status"],
            stage=said.get("stage"),
            position=said.get("position"),
            step=progress.get("step") or 0,
            steps=progress.get("steps") or 0,
            results=tuple(said.get("results") or ()),
            error=said.get("error"),
            timings=said.get("timings") or {},
        )
