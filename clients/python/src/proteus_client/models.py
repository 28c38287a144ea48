"""What the API says and asks. Written by `python -m workbench.schemas`: change the API, not this file.

More than 350 lines, because the API says so much.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What a server sent. A newer one may say more: unknown fields are kept, unknown words are words."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, protected_namespaces=())


BatchStatus = Literal["running", "canceling", "completed", "canceled", "expired"] | str

Category = Literal["auto", "upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"] | str

JobState = Literal["queued", "running", "completed", "failed", "canceled", "expired"] | str

Stage = Literal["held", "preparing", "waiting", "fetching", "denoising", "storing"] | str

WarningCode = Literal["several_garments", "garment_cropped", "garment_rotated", "garment_folded", "no_garment_shape", "garment_worn", "cutout_uncertain", "category_uncertain", "several_people", "person_cropped", "person_turned", "pose_uncertain", "low_light", "blurred", "low_resolution", "sleeves_not_placed", "garment_hidden", "engine_replaced"] | str


class BatchBody(Answer):
    """A batch and how far it is."""
    batch_id: str
    status: BatchStatus
    total: int
    """Pictures that were asked for."""
    counts: dict[str, int]
    """Items by status; `waiting` ones are not try-ons yet. Those whose photos were deleted are in none."""
    gpu_seconds: float
    """Billed so far."""
    currency: str
    created_at: str
    ends_at: str
    cost: float | None = None
    """Of them; null: no price is known."""
    eta_seconds: float | None = None
    """If nothing else needed the ready workers; null: none is ready."""
    metadata: dict[str, Any] | None = None
    finished_at: str | None = None


class BatchItemBody(Answer):
    """One picture of a batch."""
    n: int
    job_id: str
    """Its try-on's id, which exists once it is not `waiting` any more."""
    status: Literal["waiting", "queued", "running", "completed", "failed", "canceled", "expired", "deleted"] | str
    custom_id: str | None = None
    error: ErrorInfo | None = None
    url: str | None = None
    """Of its picture."""


class BatchItemList(Answer):
    """A page of a batch's items, in their order."""
    items: list[BatchItemBody]
    next_cursor: str | None = None


class BatchMessage(Answer):
    """What is POSTed when a batch has ended. Drop what you have seen by `id`."""
    id: str
    type: Literal["batch.ended"] | str
    timestamp: str
    data: BatchMessageData


class BatchMessageData(Answer):
    """A batch that has ended, and what its items came to."""
    batch_id: str
    user_id: str
    status: Literal["completed", "canceled", "expired"] | str
    at: str
    total: int
    counts: dict[str, int]
    metadata: dict[str, str] = {}


class CategoryScore(Answer):
    """How likely a garment is of a category, 0..1; the scores of all categories add up to 1."""
    category: Literal["upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"] | str
    score: float


class CostInfo(Answer):
    """What a job's `gpu_seconds` cost by the deployment's price table."""
    amount: float
    currency: str
    idle_included: bool


class ErrorInfo(Answer):
    """Why a job failed: `code` for machines, `hint` for people."""
    code: str
    message: str
    hint: str = ""
    retryable: bool = False


class EstimateBody(Answer):
    """What a batch is expected to take."""
    pictures: int
    gpu_seconds: float
    basis: Literal["measured", "assumed"] | str
    """`measured`: workers here have woven batches of each engine and quality. `assumed`: a guess."""
    workers: int
    """Ready now."""
    currency: str
    seconds: float | None = None
    """Of these workers, if nothing else needed them; null: none is ready, and none is started for it."""
    cost: float | None = None
    """Of the GPU seconds, by the deployment's prices; null: there are none."""


class EtaBody(Answer):
    """Seconds until done: median and 90th percentile."""
    p50_seconds: float
    p90_seconds: float


class GuestToken(Answer):
    """A fresh guest."""
    access_token: str
    expires_in: int
    user_id: str
    token_type: Literal["Bearer"] | str = "Bearer"


class ImageBody(Answer):
    """A photo of yours; its sizes are known after ingest."""
    image_id: str
    image_url: str
    kind: Literal["person", "garment", "mask"] | str
    ingested: bool
    content_type: str
    created_at: str
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    expires_at: str | None = None
    """When it goes, if no try-on uses it then; null: never."""
    category: Category | None = None
    preparation: PreparationBody | None = None


