"""Which jobs an operator means: the filters of the list, and of changes to many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from gateway.api.wire import asked, said
from gateway.ledger.job_lists import JobFilter
from gateway.rules.text import EngineName, Id, Moment
from gateway.status.models import AT, JOB_ID
from proteus.errors import InvalidRequest
from proteus.jobs import ALIVE, JobState, Stage
from proteus.stages import JobKind

MOST: Final = 1_000
"""Jobs that one request may change."""

SKIPPED_MOST: Final = 100
"""Skipped jobs that an answer names."""

RECENT: Final = timedelta(days=1)
"""Lists of the jobs that ended otherwise than by failing begin there unless `since` says more: they are many."""

SINCE: Final = "Made since then; of completed, canceled and expired jobs by default the last day."

ListedState = Literal["alive", "queued", "running", "failed", "completed", "canceled", "expired"]
LivingOrFailed = Literal["alive", "queued", "running", "failed"]


def states_of(state: str) -> Sequence[JobState]:
    """Return the states that a filter's word means."""
    return tuple(ALIVE) if state == "alive" else (JobState(state),)


@dataclass(frozen=True, kw_only=True)
class Owners:
    """Whose jobs, and which; what is None does not count."""

    kind: JobKind | None
    engine: str | None
    tenant: str | None
    user_id: str | None
    priority: int | None


async def owners(
    kind: Annotated[JobKind | None, Query()] = None,
    engine: Annotated[EngineName | None, Query()] = None,
    tenant: Annotated[Id | None, Query()] = None,
    user_id: Annotated[Id | None, Query()] = None,
    priority: Annotated[int | None, Query(ge=0, le=2, description="0 low, 1 normal, 2 high.")] = None,
) -> Owners:
    """The filters by what a job is and whose it is."""
    return Owners(kind=kind, engine=engine, tenant=tenant, user_id=user_id, priority=priority)


async def listed(
    of: Annotated[Owners, Depends(owners)],
    state: Annotated[ListedState, Query(description="`alive`: queued or running.")] = "alive",
    stage: Annotated[Stage | None, Query()] = None,
    code: Annotated[Id | None, Query(description="The code of the error.")] = None,
    since: Annotated[Moment | None, Query(description=SINCE, examples=[AT])] = None,
    until: Annotated[Moment | None, Query(description="Not included.", examples=[AT])] = None,
) -> JobFilter:
    """The filters of a list of jobs."""
    check_times(since, until)
    if since is None and state in ("completed", "canceled", "expired"):
        since = datetime.now(UTC) - RECENT
    return JobFilter(states=states_of(state), stage=stage, code=code, since=since, until=until, **vars(of))


def check_times(since: datetime | None, until: datetime | None) -> None:
    """Refuse a filter that no job can pass.

    Raises:
        InvalidRequest: `until` is not after `since`.
    """
    if since is not None and until is not None and until <= since:
        raise InvalidRequest("`until` must be after `since`: no job was made between them.")


class Selection(BaseModel):
    """Which jobs are to be changed."""

    stage: Stage | None = None
    kind: JobKind | None = None
    engine: EngineName | None = None
    tenant: Id | None = None
    user_id: Id | None = None
    priority: int | None = Field(default=None, ge=0, le=2, description="0 low, 1 normal, 2 high.")
    code: Id | None = Field(default=None, description="The code of the error.")
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="Not included.")
    limit: int = Field(default=MOST, ge=1, le=MOST)
    dry_run: bool = Field(default=False, description="Count, and change nothing.")

    def filter(self, state: str) -> JobFilter:
        """Return the filter, for jobs in these states."""
        wanted = self.model_dump(exclude={"limit", "dry_run", "state"})
        return JobFilter(states=states_of(state), **wanted)


class RetryRequest(Selection):
    """Failed jobs that are to be tried again."""

    model_config = asked(engine="puppet", code="worker_lost", dry_run=True)


class DropRequest(Selection):
    """Living jobs that are to be cancelled, or failed ones that are to leave the dead letters."""

    model_config = asked(state="queued", tenant="acme", dry_run=True)

    state: LivingOrFailed


class SkippedBody(BaseModel):
    """A job that was left as it is."""

    job_id: str
    reason: str


SKIPPED: Final[dict[str, Any]] = {"job_id": JOB_ID, "reason": "It needs parse seg_…, which is failed."}


class ChangedBody(BaseModel):
    """What became of the jobs that a filter found."""

    model_config = said({"matched": 37, "more": False, "changed": 36, "skipped": [SKIPPED]})

    matched: int = Field(description="Jobs found, `limit` of them at most; newest first.")
    more: bool = Field(description="There are more than `limit`.")
    changed: int = Field(description="0 in a dry run.")
    skipped: list[SkippedBody] = Field(description=f"Jobs left as they are; the first {SKIPPED_MOST}.")
