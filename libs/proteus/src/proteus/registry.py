"""The workers' registry: who is there, what it offers, what it costs and how busy it is.

Each worker writes its own card every few seconds; a card that is not renewed is gone within `CARD_SECONDS`. The
arbitrator, admission, `GET /v1/models` and the Fleet page read them. Cards live beside the queue whose jobs the worker
takes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from proteus.jobs import WorkerId
from proteus.keys import QueueKeys
from proteus.queue.scripts import source
from proteus.queue.wire import encode, text

if TYPE_CHECKING:
    from redis.asyncio import Redis

REGISTER_SECONDS: Final = 5.0
"""How often a worker writes its card."""

CARD_SECONDS: Final = 15
"""Life of a card: two lost writes do no harm."""


class WorkerState(StrEnum):
    """What a worker is doing as a whole."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


@dataclass(frozen=True, kw_only=True)
class WorkerCard:
    """One worker, as it describes itself.

    Attributes:
        engines: Names of the engines it offers (a tailor: its tasks).
        weights: Engine -> what its weights are, version included.
        licence: Engine -> licence of those weights.
        device: `cpu`, or the accelerator's name.
        seconds_per_batch: Batch key -> batch size as text -> t(b) in seconds (`CostTable.to_json`).
        slots_used: Jobs it runs now.
        slots_free: Jobs it could start now.
        started_at: Unix seconds.
    """

    id: WorkerId
    state: WorkerState
    engines: tuple[str, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    licence: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    seconds_per_batch: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    slots_used: int = 0
    slots_free: int = 0
    started_at: float = 0.0


async def register(redis: Redis, names: QueueKeys, card: WorkerCard) -> None:
    """Write a worker's card; cards that ran out are swept on the way. One round trip."""
    script = redis.register_script(source("register"))
    fields = {name: encode(value) for name, value in asdict(card).items() if name != "id"}
    flat = [part for item in fields.items() for part in item]
    await script(keys=[names.workers, names.worker(card.id)], args=[card.id, CARD_SECONDS, *flat])


async def deregister(redis: Redis, names: QueueKeys, worker: WorkerId) -> None:
    """Remove a worker's card: it has drained and goes."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.zrem(names.workers, worker)
        pipeline.delete(names.worker(worker))
        await pipeline.execute()


async def list_workers(redis: Redis, names: QueueKeys) -> list[WorkerCard]:
    """Return the cards of the workers that are there, by id. Two round trips."""
    ids = sorted(text(one) for one in await redis.zrange(names.workers, 0, -1))
    async with redis.pipeline(transaction=False) as pipeline:
        for worker in ids:
            pipeline.hgetall(names.worker(worker))
        found = await pipeline.execute() if ids else []
    return [_card(worker, fields) for worker, fields in zip(ids, found, strict=True) if fields]


def _card(worker: str, fields: Mapping[Any, Any]) -> WorkerCard:
    values = {text(name): json.loads(value) for name, value in fields.items()}
    values["engines"] = tuple(values["engines"])
    values["state"] = WorkerState(values["state"])
    known = WorkerCard.__dataclass_fields__
    return WorkerCard(id=WorkerId(worker), **{name: value for name, value in values.items() if name in known})
