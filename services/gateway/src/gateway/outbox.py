"""Row -> commit -> queue. Composes queue elements from rows and pushes them, always after their commit.

A push that fails is no error: the row is the truth, the outbox sweep tries again until Redis takes it, and pushing
twice changes nothing (a submission is idempotent by id and epoch). The recorder learns from the queue's own
`submitted` event that a row has arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog
from redis.exceptions import RedisError

from gateway import metrics
from gateway.ledger.engine import Ledger
from gateway.ledger.orders import Order
from gateway.picture_rules import NO_RULE, PictureRule, PictureRules
from gateway.rules.batches import SPARE
from gateway.status.views import AddressOf, result_url
from proteus.engines import canvas_of
from proteus.errors import DependencyUnavailable, InvalidRequest, NotFound
from proteus.estimates import rank_of
from proteus.jobs import Stage
from proteus.messages import names_of
from proteus.payloads import TailorWork, TryonWork
from proteus.queue import AnyQueue, Submission
from proteus.stages import TAILOR_WORKS, category_of, person_index_of
from proteus.tracing import child

T = TypeVar("T")

log = structlog.get_logger()

OUTBOX_AGE: Final = timedelta(seconds=2)
"""The request that committed a younger row is still pushing it."""

OUTBOX_LIMIT: Final = 500


class Submitter:
    """Pushes committed rows onto their queues.

    Args:
        ledger: Where they stand.
        queues: By name.
        address_of: Key -> unsigned address.
        copy: Copies an object of the store to another key; blocks.
        job_age_seconds: A job's maximum age.
    """

    def __init__(
        self,
        ledger: Ledger,
        queues: Mapping[str, AnyQueue],
        *,
        address_of: AddressOf,
        copy: Callable[[str, str], None],
        job_age_seconds: int,
    ) -> None:
        self._copy = copy
        self._rules = PictureRules(ledger)
        self._ledger = ledger
        self._job_age_seconds = job_age_seconds
        self._queues = queues
        self._address_of = address_of

    async def push(self, ids: Iterable[str]) -> int:
        """Read these rows and push those that wait; return how many the queues accepted."""
        wanted = list(ids)
        if not wanted:
            return 0
        async with self._ledger.read() as reads:
            orders = await reads.orders.of(wanted)
        return await self.push_orders([order for order in orders if order.job.stage is Stage.WAITING])

    async def push_orders(self, orders: Sequence[Order]) -> int:
        """Push orders, one round trip per queue; what Redis does not accept stays in the outbox.

        A try-on without material was read while its photo or cut-out was being recorded: it is read anew.
        """
        if early := [order.job.id for order in orders if order.tryon and order.material is None]:
            async with self._ledger.read() as reads:
                orders = [order for order in orders if order.job.id not in early] + await reads.orders.of(early)
        try:
            rules = await self._rules.read()
        except DependencyUnavailable as error:  # No picture is queued while nobody knows how it is to be examined.
            metrics.PUSHES_FAILED.inc(len(orders))
            log.warning("rules_not_read", jobs=len(orders), reason=error.message)
            return 0
        by_list: dict[str, list[Submission]] = {}
        for order in orders:
            if not await self._has_its_upload(order):
                continue
            try:
                submission = compose(
                    order,
                    self._address_of,
                    job_age_seconds=self._job_age_seconds,
                    rule=rules.get(order.job.tenant, NO_RULE),
                )
            except (LookupError, ValueError, TypeError) as error:  # One impossible row must not keep the others out.
                log.error("cannot_submit", job_id=order.job.id, error=f"{type(error).__name__}: {error}"[:500])
                continue
            by_list.setdefault(order.job.kind.queue, []).append(submission)
        taken = 0
        for name, submissions in by_list.items():
            try:
                with child("queue submit", queue=name, jobs=len(submissions)):
                    taken += await self._submitted(name, submissions)
            except (RedisError, OSError) as error:
                metrics.PUSHES_FAILED.inc(len(submissions))
                log.warning("push_failed", queue=name, jobs=len(submissions), error=str(error))
        return taken

    async def _has_its_upload(self, order: Order) -> bool:
        """Lay a picture that is to be ingested as a photo where uploads lie; False: the store is away."""
        if order.source_key is None or order.image is None:
            return True
        try:
            await asyncio.to_thread(self._copy, order.source_key, order.image.incoming_key)
        except NotFound:
            pass  # It was deleted meanwhile; the ingest fails with its own words.
        except DependencyUnavailable as error:
            log.warning("picture_not_copied", job_id=order.job.id, error=error.message)
            return False
        return True

    async def _submitted(self, name: str, submissions: Sequence[Submission]) -> int:
        """Submit to one queue; one that the queue cannot carry keeps no other one out. Its age ends it."""
        try:
            return sum(await self._queues[name].submit(*submissions))
        except InvalidRequest as error:
            if len(submissions) == 1:
                log.error("cannot_submit", job_id=submissions[0].id, error=error.message[:500])
                return 0
        return sum([await self._submitted(name, [one]) for one in submissions])

    async def sweep(self) -> int:
        """Push what committed but never arrived; return how many the queues accepted."""
        async with self._ledger.read() as reads:
            ids = await reads.backlog.outbox(updated_before=await reads.now() - OUTBOX_AGE, limit=OUTBOX_LIMIT)
        return await self.push(ids)


def compose(order: Order, address_of: AddressOf, *, job_age_seconds: int, rule: PictureRule = NO_RULE) -> Submission:
    """Return the queue element of a job whose needs are all met; `rule` is what its tenant says of pictures."""
    job = order.job
    waiting_since, spare = job.waiting_since or job.updated_at, job.priority <= SPARE
    payload, work = (_tryon if order.tryon else _tailor)(order, address_of, rule)
    return Submission(
        id=job.id,
        epoch=job.epoch,
        payload={"id": job.id, **payload, "created_at": int(job.created_at.timestamp())},
        body=work.write(),
        engine=job.engine,
        batch_key=job.batch_key,
        degraded_batch_key=job.degraded_batch_key,
        canvas_key=canvas_of(job.batch_key),
        degraded_canvas_key=canvas_of(job.degraded_batch_key),
        may_degrade=bool(job.degraded_batch_key),
        rank=rank_of(job.id),
        deadline_ms=int(job.deadline_at.timestamp() * 1000) if job.deadline_at else None,
        # The end of its batch ends a spare job.
        age_end_ms=None if spare else int(waiting_since.timestamp() * 1000) + job_age_seconds * 1000,
        high=job.priority > 1,
        spare=spare,
        attempts=job.attempts,
        crashes=job.crashes,
        solo_crashes=job.solo_crashes,
    )


def _tryon(order: Order, address_of: AddressOf, rule: PictureRule) -> tuple[dict[str, Any], TryonWork]:
    job, entry, material = order.job, _there(order.tryon), _there(order.material)
    category = order.category or entry.options["category"]
    payload = {
        "user_photo_url": address_of(material.person_key),
        "cloth_clean_url": address_of(material.garment_key),
    }
    work = TryonWork(
        user_id=job.user_id,
        vton_id=entry.vton_id,
        result_url=result_url(entry.id, job.n),
        trace_id=job.trace_id,
        tryon_job_id=entry.id,
        n=job.n,
        person_key=material.person_key,
        garment_key=material.garment_key,
        garment_category=material.garment_category if category == "auto" else category,
        garment_worn=material.garment_worn,
        garment_confidence=material.garment_confidence,
        garment_warnings=material.garment_warnings,
        parse_key=material.parse_key,
        mask_mode="provided" if "mask_key" in entry.options else entry.options.get("mask_mode", "auto"),
        mask_key=entry.options.get("mask_key"),
        return_mask=entry.options.get("return_mask", False),
        engine=job.engine,
        quality=entry.options["quality"],
        seed=entry.options["seed"] + job.n - 1,
        output_format=entry.options["output_format"],
        safety=rule.safety,
        label=rule.label,
    )
    return payload, work


_MAY_BE_NONE: Final = frozenset({"person_index", "safety"})
"""Fields of a tailor's work that say by None that the tailor decides."""


def _tailor(order: Order, address_of: AddressOf, rule: PictureRule) -> tuple[dict[str, Any], TailorWork]:
    """Return what its stage's work names, from what is known of a photo and of the stages before."""
    job, image = order.job, _there(order.image)
    known: dict[str, Any] = {
        "user_id": job.user_id,
        "result_url": result_url(job.id, 1),
        "trace_id": job.trace_id,
        "image_id": image.id,
        "incoming_key": image.incoming_key,
        "content_type": image.declared_type,
        "kind": image.kind,
        "image_key": image.key,
        "image_sha256": image.sha256,
        "category": category_of(job.variant),
        "person_index": person_index_of(job.variant),
        "safety": rule.safety,
        **{f"{kind}_key": key for kind, key in order.inputs.items()},
    }
    work = TAILOR_WORKS[job.kind]
    named = {name: known[name] if name in _MAY_BE_NONE else _there(known[name]) for name in names_of(work)}
    return {"image_url": address_of(named.get("incoming_key") or _there(image.key))}, work(**named)


def _there(value: T | None) -> T:
    if value is None:
        raise LookupError("a job was released before all it needs was recorded")
    return value
