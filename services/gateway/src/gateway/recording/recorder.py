"""Event -> row + seq. The only place where jobs change after they were made.

`gateway.recording.following` feeds it the queues' events. `settle` applies facts to rows under lock, ends or releases
their dependents, gives every visible change the owner's next number, and commits all of it together; then it notifies
the relays and pushes the released jobs. Cancels, promotions and the reconciler's repairs go through `settle` as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Writes
from gateway.ledger.tryons import TryonRow
from gateway.ledger.usage import UsageRow
from gateway.outbox import Submitter
from gateway.recording.metering import attempt_of, spent_by, with_attempts
from gateway.recording.objective import outcome_of
from gateway.recording.transitions import apply, cascaded, fact, why_unreadable
from gateway.rules.prices import PriceTable
from gateway.settings import SLO_SECONDS
from gateway.status.views import AddressOf, ClientView, event_of, view_of_tailor_job, view_of_tryon
from gateway.status.webhooks import message_of
from proteus import keys, object_keys, tracing
from proteus.errors import DependencyUnavailable
from proteus.events import Recorded
from proteus.jobs import EPOCH_TOKENS, EventKind, JobState, Stage, UserId
from proteus.payloads import IngestResult
from proteus.queue import QueueEvent
from proteus.stages import NEEDED, JobKind

log = structlog.get_logger()


@dataclass
class _Change:
    """One transaction's work: rows as they were and as they are."""

    before: dict[str, JobRow] = field(default_factory=dict)
    after: dict[str, JobRow] = field(default_factory=dict)

    @property
    def changed(self) -> list[JobRow]:
        return [row for job_id, row in self.after.items() if row is not self.before[job_id]]

    def earlier(self, rows: Sequence[JobRow]) -> list[JobRow]:
        return [self.before.get(row.id, row) for row in rows]


