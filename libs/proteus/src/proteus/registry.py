"""The workers' registry: for each worker its engines, its batch costs and its load.

Each worker writes its own card every few seconds; a card that is not renewed is gone within `CARD_SECONDS`. The
arbitrator, admission, `GET /v1/models` and the Fleet page read them. Cards are beside the queue whose jobs the worker
takes. Each card is read by itself: an unreadable one (of another version, or no card at all) is left out and named, and
the others count.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StrictStr
from redis.exceptions import ResponseError

from proteus.engines import canvas_of, steps_of
from proteus.estimates import BATCH_SPREAD, CostTable
from proteus.jobs import WorkerId
from proteus.keys import QueueKeys
from proteus.queue.scripts import source
from proteus.queue.wire import encode, text
from proteus.replies import is_away

if TYPE_CHECKING:
    from redis.asyncio import Redis

REGISTER_SECONDS: Final = 5.0
"""How often a worker writes its card."""

CARD_SECONDS: Final = 15
"""Life of a card: two lost writes do no harm."""


DRAIN_SECONDS: Final = 86_400
"""Life of a request to drain beyond its worker: a worker that comes back under its name within a day takes no jobs."""

REASON_CHARS: Final = 300
_LATEST_SECONDS: Final = 253_402_300_799.0
"""The year 9999."""

_BatchSize = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")]
"""No batch is larger than 999, and a longer table would be computed for nothing."""

_Seconds = Annotated[float, Field(gt=0, strict=True)]
_Part = Annotated[float, Field(ge=0, le=1e9, strict=True)]
_Spread = Annotated[float, Field(ge=0, le=100, strict=True)]
_Size = Annotated[int, Field(ge=0, le=999, strict=True)]
_Slots = Annotated[int, Field(ge=0, le=100_000, strict=True)]
_Batches = Annotated[int, Field(ge=0, lt=2**53, strict=True)]


class WorkerState(StrEnum):
    """What a worker is doing: its worker status."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


@dataclass(frozen=True, kw_only=True)
class WorkerCard:
    """One worker, as it describes itself.

    Attributes:
        engines: Names of the engines it offers (a tailor: its tasks).
        weights: Engine -> name of its weights, version included.
        licence: Engine -> licence of those weights.
        device: `cpu`, or the accelerator's name.
        seconds_per_batch: Batch key -> batch size as text -> t(b) in seconds (`CostTable.to_json`): what workers wrote
            before they had the two below; read where those lack a canvas.
        step_seconds: Canvas key -> batch size as text -> seconds of a step of so many pictures.
        fixed_seconds: Canvas key -> batch size as text -> seconds beside the steps (to encode and decode them):
            t(b) = fixed + steps x step.
        measured_up_to: Canvas or batch key -> the largest batch whose costs were measured; beyond it, and where it is
            0, t(b) is a guess and no reason to refuse a job. None: a worker of an earlier version.
        batch_spread: Canvas or batch key -> `CostTable.spread`, once enough batches were woven to know it.
        slots_used: Jobs it runs now, spare ones apart.
        slots_free: Jobs it could start now; spare ones make way for them.
        slots_spare: Spare jobs that it holds.
        started_at: Unix seconds.
        batches: Batch size as text -> batches of so many pictures that it began.
    """

    id: WorkerId
    state: WorkerState
    engines: tuple[str, ...] = ()
    weights: Mapping[str, str] = field(default_factory=dict)
    licence: Mapping[str, str] = field(default_factory=dict)
    device: str = "cpu"
    seconds_per_batch: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    step_seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    fixed_seconds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    measured_up_to: Mapping[str, int] | None = None
    batch_spread: Mapping[str, float] = field(default_factory=dict)
    slots_used: int = 0
    slots_free: int = 0
    slots_spare: int = 0
    started_at: float = 0.0
    batches: Mapping[str, int] = field(default_factory=dict)

    def version(self, engine: str) -> str:
        """Return the version that it has of an engine, as its results name it; empty: unknown."""
        return self.weights.get(engine, "").removeprefix(f"{engine} ")

    def cost(self, batch_key: str) -> CostTable | None:
        """Return t(b) of a batch key, measured or guessed; None: this worker does not know it."""
        canvas, steps = canvas_of(batch_key), steps_of(batch_key)
        spread = self.batch_spread.get(canvas, self.batch_spread.get(batch_key, BATCH_SPREAD))
        step, fixed = self.step_seconds.get(canvas, {}), self.fixed_seconds.get(canvas, {})
        points = {size: fixed[size] + steps * step[size] for size in fixed.keys() & step.keys()}
        if "1" not in points or not all(points.values()):  # A worker of an earlier version.
            points = dict(self.seconds_per_batch.get(batch_key, {}))
        return CostTable.from_json(points, spread=spread) if points else None

    def largest_measured(self, batch_key: str) -> int:
        """Return the largest batch whose t(b) is no guess, 0 if there is none; all of them if the card lacks it."""
        if self.measured_up_to is not None:
            return self.measured_up_to.get(canvas_of(batch_key), self.measured_up_to.get(batch_key, 0))
        return max(map(int, self.seconds_per_batch.get(batch_key, ())), default=0)