class JobEvent(Answer):
    """A job changed; committed, and numbered by the user's own counter without gaps."""
    seq: int
    job_id: str
    job_type: Literal["tryon", "segment"] | str
    status: JobState
    at: str
    kind: Literal["job"] | str = "job"
    vton_id: str | None = None
    stage: Stage | None = None
    results: list[ResultInfo] = []
    error: ErrorInfo | None = None
    usage: UsageInfo | None = None
    cost: CostInfo | None = None
    failed_garment: int | None = None
    partial: bool | None = None


class MessageData(Answer):
    """The try-on as its status and events show it, its owner, and the labels of its submit."""
    job_id: str
    user_id: str
    status: str
    at: str
    vton_id: str | None = None
    results: list[dict[str, Any]] = []
    error: dict[str, Any] | None = None
    metadata: dict[str, str] = {}


class PictureWarning(Answer):
    """One thing that may be wrong, for machines and for people."""
    code: WarningCode
    subject: Literal["person", "garment", "result"] | str
    message: str
    hint: str


class PreparationBody(Answer):
    """How far a photo is prepared."""
    status: JobState | Literal["none"] | str = "none"
    stages: dict[str, JobState] = {}
    job_id: str | None = None
    error: ErrorInfo | None = None
    cut: ResultInfo | None = None
    people: int | None = None
    person_index: int | None = None
    warnings: list[PictureWarning] = []


class Problem(Answer):
    """RFC 9457 problem document; `code` is stable, `hint` names the remedy."""
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    hint: str
    request_id: str
    type: str = "about:blank"
    errors: list[dict[str, str]] | None = None
    offered: list[str] | None = None


class ProgressBody(Answer):
    """Steps done and steps in all."""
    step: int
    steps: int


class ProgressEvent(Answer):
    """A running job did a step. Ephemeral: never replayed, has no `seq`."""
    job_id: str
    stage: Stage
    step: int
    steps: int
    kind: Literal["progress"] | str = "progress"
    n: int = 1


class ResultInfo(Answer):
    """One picture of a try-on, or the cut-out of a garment."""
    n: int
    status: JobState
    url: str | None = None
    thumbnail_url: str | None = None
    blurhash: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    content_type: str | None = None
    degraded: bool | None = None
    garment: int | None = None
    cloth_clean_url: str | None = None
    category: str | None = None
    categories: list[CategoryScore] | None = None
    confidence: float | None = None
    quality_score: float | None = None
    mask_url: str | None = None
    warnings: list[PictureWarning] = []
    error: ErrorInfo | None = None


class StatusBody(Answer):
    """A job as it is now. `position` counts from 0 = next; with `position_is_least` at least so many are ahead."""
    job_id: str
    job_type: Literal["tryon", "segment"] | str
    status: JobState | Literal["draft"] | str
    engine: str
    created_at: str
    vton_id: str | None = None
    stage: Stage | None = None
    position: int | None = None
    position_is_least: bool = False
    eta: EtaBody | None = None
    progress: ProgressBody | None = None
    results: list[ResultInfo] = []
    error: ErrorInfo | None = None
    failed_garment: int | None = None
    """Of an outfit that ended early: which garment of the request, from 1, is missing."""
    partial: bool | None = None
    """Of such an outfit: whether the garments before it were put on; `results` has them."""
    metadata: dict[str, str] | None = None
    external_id: str | None = None
    finished_at: str | None = None
    expires_at: str | None = None
    timings: dict[str, float] = {}
    usage: UsageInfo | None = None
    """What it used; null while no attempt has ended."""
    cost: CostInfo | None = None
    """What that costs; null where no price is set."""
    cloth_clean_url: str | None = None
    """Of a completed cut-out: for /api/snap."""


class TokenBody(Answer):
    """A token for a shopper's browser."""
    access_token: str
    expires_in: int
    user_id: str
    token_type: Literal["Bearer"] | str = "Bearer"


class UploadTicket(Answer):
    """Where and how to PUT the photo; every route takes its `image_url`."""
    upload_url: str
    headers: dict[str, str]
    image_id: str
    image_url: str
    expires_at: str
    method: Literal["PUT"] | str = "PUT"


