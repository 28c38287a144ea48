"""A job's status as clients read it: the body of every submit and status, and its example."""

from __future__ import annotations

from math import isfinite
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from proteus.events import CostInfo, ErrorInfo, IfKnown, ResultInfo, UsageInfo
from proteus.jobs import JobState, Stage

JOB_ID: Final = "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
VTON_ID: Final = "vton_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
AT: Final = "2026-02-03T12:00:00.000Z"

EXAMPLE: Final[dict[str, Any]] = {
    "job_id": JOB_ID,
    "vton_id": VTON_ID,
    "job_type": "tryon",
    "status": "queued",
    "stage": "waiting",
    "position": 3,
    "eta": {"p50_seconds": 9.8, "p90_seconds": 14.1},
    "progress": None,
    "results": [{"n": 1, "status": "queued"}],
    "error": None,
    "engine": "puppet",
    "metadata": None,
    "external_id": None,
    "created_at": AT,
    "finished_at": None,
    "expires_at": None,
    "timings": {},
    "usage": None,
    "cost": None,
    "cloth_clean_url": None,
}


class EtaBody(BaseModel):
    """Seconds until done: median and 90th percentile."""

    p50_seconds: float
    p90_seconds: float

    @classmethod
    def of(cls, p50_seconds: float, p90_seconds: float) -> EtaBody | None:
        """Return an estimate to the hundredth of a second; None if there is none."""
        if not (isfinite(p50_seconds) and isfinite(p90_seconds)):
            return None
        return cls(p50_seconds=round(p50_seconds, 2), p90_seconds=round(p90_seconds, 2))


class ProgressBody(BaseModel):
    """Steps done and steps in all."""

    step: int
    steps: int


class StatusBody(BaseModel):
    """A job as it is now. `position` counts from 0 = next; with `position_is_least` at least so many are ahead."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    job_id: str
    vton_id: str | None = None
    job_type: Literal["tryon", "segment"]
    status: JobState | Literal["draft"]
    stage: Stage | None = None
    position: int | None = None
    position_is_least: bool = False
    eta: EtaBody | None = None
    progress: ProgressBody | None = None
    results: list[ResultInfo] = []
    error: ErrorInfo | None = None
    failed_garment: IfKnown[int] = Field(
        default=None, description="Of an outfit that ended early: which garment of the request, from 1, is missing."
    )
    partial: IfKnown[bool] = Field(
        default=None, description="Of such an outfit: whether the garments before it were put on; `results` has them."
    )
    engine: str
    metadata: dict[str, str] | None = None
    external_id: str | None = None
    created_at: str
    finished_at: str | None = None
    expires_at: str | None = None
    timings: dict[str, float] = {}
    usage: UsageInfo | None = Field(default=None, description="What it used; null while no attempt has ended.")
    cost: CostInfo | None = Field(default=None, description="What that costs; null where no price is set.")
    cloth_clean_url: str | None = Field(default=None, description="Of a completed cut-out: for /api/snap.")

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.status != "draft" and self.status.terminal
