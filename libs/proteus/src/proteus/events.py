"""Events: facts in the past tense, sent between processes and to clients.

`JobEvent` and `ProgressEvent` reach clients (socket, SSE) and TypeScript exactly as they are here; `Recorded` wakes the
gateways' relays; `JobDone` is for programs outside, published by the queue's own scripts. `kind` discriminates. Events
name results by API address; they carry no image, no key and no signature.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from proteus.artefacts import CategoryScore, PictureWarning
from proteus.jobs import JobState, Stage

T = TypeVar("T")


def _is_none(value: object) -> bool:
    return value is None


IfKnown = Annotated[T | None, Field(exclude_if=_is_none)]
"""A field that is left out while it has no value."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    def wire(self) -> dict[str, Any]:
        """Return it as JSON values, as clients get it: without fields that have no value."""
        return self.model_dump(mode="json", exclude_none=True, warnings=False)

    def wire_json(self) -> str:
        """Return it as the text that clients get."""
        return self.model_dump_json(exclude_none=True, warnings=False)


class ErrorInfo(_Event):
    """Why a job failed: `code` for machines, `hint` for people."""

    code: str
    message: str
    hint: str = ""
    retryable: bool = False


class ResultInfo(_Event):
    """One picture of a try-on, or the cut-out of a garment.

    Attributes:
        n: Counts from 1.
        url: Stable API address; it checks ownership and redirects to a fresh signed URL. None until completed.
        degraded: The engine's degraded form made it.
        garment: Of an outfit: which garment of the request, from 1, this picture puts on.
        cloth_clean_url: Of a cut-out: the address that `/api/snap` takes.
        categories: Of a cut-out: the likeliest first, by its shape.
        warnings: What may be wrong with its input pictures, and with the picture itself.
        quality_score: Of a picture: how good it is likely to be, 0..1; left out where nobody knows.
        mask_url: Of a picture whose submit said `return_mask`: like `url`, of the mask of what could change.
        thumbnail_url: Stable API address of the picture at 320 pixels wide, in the format that the client takes.
        blurhash: Of a picture or a cut-out: a blurred miniature as a short text (BlurHash), to show until it is loaded.
    """

    n: int
    status: JobState
    url: IfKnown[str] = None
    thumbnail_url: IfKnown[str] = None
    blurhash: IfKnown[str] = None
    engine: IfKnown[str] = None
    engine_version: IfKnown[str] = None
    seed: IfKnown[int] = None
    width: IfKnown[int] = None
    height: IfKnown[int] = None
    content_type: IfKnown[str] = None
    degraded: IfKnown[bool] = None
    garment: IfKnown[int] = None
    cloth_clean_url: IfKnown[str] = None
    category: IfKnown[str] = None
    categories: IfKnown[tuple[CategoryScore, ...]] = None
    confidence: IfKnown[float] = None
    quality_score: IfKnown[float] = None
    mask_url: IfKnown[str] = None
    warnings: tuple[PictureWarning, ...] = ()
    error: IfKnown[ErrorInfo] = None


class UsageInfo(_Event):
    """What a job used so far, in seconds; of a try-on the sum over its pictures.

    Attributes:
        gpu_seconds: The shares of the engine's steps, each divided by the pictures of its batch, of the attempts that
            made the picture or that the user cancelled.
        unbilled_seconds: The same of all other attempts (a lost worker, a failure): they are the deployment's.
        engine_seconds: Time that the engine, or the preparation, worked on it.
        queue_seconds: Time that it waited for a worker.
        store_seconds: Time that its worker read from and wrote to the object store.
        known: False: not every attempt was reported, and the sums are the least.
    """

    gpu_seconds: float
    unbilled_seconds: float = 0.0
    engine_seconds: float
    queue_seconds: float
    store_seconds: float
    known: bool = True


class CostInfo(_Event):
    """What a job's `gpu_seconds` cost by the deployment's price table.

    Attributes:
        idle_included: Whether it carries a share of the time in which the fleet is idle.
    """

    amount: float
    currency: str
    idle_included: bool


class JobEvent(_Event):
    """A job changed; committed, and numbered by the user's own counter without gaps.

    Attributes:
        at: ISO 8601, when it was recorded.
        failed_garment: Of an outfit that ended early: which garment of the request, from 1, could not be put on.
        partial: Of such an outfit: whether the garments before it were.
    """

    kind: Literal["job"] = "job"
    seq: int
    job_id: str
    vton_id: str | None = None
    job_type: Literal["tryon", "segment"]
    status: JobState
    stage: Stage | None = None
    results: tuple[ResultInfo, ...] = ()
    error: ErrorInfo | None = None
    usage: IfKnown[UsageInfo] = None
    cost: IfKnown[CostInfo] = None
    at: str
    failed_garment: int | None = None
    partial: bool | None = None


class ProgressEvent(_Event):
    """A running job did a step. Ephemeral: never replayed, has no `seq`."""

    kind: Literal["progress"] = "progress"
    job_id: str
    n: int = 1
    stage: Stage
    step: int
    steps: int


class Recorded(_Event):
    """The ledger holds the user's events up to `seq`."""

    kind: Literal["recorded"] = "recorded"
    user_id: str
    seq: int


class JobDone(_Event):
    """`events:job_done` (docs/contract.md): a job ended."""

    kind: Literal["job_done"] = "job_done"
    job_id: str
    job_type: Literal["tryon", "segment"]
    status: JobState
    result_key: str | None = None
    result_url: str | None = None
    user_id: str
    vton_id: str | None = None
    error: Any = None


ClientEvent = Annotated[JobEvent | ProgressEvent, Field(discriminator="kind")]
"""The events that a client can receive."""

CLIENT_EVENT: TypeAdapter[ClientEvent] = TypeAdapter(ClientEvent)