class UsageInfo(Answer):
    """What a job used so far, in seconds; of a try-on the sum over its pictures."""
    gpu_seconds: float
    engine_seconds: float
    queue_seconds: float
    store_seconds: float
    unbilled_seconds: float = 0.0
    known: bool = True


class WebhookMessage(Answer):
    """What is POSTed. Drop what you have seen by `id`; `seq` orders the events of one user."""
    id: str
    type: Literal["tryon.started", "tryon.completed", "tryon.failed", "tryon.canceled", "tryon.expired"] | str
    timestamp: str
    seq: int
    data: MessageData


class TryOnOptions(TypedDict, total=False):
    """A person's photo and a garment -> a try-on. Small photos may come as data URIs."""
    category: Literal["auto", "upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"]
    """Which garment it is; `auto` lets the tailor say."""
    model: str | None
    """Engine, see GET /v1/models; default: the deployment's."""
    quality: Literal["fast", "balanced", "best", "approximate"]
    """`approximate` leaves out parts of the model's steps: sooner, and not the picture that `balanced` makes of the
    same seed. GET /v1/models says what each engine leaves out.
    """
    seed: int | None
    """The effective seed is in the results."""
    num_samples: int
    output_format: Literal["webp", "png", "jpeg"] | None
    """Default: the engine's own."""
    deadline_ms: int | None
    """Milliseconds from now after which the picture is worthless: refused or dropped, never made late."""
    priority: Literal["normal", "high", "low"]
    """`high` needs the scope `priority:high`; `low` waits until little else does."""
    person_index: int | None
    """Which person of the photo, from the left, 0 being the first. Default: the largest."""
    mask: str | None
    """`image_url` of a mask of your own, uploaded with the kind `mask` and ingested: a picture of the person's
    photo's size; white may change, black stays.
    """
    mask_mode: Literal["auto", "provided", "free"] | None
    """`auto`: the tailor's mask; `provided`: your own; `free`: the engine may change the whole picture. GET
    /v1/models says what each engine can. Default: `provided` with a mask, else `auto`.
    """
    return_mask: bool
    """Name the mask that was used: `mask_url` of each result, null where there was none."""
    metadata: dict[str, str] | None
    """Your own labels; returned with the try-on and visible to you only."""
    webhook_url: str | None
    """Where the ends of this try-on are sent, signed: for API keys of the scope `webhooks`, after POST /v1/webhooks
    with url null.
    """
    external_id: str | None
    """The try-on's id in your own system; returned, and a filter of your list. Need not be unique."""
    expires_in: int | None
    """Seconds until the try-on and its pictures are deleted."""


class BatchOptions(TypedDict, total=False):
    """Options of a batch's pictures: those of a try-on that a single picture has."""
    category: Literal["auto", "upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"] | None
    """Which garment it is; by default the tailor says."""
    model: str | None
    """Engine, see GET /v1/models; default: the deployment's."""
    quality: Literal["fast", "balanced", "best", "approximate"] | None
    """Default: `balanced`."""
    seed: int | None
    output_format: Literal["webp", "png", "jpeg"] | None
    person_index: int | None
    metadata: dict[str, str] | None
    expires_in: int | None
    """Seconds until a picture is deleted, from when it is taken up."""


class TokenWish(TypedDict, total=False):
    """For whom, for how long, and for what."""
    subject: str | None
    """Your own name of the shopper: the same name is the same user each time. Without it: a new guest."""
    scopes: list[Literal["priority:high"]]
    """A subset of the key's."""
    engines: list[str] | None
    """The engines it may use; null: those of the key."""
    samples_most: int | None
    """Pictures of one try-on."""
    limits: dict[str, int]
    """Units by kind, for all its callers together, beside the deployment's limits: `submits` and `uploads` a minute;
    `pictures_a_day` and `pictures_in_30_days`: pictures that are asked for.
    """
    allowed_origins: list[str]
    """Only requests whose `Origin` is one of these may use it. Empty: it is not bound."""
    region: str | None
    """The shopper's country, for the shop's rule of consent."""
    expires_in: int
    """Seconds; never beyond the key's own end."""