class Recorder:
    """Records facts about jobs.

    Args:
        ledger: Where rows and events go.
        redis: For `events:recorded`.
        submitter: Pushes released jobs.
        address_of: Key -> unsigned address.
        on_messages: Called after a commit that wrote webhooks.
        prices: What the usage of jobs costs.
        slo_seconds: How long a picture may take; later ones are counted as late.
        discard: Deletes raw uploads, by key, whose ingest is recorded; blocks. Uploads it misses are swept later.
    """

    def __init__(  # noqa: PLR0913 - a composition root's: each is a part of its own
        self,
        ledger: Ledger,
        redis: Redis,
        submitter: Submitter,
        *,
        address_of: AddressOf,
        discard: Callable[[Sequence[str]], None],
        on_messages: Callable[[], None] = lambda: None,
        prices: PriceTable | None = None,
        slo_seconds: float = SLO_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._redis = redis
        self._submitter = submitter
        self._address_of = address_of
        self._discard = discard
        self._on_messages = on_messages
        self._prices = prices or PriceTable()
        self._slo_seconds = slo_seconds

    async def settle(self, events: Sequence[QueueEvent], *, recheck: Sequence[str] = ()) -> list[JobRow]:
        """Apply facts in one transaction; return the rows that changed.

        Args:
            events: Facts about jobs, oldest first.
            recheck: Jobs at `preparing` to be released or failed by the present state of their needs.
        """
        change, told = _Change(), events
        now = datetime.now(UTC)
        async with self._ledger.write() as writes:
            arrivals = [event for event in events if event.kind is EventKind.SUBMITTED]
            await writes.jobs.mark_submitted({event.job_id: event.token // EPOCH_TOKENS for event in arrivals})
            events = [event for event in events if event.kind is not EventKind.SUBMITTED]
            rows = await writes.jobs.lock({event.job_id for event in events}) if events else {}
            change.before |= rows
            change.after |= rows
            for event in events:
                if row := change.after.get(event.job_id):
                    change.after[event.job_id] = apply(row, event)
                    _note_unreadable(row, event, change.after[event.job_id])
            await _cascade(writes, change, recheck, now=now)
            attempts = await self._meter(writes, change, events)
            changed = change.changed
            await writes.jobs.save(changed)
            for row in changed:
                if row.kind is JobKind.INGEST and row.state is JobState.COMPLETED and row.image_id and row.result:
                    await writes.images.describe(row.image_id, IngestResult.read(row.result).image)
            recorded, messages = await self._number(writes, change, now=now)
            written = await writes.webhook_deliveries.write(messages) if messages else 0
            await writes.spend.add(spent_by(attempts))  # Last: its rows are shared by all jobs of a tenant.
        self._count(told, changed)
        if written:
            self._on_messages()
        await self._announce(recorded)
        await self._submitter.push(
            row.id for row in changed if row.stage is Stage.WAITING and row.submitted_epoch < row.epoch
        )
        await self._discard_uploads(changed)
        return changed

    async def give_up(self, job_id: str) -> None:
        """End a job whose own end cannot be recorded: as failed, without that event's data."""
        async with self._ledger.read() as reads:
            row = (await reads.jobs.by_ids([job_id])).get(job_id)
        if row is not None and not row.terminal:
            message = "The job ended, but what its worker wrote cannot be recorded."
            now = datetime.now(UTC)
            await self.settle([fact(row, EventKind.FAILED, now=now, code="engine_failed", message=message)])

    async def _discard_uploads(self, changed: Sequence[JobRow]) -> None:
        """Delete raw uploads only now: until its ingest is recorded, an emptied Redis may bring it back."""
        done = [
            object_keys.upload_key(row.user_id, row.image_id)
            for row in changed
            if row.kind is JobKind.INGEST
            and row.image_id is not None
            and row.terminal
            and not (row.error or {}).get("retryable")
        ]
        if not done:
            return
        try:
            await asyncio.to_thread(self._discard, done)
        except DependencyUnavailable as error:
            log.warning("upload_not_deleted", uploads=len(done), error=str(error))

    async def _meter(self, writes: Writes, change: _Change, events: Sequence[QueueEvent]) -> list[UsageRow]:
        """Store the attempts that these events end, each once; return those that were not stored before."""
        found: dict[tuple[str, int], UsageRow] = {}
        for event in events:
            before, after = change.before.get(event.job_id), change.after.get(event.job_id)
            if attempt := attempt_of(event, before, after, self._prices):
                found.setdefault((attempt.job_id, attempt.token), attempt)
        stored = await writes.usage.add(list(found.values()))
        fresh = [attempt for known, attempt in found.items() if known in stored]
        change.after |= with_attempts(change.after, fresh, self._prices)
        return fresh

    async def _number(
        self, writes: Writes, change: _Change, *, now: datetime
    ) -> tuple[dict[UserId, int], list[dict[str, Any]]]:
        """Write an event for each visible change; return each user's newest number, and the webhooks' messages."""
        drafts = [*await self._tryon_changes(writes, change, now=now), *self._tailor_changes(change)]
        counts: dict[UserId, int] = {}
        for draft in drafts:
            counts[draft.user_id] = counts.get(draft.user_id, 0) + 1
        newest = await writes.users.take_seqs(counts)
        following = {user_id: newest[user_id] - counts[user_id] for user_id in counts}
        values, messages = [], []
        for draft in drafts:
            following[draft.user_id] += 1
            event = event_of(
                draft.seen,
                seq=following[draft.user_id],
                job_id=draft.job_id,
                vton_id=draft.vton_id,
                job_type=draft.kind.job_type,
                at=now,
            )
            values.append(
                {
                    "user_id": draft.user_id,
                    "seq": event.seq,
                    "job_id": draft.job_id,
                    "data": event.wire(),
                }
            )
            if draft.moved and (message := message_of(event, draft.moved, tenant=draft.tenant)):
                messages.append(message)
        await writes.events.add(values)
        return newest, messages

    async def _tryon_changes(self, writes: Writes, change: _Change, *, now: datetime) -> list[_Draft]:
        touched = {row.tryon_id for row in change.changed if row.tryon_id}
        if not touched:
            return []
        entries = await writes.tryons.lock(touched)
        units = await writes.jobs.units_of(touched)
        drafts, moved = [], []
        for tryon_id, entry in entries.items():
            seen, earlier = view_of_tryon(units[tryon_id]), view_of_tryon(change.earlier(units[tryon_id]))
            # A usage that becomes known after the end (a repaired row's event came late) is no second end.
            if replace(seen, usage=None, cost=None) == replace(earlier, usage=None, cost=None):
                continue
            drafts.append(
                _Draft(
                    user_id=entry.user_id,
                    job_id=entry.id,
                    vton_id=entry.vton_id,
                    kind=JobKind.TRYON,
                    seen=seen,
                    tenant=units[tryon_id][0].tenant,
                    moved=entry if seen.status is not entry.status else None,
                )
            )
            if seen.status is not entry.status:
                moved.append(replace(entry, status=seen.status, finished_at=now if seen.status.terminal else None))
        await writes.tryons.save_states(moved)
        return drafts

    def _tailor_changes(self, change: _Change) -> list[_Draft]:
        """Cut-outs only: ingest and parse are internal, their failure shows in the jobs that waited for them."""
        drafts = []
        for row in change.changed:
            if row.kind is not JobKind.CUT:
                continue
            seen = view_of_tailor_job(row, self._address_of)
            if seen != view_of_tailor_job(change.before[row.id], self._address_of):
                drafts.append(_Draft(user_id=row.user_id, job_id=row.id, vton_id=None, kind=row.kind, seen=seen))
        return drafts

    async def _announce(self, recorded: dict[UserId, int]) -> None:
        """Wake the relays; if Redis refuses the message, their own reads of the ledger find the events."""
        if not recorded:
            return
        with suppress(RedisError, OSError):
            async with self._redis.pipeline(transaction=False) as pipe:
                for user_id, seq in recorded.items():
                    pipe.publish(keys.RECORDED, Recorded(user_id=user_id, seq=seq).model_dump_json())
                await pipe.execute()

    def _count(self, events: Sequence[QueueEvent], changed: Iterable[JobRow]) -> None:
        now_ms = datetime.now(UTC).timestamp() * 1000
        for event in events:
            metrics.RECORDED.labels(event.kind).inc()
            metrics.RECORD_SECONDS.observe(max(0.0, now_ms - event.at_ms) / 1000)
        ended_ms = {event.job_id: event.at_ms for event in events}
        for row in changed:
            if row.terminal:
                tracing.interval(
                    f"record {row.kind}",
                    row.trace_id,
                    ended_ms.get(row.id, now_ms) / 1000,
                    now_ms / 1000,
                    job_id=row.id,
                    state=row.state,
                )
                metrics.SETTLED.labels(row.kind, row.state).inc()
                if outcome := outcome_of(row, slo_seconds=self._slo_seconds):
                    metrics.PICTURES.labels(outcome).inc()
                log.info("job_ended", job_id=row.id, kind=row.kind, state=row.state, trace_id=row.trace_id)


def _note_unreadable(before: JobRow, event: QueueEvent, after: JobRow) -> None:
    """Count a completion that failed its job because this version cannot read its result."""
    if event.kind is EventKind.COMPLETED and after is not before and after.state is JobState.FAILED:
        metrics.RESULTS_UNREADABLE.labels(after.kind).inc()
        reason = why_unreadable(after.kind, dict(event.data.get("result") or {}))
        log.error("result_unreadable", job_id=after.id, kind=after.kind, trace_id=after.trace_id, reason=reason)


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """An event before it has its number. `moved`: the try-on whose status it changes."""

    user_id: UserId
    job_id: str
    vton_id: str | None
    kind: JobKind
    seen: ClientView
    tenant: str = ""
    moved: TryonRow | None = None


async def _cascade(writes: Writes, change: _Change, recheck: Sequence[str], *, now: datetime) -> None:
    """Release or end the dependents of the jobs that ended here, and their dependents in turn."""
    # Only in an outfit, whose pictures have a variant, others wait for a picture.
    ended = {row.id for row in change.changed if row.terminal and (row.kind in NEEDED or row.variant)}
    waiting = [*recheck, *(await writes.needs.dependents(ended) if ended else ())]
    while waiting:
        found = await writes.jobs.lock(job_id for job_id in waiting if job_id not in change.after)
        change.before |= found
        change.after |= found
        ended = set()
        for job_id, needs in (await writes.needs.of(waiting)).items():
            row, known = change.after[job_id], [change.after.get(need.id, need) for need in needs]
            moved = cascaded(row, known, now=now)
            change.after[job_id] = moved
            if moved is not row:
                traces = [need.trace_id for need in known]
                begin, end = row.created_at.timestamp(), now.timestamp()
                tracing.interval("prepare", row.trace_id, begin, end, links=traces, job_id=row.id)
            if moved is not row and moved.terminal:
                ended.add(job_id)
        waiting = await writes.needs.dependents(ended) if ended else []