async def register(redis: Redis, names: QueueKeys, card: WorkerCard) -> bool:
    """Write a worker's card, and sweep expired ones; return whether it is to take no more jobs. One round trip."""
    script = redis.register_script(source("register"))
    fields = {name: encode(value) for name, value in asdict(card).items() if name != "id"}
    flat = [part for item in fields.items() for part in item]
    found = await script(
        keys=[names.workers, names.worker(card.id), names.drain(card.id)],
        args=[card.id, CARD_SECONDS, DRAIN_SECONDS, *flat],
    )
    return bool(found)


async def set_drained(redis: Redis, names: QueueKeys, worker: WorkerId, *, drained: bool) -> None:
    """Request that a worker takes no more jobs, or that it takes jobs again; it learns so at once.

    Raises:
        RedisError: Redis cannot answer now.
    """
    async with redis.pipeline(transaction=True) as pipeline:
        if drained:
            pipeline.set(names.drain(worker), "1", ex=DRAIN_SECONDS)
        else:
            pipeline.delete(names.drain(worker))
        pipeline.publish(names.control, encode({"kind": "drain", "id": worker}))
        await pipeline.execute()


async def drained_among(redis: Redis, names: QueueKeys, workers: Sequence[WorkerId]) -> frozenset[WorkerId]:
    """Return those workers that are to take no more jobs.

    Raises:
        RedisError: Redis cannot answer now.
    """
    if not workers:
        return frozenset()
    async with redis.pipeline(transaction=False) as pipeline:
        for worker in workers:
            pipeline.exists(names.drain(worker))
        found = await pipeline.execute()
    return frozenset(worker for worker, there in zip(workers, found, strict=True) if there)


async def deregister(redis: Redis, names: QueueKeys, worker: WorkerId) -> None:
    """Remove the card of a worker that has drained."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.zrem(names.workers, worker)
        pipeline.delete(names.worker(worker))
        await pipeline.execute()


@dataclass(frozen=True, kw_only=True)
class Registry:
    """One reading of a queue's registry.

    Attributes:
        cards: The registered workers, by id.
        left_out: Worker -> why its card cannot be read.
    """

    cards: Sequence[WorkerCard] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)


async def read_registry(redis: Redis, names: QueueKeys) -> Registry:
    """Return the cards of the registered workers, and the unreadable ones. Two round trips.

    Raises:
        RedisError: Redis cannot answer now.
    """
    # Undecoded: bytes that are no text must not hide the others' cards, with any client.
    try:
        listed: list[bytes] = await redis.execute_command(  # type: ignore[no-untyped-call]
            "ZRANGE", names.workers, 0, -1, NEVER_DECODE=True
        )
    except ResponseError as error:
        if is_away(error):
            raise
        return Registry(left_out={names.workers: str(error)[:REASON_CHARS]})  # A gateway sets the key aside.
    ids = sorted(map(text, listed))
    async with redis.pipeline(transaction=False) as pipeline:
        for worker in ids:
            pipeline.execute_command("HGETALL", names.worker(worker), NEVER_DECODE=True)
        found = await pipeline.execute(raise_on_error=False) if ids else []
    cards: list[WorkerCard] = []
    left_out: dict[str, str] = {}
    for worker, fields in zip(ids, found, strict=True):
        if isinstance(fields, Exception):
            if is_away(fields):
                raise fields
            left_out[worker] = str(fields)
        elif fields:
            try:
                cards.append(parse_card(worker, fields))
            except ValueError as error:
                left_out[worker] = str(error)[:REASON_CHARS]
    return Registry(cards=tuple(cards), left_out=left_out)


async def list_workers(redis: Redis, names: QueueKeys) -> list[WorkerCard]:
    """Return the cards that can be read, by worker id."""
    return list((await read_registry(redis, names)).cards)


def parse_card(worker: str, fields: Mapping[Any, Any]) -> WorkerCard:
    """Return the card in a worker's hash; fields of other versions are ignored, missing ones have defaults.

    Raises:
        ValueError: It is not a card.
    """
    values = {text(name): _json(value) for name, value in fields.items()}
    read = _Card.model_validate(values)
    for costs in read.seconds_per_batch.values():
        CostTable.from_json(costs)
    return WorkerCard(id=WorkerId(worker), **dict(read))


def _json(value: Any) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("a field is nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


class _Card(BaseModel):
    """A `WorkerCard` as it is stored in Redis, checked."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    state: WorkerState
    engines: tuple[StrictStr, ...] = ()
    weights: Mapping[str, StrictStr] = {}
    licence: Mapping[str, StrictStr] = {}
    device: StrictStr = "cpu"
    seconds_per_batch: Mapping[str, Mapping[_BatchSize, _Seconds]] = {}
    step_seconds: Mapping[str, Mapping[_BatchSize, _Part]] = {}
    fixed_seconds: Mapping[str, Mapping[_BatchSize, _Part]] = {}
    measured_up_to: Mapping[str, _Size] | None = None
    batch_spread: Mapping[str, _Spread] = {}
    slots_used: _Slots = 0
    slots_free: _Slots = 0
    slots_spare: _Slots = 0
    started_at: Annotated[float, Field(ge=0, le=_LATEST_SECONDS)] = 0.0
    batches: Mapping[_BatchSize, _Batches] = {}
