"""The parts of batches, built once by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gateway.batches.ending import BatchEnder
from gateway.batches.feeder import BatchFeeder
from gateway.batches.make import BatchMaker
from gateway.batches.results import BatchResults
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.recording.recorder import Recorder
from gateway.rules.prices import PriceTable
from gateway.submitting.accept import Acceptor
from gateway.submitting.admit import Admitter
from gateway.submitting.idempotency import Idempotency
from gateway.upkeep.erasure import Eraser
from proteus.queue import AnyQueue
from proteus.storage import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Batches:
    """All that batches need."""

    maker: BatchMaker
    feeder: BatchFeeder
    ender: BatchEnder
    results: BatchResults
    prices: PriceTable

    @classmethod
    def of(  # noqa: PLR0913 - a composition root's: each is a part of its own
        cls,
        ledger: Ledger,
        store: ObjectStore,
        queues: Mapping[str, AnyQueue],
        acceptor: Acceptor,
        admitter: Admitter,
        fleet: FleetWatch,
        *,
        eraser: Eraser,
        recorder: Recorder,
        prices: PriceTable,
        wake: Callable[[], None],
    ) -> Batches:
        """Build them."""
        ender = BatchEnder(ledger, queues, recorder, eraser, on_messages=wake)
        maker = BatchMaker(
            ledger, idempotency=Idempotency(ledger), admitter=admitter, store=store, fleet=fleet, prices=prices
        )
        return cls(
            maker=maker,
            feeder=BatchFeeder(ledger, acceptor, fleet, ender),
            ender=ender,
            results=BatchResults(ledger, store),
            prices=prices,
        )
