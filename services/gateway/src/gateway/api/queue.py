"""The queue, for operators (scope `admin`): what waits, what is dead, try again, drop. Row and queue move together."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from fastapi.responses import JSONResponse

from gateway.api.dependencies import PageDep, ServicesDep, cursor_of, operator
from gateway.api.guarding import GuardedRouter
from gateway.api.schemas import DeadLetters, QueueBody, QueueJob, QueueJobList
from gateway.ledger.jobs import JobRow
from gateway.recording.cancel import cancel
from gateway.recording.transitions import fact
from gateway.rules.text import PathId
from gateway.services import Services
from gateway.status.views import iso
from proteus.bus import list_bad_events
from proteus.documents import storable_text
from proteus.errors import Conflict, NotFound
from proteus.jobs import EventKind, JobId, JobKind, JobState
from proteus.keys import QueueKeys

router = GuardedRouter(prefix="/v1/queue", tags=["queue"], dependencies=[Depends(operator)])


@router.get("", response_model=QueueBody, summary="Depths and workers")
async def overview(services: ServicesDep) -> JSONResponse:
    """Return a reading of both queues, what is held by tenant, and the workers."""
    await services.fleet.refresh()
    view = services.fleet.view
    body = {
        "queues": {name: asdict(stats) for name, stats in view.stats.items()},
        "held": view.held,
        "tenants": {name: many for (kind, name), many in view.total_of.items() if kind == "tenant"},
        "workers": [
            {"id": card.id, "state": card.state, "engines": list(card.engines), "device": card.device,
             "slots_used": card.slots_used, "slots_free": card.slots_free}
            for card in (*view.weavers, *view.tailors)
        ],
    }  # fmt: skip
    return JSONResponse(body)


@router.get("/jobs", response_model=QueueJobList, summary="List living or failed jobs")
async def jobs(
    services: ServicesDep,
    page: PageDep,
    state: Annotated[Literal["alive", "failed"], Query()] = "alive",
    stage: Annotated[Literal["held", "preparing", "waiting"] | None, Query()] = None,
) -> JSONResponse:
    """Return jobs of all users, newest first."""
    async with services.ledger.read() as reads:
        if state == "failed":
            rows = await reads.jobs.failed_page(page.cursor, limit=page.limit)
        else:
            rows = await reads.jobs.alive_page(page.cursor, limit=page.limit, stage=stage)
    more = cursor_of(rows[-1].created_at, rows[-1].id) if len(rows) == page.limit else None
    return JSONResponse({"items": [_body(row) for row in rows], "next_cursor": more})


@router.get("/jobs/{job_id}", response_model=QueueJob, summary="Show a job")
async def job(services: ServicesDep, job_id: PathId) -> JSONResponse:
    """Return the row, and what Redis holds of it."""
    row = await _row(services, job_id)
    view = (await services.queues[JobKind(row.kind).queue].look(JobId(row.id)))[0]
    return JSONResponse(_body(row) | {"in_redis": asdict(view) if view else None})


@router.post("/jobs/{job_id}/retry", response_model=QueueJob, status_code=202, summary="Let a failed job try again")
async def retry(services: ServicesDep, job_id: PathId) -> JSONResponse:
    """Send a failed job to its queue again, with a clean record. What had failed because of it stays failed."""
    row = await _row(services, job_id)
    if row.state != JobState.FAILED:
        raise Conflict(f"The job is {row.state}; only failed ones can be tried again.")
    async with services.ledger.read() as reads:
        needs = (await reads.needs.of([row.id])).get(row.id, [])
    for need in needs:
        if need.state != JobState.COMPLETED:
            raise Conflict(f"The job needs {need.kind} {need.id}, which is {need.state}: that one comes first.")
    await services.recorder.settle([fact(row, EventKind.REOPENED, now=datetime.now(UTC))])
    return JSONResponse(_body(await _row(services, job_id)), status_code=202)


@router.post("/jobs/{job_id}/drop", status_code=204, summary="Drop a job")
async def drop(services: ServicesDep, job_id: PathId) -> Response:
    """Cancel a living job; take a failed one off the dead letters."""
    row = await _row(services, job_id)
    if not row.terminal:
        await cancel([row], ledger=services.ledger, queues=services.queues, recorder=services.recorder)
    else:
        await services.queues[JobKind(row.kind).queue].forget(JobId(row.id))
    return Response(status_code=204)


@router.get("/dead", response_model=DeadLetters, summary="List dead letters")
async def dead(services: ServicesDep, limit: Annotated[int, Query(ge=1, le=100)] = 50) -> JSONResponse:
    """Return the newest dead letters of both queues with their reasons.

    Payloads that nobody could adopt are among them, and events that could not be recorded (`event_set_aside`).
    """
    items: list[dict[str, Any]] = []
    for name, queue in services.queues.items():
        ids = await queue.dead_letters(limit=limit)
        for job_id, view in zip(ids, await queue.look(*ids), strict=True):
            if view is not None:
                items.append(
                    {"queue": name, "job_id": job_id, "code": view.code, "message": view.message,
                     "attempts": view.attempts, "crashes": view.crashes, "solo_crashes": view.solo_crashes}
                )  # fmt: skip
        for event in await list_bad_events(services.redis, QueueKeys(name), limit=limit):
            items.append(
                {"queue": name, "job_id": storable_text(event.get("id", "")), "code": "event_set_aside",
                 "message": event.get("reason", ""), "attempts": 0, "crashes": 0, "solo_crashes": 0}
            )  # fmt: skip
    return JSONResponse({"items": items})


async def _row(services: Services, job_id: str) -> JobRow:
    async with services.ledger.read() as reads:
        row = (await reads.jobs.by_ids([job_id])).get(job_id)
    if row is None:
        raise NotFound("There is no such job.")
    return row


def _body(row: JobRow) -> dict[str, Any]:
    return {
        "job_id": row.id,
        "kind": row.kind,
        "user_id": row.user_id,
        "tenant": row.tenant,
        "status": row.state,
        "stage": row.stage,
        "engine": row.engine,
        "batch_key": row.batch_key,
        "priority": row.priority,
        "epoch": row.epoch,
        "token": row.token,
        "attempts": row.attempts,
        "crashes": row.crashes,
        "solo_crashes": row.solo_crashes,
        "cancel_requested": row.cancel_requested,
        "error": row.error,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
