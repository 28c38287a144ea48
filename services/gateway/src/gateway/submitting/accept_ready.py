"""The fast path of a submit: one picture of a parsed photo and a cut-out, in one statement shared with others.

A shopper's second try-on has all its needs met. This module composes its rows without reading the database; the
statement (`ledger`) finds their needs and inserts nothing where any is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.ledger.engine import Ledger
from gateway.ledger.orders import Order
from gateway.ledger.submit_ready import Ready
from gateway.ledger.tryons import TryonRow
from gateway.outbox import Submitter
from gateway.rules.options import TryonOptions
from gateway.submitting.admit import Admitted, Admitter
from gateway.submitting.context import Accepted, SubmitContext
from gateway.submitting.group_commit import GroupCommit
from gateway.submitting.new_rows import entry_values, new_units
from gateway.submitting.photos import Named, Photos
from gateway.submitting.preparations import variants_of_person
from proteus.jobs import Stage


class ReadyAcceptor:
    """Accepts single pictures whose photo, parse and cut-out exist.

    Args:
        ledger: Where they are committed.
        photos: Reads the addresses.
        submitter: Queues committed pictures.
        admitter: Admits.
        parser_version: Another parser's parse does not count.
    """

    def __init__(
        self, ledger: Ledger, photos: Photos, submitter: Submitter, admitter: Admitter, *, parser_version: str
    ) -> None:
        self._ledger = ledger
        self._photos = photos
        self._submitter = submitter
        self._admitter = admitter
        self._parser_version = parser_version
        self._commits = GroupCommit(self._commit)

    async def accept(
        self, context: SubmitContext, options: TryonOptions, *, person_url: str, garment_url: str
    ) -> Accepted | None:
        """Accept one picture together with others.

        None if it is not of this kind, if any need is missing, or if another request has bound its Idempotency-Key.
        """
        if options.num_samples != 1 or options.mask is not None:
            return None
        named = self._photos.named(context.caller, person_url, garment_url)
        if named is None:
            return None
        try:
            with self._admitter.admitting(context, options) as admitted:
                ready = self._ready(context, options, admitted, named)
                if not await self._commits.do(ready):
                    raise _NotReady
        except _NotReady:
            return None
        return Accepted(tryon=ready.entry, units=[ready.unit], admission=admitted.admission, position=admitted.position)

    def _ready(self, context: SubmitContext, options: TryonOptions, admitted: Admitted, named: Named) -> Ready:
        card, stage = admitted.card, Stage.HELD if admitted.hold else Stage.WAITING
        (unit,) = new_units(context, options, card, stage=stage, hold=admitted.hold)
        return Ready(
            entry=TryonRow(**entry_values(context, options, card, person_id=named.person_id, garment_id="")),
            unit=unit,
            cut_key=named.cut_key,
            variants=variants_of_person(card, self._parser_version, options.person_index),
            categories=card.categories,
            once=context.once.key if context.once else None,
            request_hash=context.once.request_hash if context.once else "",
        )

    async def _commit(self, asked: Sequence[Ready]) -> list[bool]:
        """Commit and push those pictures whose needs are all met; return of each whether it was one."""
        async with self._ledger.statement() as writes:
            found = await writes.orders.submit_ready(asked)
        await self._submitter.push_orders(
            [
                Order(job=one.unit, tryon=one.entry, material=material)
                for one in asked
                if one.unit.stage == Stage.WAITING and (material := found.get(one.unit.id))
            ]
        )
        return [one.unit.id in found for one in asked]


class _NotReady(Exception):
    """One of the picture's needs is missing, or its Idempotency-Key is another's."""
