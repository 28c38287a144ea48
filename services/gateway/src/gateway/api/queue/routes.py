"""The queue, for operators (scope `admin`): waiting jobs, dead letters, retry, drop. Row and queue change together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from gateway.api.dependencies import CallerDep, PageDep, ServicesDep, cursor_behind, holds, operator
from gateway.api.guarding import GuardedRouter
from gateway.api.queue.details import MomentBody, PayloadBody, TimelineBody
from gateway.api.queue.filters import listed
from gateway.api.queue.models import DeadLetter, DeadLetters, QueueJob, QueueJobList
from gateway.api.queue.overview import DepthsBody, IntakeBody, QueueBody, RulingBody, UnfinishedBody, WorkerBody
from gateway.ledger.job_lists import JobFilter
from gateway.ledger.jobs import JobRow
from gateway.outbox import compose
from gateway.recording.cancel import cancel
from gateway.recording.transitions import fact
from gateway.rules.text import PathId
from gateway.services import Services
from gateway.status.timeline import timeline_of
from gateway.status.views import iso
from proteus.bus import list_bad_events
from proteus.errors import Conflict, NotFound
from proteus.jobs import EventKind, JobId, JobState
from proteus.keys import JOBS, TAILOR, QueueKeys
from proteus.registry import WorkerCard, drained_among

router = GuardedRouter(prefix="/v1/queue", tags=["queue"], dependencies=[Depends(operator)])

LIVE_SECONDS: Final = 1.0
"""How often a stream looks at the fleet: the gateway itself reads it as often."""

_STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "`fleet` events: each is a whole answer of GET /v1/queue.",
        "content": {"text/event-stream": {"schema": {"type": "string"}, "example": "event: fleet\ndata: {…}\n\n"}},
    }
}

EVENTS_MOST: Final = 200
"""Events that a timeline shows: a job has a handful, unless something is wrong."""


@router.get("", summary="Depths and workers")
async def overview(services: ServicesDep) -> QueueBody:
    """Return both queues, the unfinished jobs by engine and priority, whether new work is taken, and the workers."""
    return await _overview(services)


@router.get(
    "/live",
    dependencies=[holds("streams")],
    response_class=EventSourceResponse,
    responses=_STREAMED,
    summary="Stream depths and workers",
)
async def live(services: ServicesDep, caller: CallerDep) -> AsyncIterator[ServerSentEvent]:
    """Stream the answer of GET /v1/queue: now, and whenever it has changed, once a second at most."""
    last = ""
    while services.callers.still(caller) and not services.stopping.is_set():
        now = (await _overview(services)).model_dump_json()
        if now != last:
            last = now
            yield ServerSentEvent(event="fleet", raw_data=now)
        with suppress(TimeoutError):
            async with asyncio.timeout(LIVE_SECONDS):
                await services.stopping.wait()


async def _overview(services: Services) -> QueueBody:
    await services.fleet.refresh()
    view = services.fleet.view
    async with services.ledger.read() as reads:
        depths = await reads.job_lists.depths()
    workers: list[WorkerBody] = []
    for name, cards in ((JOBS, view.weavers), (TAILOR, view.tailors)):
        drained = await drained_among(services.redis, QueueKeys(name), [card.id for card in cards])
        workers += [
            WorkerBody.of(card, queue=name, drained=card.id in drained, started_at=_started(card)) for card in cards
        ]
    return QueueBody(
        queues={name: DepthsBody(**asdict(stats)) for name, stats in view.stats.items()},
        held=view.held,
        tenants={name: many for (kind, name), many in view.total_of.items() if kind == "tenant"},
        unfinished=[UnfinishedBody.of(row) for row in depths],
        intake=IntakeBody.of(view.intake),
        ruling=RulingBody.of(view),
        workers=workers,
    )


@router.get("/jobs", summary="List jobs")
async def jobs(services: ServicesDep, page: PageDep, wanted: Annotated[JobFilter, Depends(listed)]) -> QueueJobList:
    """Return jobs of all users, newest first."""
    async with services.ledger.read() as reads:
        rows = await reads.job_lists.page(wanted, page.cursor, limit=page.limit)
    return QueueJobList(items=[QueueJob.of(row) for row in rows], next_cursor=cursor_behind(rows, page))


@router.get("/jobs/{job_id}", summary="Show a job")
async def job(services: ServicesDep, job_id: PathId) -> QueueJob:
    """Return the row, and what Redis holds of it."""
    row = await _row(services, job_id)
    return QueueJob.of(row, (await services.queues[row.kind.queue].look(row.id))[0])


@router.get("/jobs/{job_id}/timeline", summary="Show what happened to a job")
async def timeline(services: ServicesDep, job_id: PathId) -> TimelineBody:
    """Return the job, what its worker gets, the jobs it needs, and its moments from row and events."""
    async with services.ledger.read() as reads:
        order = next(iter(await reads.orders.of([job_id])), None)
        if order is None:
            raise NotFound("There is no such job.")
        row = order.job
        needs = (await reads.needs.of([row.id])).get(row.id, [])
        events = await reads.events.of_job(row.public_id, limit=EVENTS_MOST)
    try:
        made = compose(order, services.store.url_of, job_age_seconds=services.settings.limits.job_age_seconds)
        payload = PayloadBody.of(made)
    except LookupError:
        payload = None  # A job that it needs is not done: nobody can weave it yet.
    view = (await services.queues[row.kind.queue].look(row.id))[0]
    return TimelineBody(
        job=QueueJob.of(row, view),
        payload=payload,
        needs=[QueueJob.of(need) for need in needs],
        moments=[MomentBody.of(one) for one in timeline_of(row, needs=needs, events=events)],
    )


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


def _started(card: WorkerCard) -> str | None:
    return iso(datetime.fromtimestamp(card.started_at, UTC)) if card.started_at else None
