"""What goes in and out of the API. Names are the contract; examples are shown in /docs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.options import TryonOptions
from proteus.events import ErrorInfo, ResultInfo
from proteus.jobs import Category, JobState, Stage

_JOB: str = "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
_VTON: str = _JOB.replace("job_", "vton_")
_IMAGE: str = "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
_STORE: str = "https://objects.example.com/proteus"
_USER: str = "user_1a2b3c4d5e6f47a8b9c0d1e2f3a4b5c6"

StoredUrl = Annotated[str, Field(min_length=1, max_length=2_048)]


def _example(**fields: Any) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [fields]})


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable, `hint` says the way out."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    hint: str
    request_id: str
    errors: list[dict[str, str]] | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
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
            ]
        }
    )


class SnapRequest(TryonOptions):
    """A person's photo and a garment -> a try-on."""

    model_config = _example(
        user_photo_url=f"{_STORE}/incoming/{_USER}/{_IMAGE}",
        cloth_clean_url=f"{_STORE}/derived/{_USER}/9f86d081884c7d65/cut/classic-1-auto/cut.png",
        category="upper",
        seed=42,
    )

    user_photo_url: StoredUrl = Field(description="`image_url` of the person's photo.")
    cloth_clean_url: StoredUrl = Field(
        description="The cut-out's address, or the `image_url` of a garment photo: then it is cut out first."
    )


class VtonRequest(SnapRequest):
    """A VTON entry to keep; POST /catvton/transferOutfit submits it."""


class TransferRequest(BaseModel):
    """Which VTON entry to submit."""

    model_config = _example(vton_id=_VTON)

    vton_id: str = Field(max_length=80)


class VtonChange(BaseModel):
    """Labels of a VTON entry."""

    model_config = _example(metadata={"look": "summer"})

    metadata: dict[Annotated[str, Field(max_length=256)], Annotated[str, Field(max_length=256)]] | None = Field(
        default=None, max_length=16
    )


class SegmentRequest(BaseModel):
    """A stored garment photo -> its cut-out."""

    model_config = _example(image_url=f"{_STORE}/incoming/{_USER}/{_IMAGE}", category="auto")

    image_url: StoredUrl
    category: Category = Category.AUTO


class UploadRequest(BaseModel):
    """What will be uploaded: the signed URL takes exactly this type and size."""

    model_config = _example(kind="person", content_type="image/jpeg", size_bytes=183_204)

    kind: Literal["person", "garment"]
    content_type: str = Field(max_length=100)
    size_bytes: int = Field(ge=0)


class UserChange(BaseModel):
    """What a user may say about himself."""

    model_config = _example(display_name="Ada")

    display_name: str | None = Field(default=None, max_length=100)


class _Answer(BaseModel):
    """Something the API says."""


class GuestToken(_Answer):
    """A fresh guest."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"access_token": "eyJhbGciOi…", "token_type": "Bearer", "expires_in": 86400, "user_id": _USER}]
        }
    )

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, no secret
    expires_in: int
    user_id: str


class UploadTicket(_Answer):
    """Where and how to PUT the photo; `image_url` is what every route takes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "upload_url": f"{_STORE}/incoming/{_USER}/{_IMAGE}?X-Amz-Signature=…",
                    "method": "PUT",
                    "headers": {"Content-Type": "image/jpeg", "Content-Length": "183204"},
                    "image_id": _IMAGE,
                    "image_url": f"{_STORE}/incoming/{_USER}/{_IMAGE}",
                    "expires_at": "2026-02-03T12:15:00.000Z",
                }
            ]
        }
    )

    upload_url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str]
    image_id: str
    image_url: str
    expires_at: str


class DownloadTicket(_Answer):
    """A fresh signed URL; it needs no token and soon expires."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "download_url": f"{_STORE}/images/{_USER}/9f86….jpg?X-Amz-Signature=…",
                    "expires_at": "2026-02-03T12:15:00.000Z",
                }
            ]
        }
    )

    download_url: str
    expires_at: str


class EtaBody(_Answer):
    """Seconds until done: median and 90th percentile."""

    p50_seconds: float
    p90_seconds: float


class ProgressBody(_Answer):
    """Steps taken and steps in all."""

    step: int
    steps: int


class StatusBody(_Answer):
    """A job as it is now. `position` counts from 0 = next."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "job_id": _JOB,
                    "vton_id": _VTON,
                    "job_type": "tryon",
                    "status": "queued",
                    "stage": "waiting",
                    "position": 3,
                    "eta": {"p50_seconds": 9.8, "p90_seconds": 14.1},
                    "progress": None,
                    "results": [{"n": 1, "status": "queued"}],
                    "error": None,
                    "engine": "puppet",
                    "metadata": None,
                    "created_at": "2026-02-03T12:00:00.000Z",
                    "finished_at": None,
                    "expires_at": None,
                    "timings": {},
                }
            ]
        }
    )

    job_id: str
    vton_id: str | None = None
    job_type: Literal["tryon", "segment"]
    status: JobState | Literal["draft"]
    stage: Stage | None = None
    position: int | None = None
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

    user_photo_url: str
    cloth_image_url: str
    cloth_clean_url: str | None = None
    options: dict[str, Any]


class VtonList(_Answer):
    """A page, newest first."""

    items: list[VtonBody]
    next_cursor: str | None = None


class StatusList(_Answer):
    """A page, newest first."""

    items: list[StatusBody]
    next_cursor: str | None = None


class ImageBody(_Answer):
    """A photo of yours; sizes are known once it was ingested."""

    image_id: str
    image_url: str
    kind: Literal["person", "garment"]
    ingested: bool
    content_type: str
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    created_at: str


class ImageList(_Answer):
    """A page, newest first."""

    items: list[ImageBody]
    next_cursor: str | None = None


class UserBody(_Answer):
    """A user."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "user_id": _USER,
                    "kind": "guest",
                    "tenant": "guests",
                    "display_name": None,
                    "last_seq": 12,
                    "created_at": "2026-02-03T12:00:00.000Z",
                }
            ]
        }
    )

    user_id: str
    kind: Literal["guest", "account", "foreign"]
    tenant: str
    display_name: str | None = None
    last_seq: int
    created_at: str


class UserList(_Answer):
    """Users you may see: yourself; operators see all."""

    items: list[UserBody]
    next_cursor: str | None = None


class ModelBody(_Answer):
    """One engine, and whether it can be had."""

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


class ParserBody(_Answer):
    """What a tailor may find garments and people with; the operator chooses it."""

    name: str
    description: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool
    allowed: bool = Field(description="The deployment's licence policy allows it.")


class ModelList(_Answer):
    """Every engine and every parser this version knows."""

    items: list[ModelBody]
    parsers: list[ParserBody]


class HealthBody(_Answer):
    """The gateway and what it needs."""

    status: Literal["ok", "degraded"]
    version: str
    dependencies: dict[str, Literal["ok", "unavailable"]]
    models: dict[str, Literal["ready", "loading", "absent"]]
    workers: dict[str, int]
    queue: dict[str, int]


class QueueBody(_Answer):
    """Both queues, for operators."""

    queues: dict[str, dict[str, float]]
    held: int
    tenants: dict[str, int]
    workers: list[dict[str, Any]]


class QueueJob(_Answer):
    """One element of a queue, as its row has it; `in_redis` as Redis has it."""

    job_id: str
    kind: Literal["ingest", "cut", "parse", "tryon"]
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


class QueueJobList(_Answer):
    """A page, newest first."""

    items: list[QueueJob]
    next_cursor: str | None = None
