"""What a batch is expected to take: GPU seconds, time and money, and which of these figures were measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gateway.fleet.watch import FleetWatch
from gateway.rules.prices import PriceTable
from proteus.engines import Quality


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What so many pictures are expected to take.

    Attributes:
        measured: The GPU seconds rest on whole batches that workers of this deployment have woven.
        seconds: Of the ready workers, if nothing else needed them; None: no worker is ready.
        cost: None: no price is known.
    """

    pictures: int
    gpu_seconds: float
    measured: bool
    workers: int
    seconds: float | None
    cost: float | None
    currency: str


def estimate(kinds: Iterable[tuple[str, Quality]], *, fleet: FleetWatch, prices: PriceTable) -> Estimate:
    """Return what pictures of these engines and qualities take, each at the pace of a full queue.

    Args:
        kinds: One for each picture.
        fleet: Knows the measured pace.
        prices: The deployment's table.
    """
    pictures, gpu_seconds, seconds, cost = 0, 0.0, 0.0, 0.0
    measured, priced, ready = True, True, True
    workers = 0
    for (engine, quality), many in Counter(kinds).items():
        seen = fleet.fleet(engine, quality)
        each = seen.pace.batch_seconds / seen.pace.batch
        devices = [card.device for card in fleet.view.weavers if engine in card.engines]
        price = prices.cost(many * each, engine=engine, device=devices[0] if devices else "")
        pictures += many
        gpu_seconds += many * each
        measured = measured and seen.measured and bool(devices)
        priced = priced and price is not None
        cost += price or 0.0
        ready = ready and seen.ready > 0
        seconds += many * each / max(1, seen.ready)
        workers = max(workers, seen.ready)
    return Estimate(
        pictures=pictures,
        gpu_seconds=gpu_seconds,
        measured=measured,
        workers=workers,
        seconds=seconds if ready else None,
        cost=cost if priced else None,
        currency=prices.currency,
    )
