"""The queue, for operators (scope `admin`): waiting jobs, dead letters, retry, drop. Row and queue change together."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Depends, Query, Response

from gateway.api.dependencies import PageDep, ServicesDep, cursor_behind, operator
from gateway.api.guarding import GuardedRouter
from gateway.api.queue.models import (
    DeadLetter,
    DeadLetters,
    DepthsBody,
    QueueBody,
    QueueJob,
    QueueJobList,
    WorkerBody,
)
from gateway.ledger.jobs import JobRow
from gateway.recording.cancel import cancel
from gateway.recording.transitions import fact
from gateway.rules.text import PathId
from gateway.services import Services
from proteus.bus import list_bad_events
from proteus.errors import Conflict, NotFound
from proteus.jobs import EventKind, JobId, JobState
from proteus.keys import QueueKeys

router = GuardedRouter(prefix="/v1/queue", tags=["queue"], dependencies=[Depends(operator)])


@router.get("", summary="Depths and workers")
async def overview(services: ServicesDep) -> QueueBody:
    """Return both queues, the held jobs by tenant, and the workers."""
    await services.fleet.refresh()
    view = services.fleet.view
    return QueueBody(
        queues={name: DepthsBody(**asdict(stats)) for name, stats in view.stats.items()},
        held=view.held,
        tenants={name: many for (kind, name), many in view.total_of.items() if kind == "tenant"},
        workers=[WorkerBody.of(card) for card in (*view.weavers, *view.tailors)],
    )


@router.get("/jobs", summary="List living or failed jobs")
async def jobs(
    services: ServicesDep,
    page: PageDep,
    state: Annotated[Literal["alive", "failed"], Query()] = "alive",
    stage: Annotated[Literal["held", "preparing", "waiting"] | None, Query()] = None,
) -> QueueJobList:
    """Return jobs of all users, newest first."""
    async with services.ledger.read() as reads:
        if state == "failed":
            rows = await reads.jobs.failed_page(page.cursor, limit=page.limit)
        else:
            rows = await reads.jobs.alive_page(page.cursor, limit=page.limit, stage=stage)
    return QueueJobList(items=[QueueJob.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get("/jobs/{job_id}", summary="Show a job")
async def job(services: ServicesDep, job_id: PathId) -> QueueJob:
    """Return the row, and what Redis holds of it."""
    row = await _row(services, job_id)
    return QueueJob.of(row, (await services.queues[row.kind.queue].look(row.id))[0])


@router.post("/jobs/{job_id}/retry", status_code=202, summary="Let a failed job try again")
async def retry(services: ServicesDep, job_id: PathId) -> QueueJob:
    """Send a failed job to its queue again, with a clean record. Jobs that failed because of it stay failed."""
    row = await _row(services, job_id)
    if row.state != JobState.FAILED:
        raise Conflict(f"The job is {row.state}; only failed ones can be tried again.")
    async with services.ledger.read() as reads:
        needs = (await reads.needs.of([row.id])).get(row.id, [])
    for need in needs:
        if need.state != JobState.COMPLETED:
            raise Conflict(f"The job needs {need.kind} {need.id}, which is {need.state}: that one comes first.")
    await services.recorder.settle([fact(row, EventKind.REOPENED, now=datetime.now(UTC))])
    return QueueJob.of(await _row(services, job_id))


@router.post("/jobs/{job_id}/drop", status_code=204, summary="Drop a job")
async def drop(services: ServicesDep, job_id: PathId) -> Response:
    """Cancel a living job; take a failed one off the dead letters."""
    row = await _row(services, job_id)
    if not row.terminal:
        await cancel([row], ledger=services.ledger, queues=services.queues, recorder=services.recorder)
    else:
        await services.queues[row.kind.queue].forget(row.id)
    return Response(status_code=204)


@router.get("/dead", summary="List dead letters")
async def dead(services: ServicesDep, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> DeadLetters:
    """Return the newest dead letters of both queues with their reasons.

    They include payloads that the gateway could not import, and events it could not record (`event_set_aside`).
    """
    items: list[DeadLetter] = []
    for name, queue in services.queues.items():
        views = await queue.look(*await queue.dead_letters(limit=limit))
        items += [DeadLetter.of_job(name, view) for view in views if view is not None]
        bad = await list_bad_events(services.redis, QueueKeys(name), limit=limit)
        items += [DeadLetter.of_event(name, event) for event in bad]
    return DeadLetters(items=items)


async def _row(services: Services, job_id: str) -> JobRow:
    async with services.ledger.read() as reads:
        row = (await reads.jobs.by_ids([JobId(job_id)])).get(JobId(job_id))
    if row is None:
        raise NotFound("There is no such job.")
    return row
