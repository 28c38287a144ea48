"""What comes out of the API. Names are the contract; the examples are shown in /docs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.api import examples
from gateway.api.examples import page, said
from proteus.events import ErrorInfo, ResultInfo
from proteus.jobs import JobState, Stage
from proteus.stages import JobKind


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable, `hint` says the way out."""

    model_config = said(
        {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": "No picture was uploaded under this image_url yet.",
            "code": "upload_missing",
            "retryable": False,
            "hint": "PUT the picture to upload_url first, with exactly the headers that came with it.",
            "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    hint: str
    request_id: str
    errors: list[dict[str, str]] | None = None
    offered: list[str] | None = None


class GuestToken(BaseModel):
    """A fresh guest."""

    model_config = said(
        {"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 86_400, "user_id": examples.USER_ID}
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, no secret
    expires_in: int
    user_id: str


class UploadTicket(BaseModel):
    """Where and how to PUT the photo; `image_url` is what every route takes."""

    model_config = said(
        {
            "upload_url": f"{examples.IMAGE_URL}?X-Amz-Signature=…",
            "method": "PUT",
            "headers": {"Content-Type": "image/jpeg", "Content-Length": "183204"},
            "image_id": examples.IMAGE_ID,
            "image_url": examples.IMAGE_URL,
            "expires_at": examples.SOON,
        }
    )

    upload_url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str]
    image_id: str
    image_url: str
    expires_at: str


class DownloadTicket(BaseModel):
    """A fresh signed URL; it needs no token and soon expires."""

    model_config = said(
        {
            "download_url": f"{examples.PHOTO_URL}?X-Amz-Signature=…",
            "expires_at": examples.SOON,
        }
    )

    download_url: str
    expires_at: str


class EtaBody(BaseModel):
    """Seconds until done: median and 90th percentile."""

    p50_seconds: float
    p90_seconds: float


class ProgressBody(BaseModel):
    """Steps taken and steps in all."""

    step: int
    steps: int


class StatusBody(BaseModel):
    """A job as it is now. `position` counts from 0 = next; with `position_is_least` at least so many are ahead."""

    model_config = said(examples.STATUS)

    job_id: str
    vton_id: str | None = None
    job_type: Literal["tryon", "segment"]
    status: JobState | Literal["draft"]
    stage: Stage | None = None
    position: int | None = None
    position_is_least: bool = False
    eta: EtaBody | None = None
    progress: ProgressBody | None = None
    results: list[ResultInfo] = []
    error: ErrorInfo | None = None
    engine: str
    metadata: dict[str, str] | None = None
    created_at: str
    finished_at: str | None = None
    expires_at: str | None = None
    timings: dict[str, float] = {}
    cloth_clean_url: str | None = Field(default=None, description="Of a completed cut-out: for /api/snap.")


class VtonBody(StatusBody):
    """A VTON entry: what went in, and how its try-on is."""

    model_config = said(examples.VTON)

    user_photo_url: str
    cloth_image_url: str
    options: dict[str, Any]


class VtonList(BaseModel):
    """A page, newest first."""

    model_config = page(examples.VTON)

    items: list[VtonBody]
    next_cursor: str | None = None


class StatusList(BaseModel):
    """A page, newest first."""

    model_config = page(examples.STATUS)

    items: list[StatusBody]
    next_cursor: str | None = None


class ImageBody(BaseModel):
    """A photo of yours; sizes are known once it was ingested."""

    model_config = said(examples.IMAGE)

    image_id: str
    image_url: str
    kind: Literal["person", "garment"]
    ingested: bool
    content_type: str
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    created_at: str


class ImageList(BaseModel):
    """A page, newest first."""

    model_config = page(examples.IMAGE)

    items: list[ImageBody]
    next_cursor: str | None = None


class UserBody(BaseModel):
    """A user."""

    model_config = said(examples.USER)

    user_id: str
    kind: Literal["guest", "account", "foreign"]
    tenant: str
    display_name: str | None = None
    last_seq: int
    created_at: str


class UserList(BaseModel):
    """Users you may see: yourself; operators see all."""

    model_config = page(examples.USER)

    items: list[UserBody]
    next_cursor: str | None = None


class ModelBody(BaseModel):
    """One engine, and whether it can be had."""

    model_config = said(examples.MODEL)

    engine: str
    version: str
    description: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool
    allowed: bool = Field(description="The deployment's licence policy allows it.")
    default: bool
    state: Literal["ready", "loading", "absent"]
    workers: int


class ParserBody(BaseModel):
    """What a tailor may find garments and people with; the operator chooses it."""

    model_config = said(examples.PARSER)

    name: str
    description: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool
    allowed: bool = Field(description="The deployment's licence policy allows it.")


class ModelList(BaseModel):
    """Every engine and every parser this version knows."""

    model_config = said({"items": [examples.MODEL], "parsers": [examples.PARSER]})

    items: list[ModelBody]
    parsers: list[ParserBody]


class HealthBody(BaseModel):
    """Which of the servers that the gateway needs answer."""

    model_config = said({"status": "ok", "dependencies": {"postgres": "ok", "redis": "ok", "storage": "ok"}})

    status: Literal["ok", "degraded"]
    dependencies: dict[str, Literal["ok", "unavailable"]]


class QueueBody(BaseModel):
    """Both queues, for operators."""

    model_config = said(
        {
            "queues": {"queue:jobs": {"waiting": 12, "running": 4, "retrying": 0, "dead": 0, "oldest_waiting_ms": 900}},
            "held": 0,
            "tenants": {"guests": 16},
            "workers": [{"id": "weaver-1", "state": "ready", "engines": ["puppet"], "device": "cpu"}],
        }
    )

    queues: dict[str, dict[str, float]]
    held: int
    tenants: dict[str, int]
    workers: list[dict[str, Any]]


class QueueJob(BaseModel):
    """One element of a queue, as its row has it; `in_redis` as Redis has it."""

    model_config = said(examples.QUEUE_JOB)

    job_id: str
    kind: JobKind
    user_id: str
    tenant: str
    status: JobState
    stage: Stage | None
    engine: str
    batch_key: str
    priority: int
    epoch: int
    token: int
    attempts: int
    crashes: int
    solo_crashes: int
    cancel_requested: bool
    error: ErrorInfo | None
    created_at: str
    updated_at: str
    in_redis: dict[str, Any] | None = None


class QueueJobList(BaseModel):
    """A page, newest first."""

    model_config = page(examples.QUEUE_JOB)

    items: list[QueueJob]
    next_cursor: str | None = None


class DeadLetter(BaseModel):
    """A job, or a foreign payload, that no worker gets again by itself."""

    model_config = said(examples.DEAD_LETTER)

    queue: str
    job_id: str
    code: str
    message: str
    attempts: int
    crashes: int
    solo_crashes: int


class DeadLetters(BaseModel):
    """The newest dead letters."""

    model_config = said({"items": [examples.DEAD_LETTER]})

    items: list[DeadLetter]
