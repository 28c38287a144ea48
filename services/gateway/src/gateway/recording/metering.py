"""From events to usage: which attempts they end, who answers for what those used, and what it costs. Pure.

An attempt is a job with a token. The user answers for the attempt that completed the job or that the user cancelled,
as far as the worker itself reported it. All else is the deployment's: what a lost worker did, failures, jobs that
came too late, and the second completion of a job that a Redis which lost its last second allowed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Final

from gateway.ledger.jobs import JobRow
from gateway.ledger.usage import UsageRow
from gateway.rules.prices import PriceTable
from gateway.rules.spend import subject_of_key, subject_of_tenant
from gateway.rules.usage import JobUsage
from proteus.jobs import ENDS, EventKind, JobState, UserId
from proteus.queue import QueueEvent
from proteus.usage import Usage

_ATTEMPT_ENDS: Final = frozenset({EventKind.COMPLETED, EventKind.RETRYING, EventKind.FAILED})
"""Events of a queue that always end an attempt."""

_RETURNS: Final = frozenset({"lease_lost", "hand_back"})
"""Reasons of a return that end an attempt."""

_BILLED: Final = frozenset({JobState.COMPLETED, JobState.CANCELED})


def attempt_of(event: QueueEvent, before: JobRow | None, after: JobRow | None, prices: PriceTable) -> UsageRow | None:
    """Return the attempt that an event ends; None: it ends none.

    Args:
        event: The event.
        before: The job's row before it; None: the job was deleted, and nobody knows whose it was.
        after: The row after all events that are recorded together.
        prices: The deployment's.
    """
    used = Usage.read(event.data.get("usage"))
    if used is None and not _ends_unreported(event, before):
        return None
    billed = (
        used is not None
        and not used.partial
        and after is not None
        and after.state in _BILLED
        and ENDS.get(event.kind) is after.state
        and event.token == after.token
    )
    known, used = used is not None, used or Usage()
    if known and not (used.gpu_seconds or used.engine_seconds or used.store_seconds) and not billed:
        return None  # It was handed back before anything was done.
    engine = used.engine or (after.engine if after else "")  # Another engine than the row's may have made it.
    return UsageRow(
        job_id=event.job_id,
        token=event.token,
        ended_at=datetime.fromtimestamp(event.at_ms / 1000, UTC),
        tenant=after.tenant if after else "",
        user_id=after.user_id if after else UserId(""),
        key_id=after.key_id if after else None,
        kind=after.kind if after else "",
        engine=engine,
        device=used.device,
        outcome=event.kind,
        known=known,
        billed=billed,
        gpu_seconds=used.gpu_seconds,
        engine_seconds=used.engine_seconds,
        queue_seconds=used.queue_seconds,
        store_seconds=used.store_seconds,
        cost=prices.cost(used.gpu_seconds, engine=engine, device=used.device) if billed and used.gpu_seconds else None,
        currency=prices.currency,
    )


def with_attempts(rows: Mapping[str, JobRow], attempts: Iterable[UsageRow], prices: PriceTable) -> dict[str, JobRow]:
    """Return the rows of these attempts' jobs with the attempts added to their sums."""
    found: dict[str, JobRow] = {}
    for one in attempts:
        row = found.get(one.job_id) or rows.get(one.job_id)
        if row is None:
            continue
        used = Usage(
            gpu_seconds=one.gpu_seconds,
            engine_seconds=one.engine_seconds,
            queue_seconds=one.queue_seconds,
            store_seconds=one.store_seconds,
        )
        total = (JobUsage.read(row.usage) or JobUsage()).with_attempt(
            used if one.known else None,
            billed=one.billed,
            cost=one.cost,
            currency=prices.currency,
            idle_included=prices.idle_included,
        )
        found[one.job_id] = replace(row, usage=total.write())
    return found


def spent_by(attempts: Iterable[UsageRow]) -> dict[tuple[str, date], float]:
    """Return the billed GPU seconds of each tenant and key by day."""
    found: defaultdict[tuple[str, date], float] = defaultdict(float)
    for one in attempts:
        if one.billed and one.gpu_seconds:
            day = one.ended_at.date()
            found[subject_of_tenant(one.tenant), day] += one.gpu_seconds
            if one.key_id:
                found[subject_of_key(one.key_id), day] += one.gpu_seconds
    return dict(found)


def _ends_unreported(event: QueueEvent, before: JobRow | None) -> bool:
    """Whether an event without usage ended an attempt: a worker of a version before, or one lost at once."""
    if not event.entry_id:
        return False  # The gateway's own: no worker had the job, or its own event will come.
    if event.kind is EventKind.RETURNED:
        return event.data.get("reason") in _RETURNS
    if event.kind in _ATTEMPT_ENDS:
        return True
    return event.kind in ENDS and before is not None and before.state is JobState.RUNNING
