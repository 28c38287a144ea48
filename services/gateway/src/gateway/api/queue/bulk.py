"""Retry and drop of many jobs at once (scope `admin`): those that a filter finds, at most 1,000 in a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from fastapi import Depends

from gateway.accounts.deeds import Actor
from gateway.api.dependencies import CallerDep, ServicesDep, TraceDep, administrator
from gateway.api.guarding import GuardedRouter
from gateway.api.queue.filters import (
    SKIPPED_MOST,
    ChangedBody,
    DropRequest,
    RetryRequest,
    Selection,
    SkippedBody,
    check_times,
)
from gateway.ledger.jobs import JobRow
from gateway.recording.cancel import cancel
from gateway.recording.transitions import fact
from gateway.services import Services
from proteus.jobs import EventKind, JobState

router = GuardedRouter(prefix="/v1/queue/jobs", tags=["queue"], dependencies=[Depends(administrator)])

CHUNK: Final = 100
"""Jobs changed in one transaction: a longer one would hold rows that the recorder wants."""


@router.post("/retry", summary="Let many failed jobs try again")
async def retry_many(services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: RetryRequest) -> ChangedBody:
    """Send the failed jobs that the filter finds to their queues again; those that need a failed job are skipped."""
    rows, more = await _found(services, wish, "failed")
    async with services.ledger.read() as reads:
        needs = await reads.needs.of([row.id for row in rows]) if rows else {}
    skipped: dict[str, str] = {}
    for row in rows:
        for need in needs.get(row.id, ()):
            if need.state is not JobState.COMPLETED:
                skipped[row.id] = f"It needs {need.kind} {need.id}, which is {need.state}."
                break
    changed = 0
    if not wish.dry_run:
        await _write_down(services, Actor.of(caller, trace), "jobs.retry", wish, matched=len(rows))
        for chunk in _chunks([row for row in rows if row.id not in skipped]):
            now = datetime.now(UTC)
            reopened = await services.recorder.settle([fact(row, EventKind.REOPENED, now=now) for row in chunk])
            changed += len({row.id for row in reopened} & {row.id for row in chunk})
    return _answer(rows, more=more, changed=changed, skipped=skipped)


@router.post("/drop", summary="Drop many jobs")
async def drop_many(services: ServicesDep, caller: CallerDep, trace: TraceDep, wish: DropRequest) -> ChangedBody:
    """Cancel the living jobs that the filter finds, or take failed ones off the dead letters."""
    rows, more = await _found(services, wish, wish.state)
    changed = 0
    if not wish.dry_run:
        await _write_down(services, Actor.of(caller, trace), "jobs.drop", wish, matched=len(rows))
        for queue, ours in _by_queue(rows).items():
            for chunk in _chunks(ours):
                if wish.state == "failed":
                    changed += await services.queues[queue].forget(*(row.id for row in chunk))
                else:
                    await cancel(chunk, ledger=services.ledger, queues=services.queues, recorder=services.recorder)
                    changed += len(chunk)
    return _answer(rows, more=more, changed=changed, skipped={})


async def _found(services: Services, wish: Selection, state: str) -> tuple[list[JobRow], bool]:
    """Return the jobs, and whether there are more."""
    check_times(wish.since, wish.until)
    async with services.ledger.read() as reads:
        rows = await reads.job_lists.page(wish.filter(state), None, limit=wish.limit + 1)
    return rows[: wish.limit], len(rows) > wish.limit


async def _write_down(services: Services, actor: Actor, action: str, wish: Selection, *, matched: int) -> None:
    """Write the deed down before it is done: it takes many transactions, and the process may end between two."""
    asked = wish.model_dump(mode="json", exclude_none=True, exclude={"dry_run"})
    async with services.ledger.write() as writes:
        await actor.did(writes, action, "jobs", **asked, matched=matched)


def _by_queue(rows: Iterable[JobRow]) -> dict[str, list[JobRow]]:
    found: dict[str, list[JobRow]] = {}
    for row in rows:
        found.setdefault(row.kind.queue, []).append(row)
    return found


def _chunks(rows: Sequence[JobRow]) -> Iterator[Sequence[JobRow]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _answer(rows: Sequence[JobRow], *, more: bool, changed: int, skipped: dict[str, str]) -> ChangedBody:
    named = [SkippedBody(job_id=job_id, reason=reason) for job_id, reason in skipped.items()]
    return ChangedBody(matched=len(rows), more=more, changed=changed, skipped=named[:SKIPPED_MOST])
