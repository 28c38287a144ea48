"""Jobs whose engine no worker can offer leave the queue, and come back when one can."""

from __future__ import annotations

from typing import Final

import structlog

from gateway import metrics
from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from proteus.queue import AnyQueue, Parking

log = structlog.get_logger()

LOCK: Final = "proteus:park"


class Parker:
    """Keeps the pictures' queue to what can be served. One gateway at a time does it."""

    def __init__(self, ledger: Ledger, queue: AnyQueue, fleet: FleetWatch) -> None:
        self._ledger = ledger
        self._queue = queue
        self._fleet = fleet

    async def park(self) -> Parking:
        """Park and bring back; does nothing on an old reading of the fleet."""
        servable = self._fleet.servable
        if servable is None:
            return Parking()
        async with self._ledger.lock(LOCK) as ours:
            moved = await self._queue.park(servable) if ours else Parking()
        for kind, jobs in (("parked", moved.parked), ("returned", moved.returned)):
            if jobs:
                metrics.PARKED.labels(kind).inc(jobs)
                log.warning(f"jobs_{kind}", jobs=jobs, servable=sorted(servable))
        return moved
