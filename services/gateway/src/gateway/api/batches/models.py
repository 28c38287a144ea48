"""Bodies of `/v1/batches`."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.api.images.models import CUT_URL, IMAGE_URL
from gateway.api.wire import asked, page, said
from gateway.batches.estimate import Estimate
from gateway.batches.values import OPTIONS, AskedBatch, AskedItem
from gateway.ledger.batches import BatchRow, Counts, SeenItem
from gateway.rules.batches import ITEMS_MOST, WINDOW_SECONDS, WINDOW_SECONDS_LEAST, WINDOW_SECONDS_MOST, BatchStatus
from gateway.rules.options import PEOPLE_MOST, SEED_LIMIT
from gateway.rules.text import EngineName, ExternalId, Label, StoredUrl
from gateway.status.models import AT, JOB_ID
from gateway.status.views import iso, result_url
from proteus.engines import Quality
from proteus.events import ErrorInfo
from proteus.jobs import Category

BATCH_ID: Final = "bat_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6"
COUNTS: Final = {"waiting": 9_500, "queued": 32, "running": 16, "completed": 450, "failed": 2}

BATCH: Final[dict[str, Any]] = {
    "batch_id": BATCH_ID,
    "status": "running",
    "total": 10_000,
    "counts": COUNTS,
    "gpu_seconds": 1_105.2,
    "cost": 0.77,
    "currency": "USD",
    "eta_seconds": 5_900.0,
    "metadata": {"season": "summer"},
    "created_at": AT,
    "ends_at": AT,
    "finished_at": None,
}
ITEM: Final[dict[str, Any]] = {
    "n": 17,
    "custom_id": "look-17",
    "job_id": JOB_ID,
    "status": "completed",
    "error": None,
    "url": f"/v1/results/{JOB_ID}/1",
}

ItemStatus = Literal["waiting", "queued", "running", "completed", "failed", "canceled", "expired", "deleted"]


class BatchOptions(BaseModel):
    """Options of a batch's pictures: those of a try-on that a single picture has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Category | None = Field(default=None, description="Which garment it is; by default the tailor says.")
    model: EngineName | None = Field(default=None, description="Engine, see GET /v1/models; default: the deployment's.")
    quality: Quality | None = Field(default=None, description="Default: `balanced`.")
    seed: int | None = Field(default=None, ge=0, lt=SEED_LIMIT)
    output_format: Literal["webp", "png", "jpeg"] | None = None
    person_index: int | None = Field(default=None, ge=0, lt=PEOPLE_MOST)
    metadata: dict[Label, Label] | None = Field(default=None, max_length=16)
    expires_in: int | None = Field(
        default=None, ge=60, le=31_536_000, description="Seconds until a picture is deleted, from when it is taken up."
    )

    def given(self) -> dict[str, Any]:
        """Return the options that were given, as values of JSON."""
        return self.model_dump(mode="json", include=set(OPTIONS), exclude_none=True)


class BatchItemRequest(BatchOptions):
    """One picture: its photos, and what differs from the batch's options."""

    model_config = asked(person=IMAGE_URL, garment=CUT_URL, custom_id="look-17", category="upper")

    person: StoredUrl = Field(description="`image_url` of the person's photo.")
    garment: StoredUrl = Field(description="The cut-out's address, or the `image_url` of the garment's photo.")
    custom_id: ExternalId | None = Field(
        default=None, description="Your own id of it, once in a batch; the try-on's `external_id`."
    )

    def value(self) -> AskedItem:
        """Return it without its model."""
        return AskedItem(person=self.person, garment=self.garment, custom_id=self.custom_id, options=self.given())


class BatchHead(BaseModel):
    """What holds for a whole batch."""

    model_config = ConfigDict(extra="forbid")

    options: BatchOptions = BatchOptions()
    completion_window: int = Field(
        default=WINDOW_SECONDS,
        ge=WINDOW_SECONDS_LEAST,
        le=WINDOW_SECONDS_MOST,
        description="Seconds from now after which what is not made expires: a day by default, a week at most.",
    )
    metadata: dict[Label, Label] | None = Field(
        default=None, max_length=16, description="Your own labels of the batch; those of its pictures are in `options`."
    )
    dry_run: bool = Field(default=False, description="Check everything and return the estimate; nothing is stored.")

    def of(self, items: list[AskedItem]) -> AskedBatch:
        """Return the batch with these items."""
        return AskedBatch(
            items=items, options=self.options.given(), seconds=self.completion_window, metadata=self.metadata
        )


class BatchRequest(BatchHead):
    """Either `persons` and `garments`, each with each, or `items`."""

    model_config = asked(persons=[IMAGE_URL], garments=[CUT_URL], options={"quality": "best"}, completion_window=86_400)

    persons: list[StoredUrl] | None = Field(
        default=None, min_length=1, max_length=ITEMS_MOST, description="Photos of persons: each wears each garment."
    )
    garments: list[StoredUrl] | None = Field(default=None, min_length=1, max_length=ITEMS_MOST)
    items: list[BatchItemRequest] | None = Field(default=None, min_length=1, max_length=ITEMS_MOST)

    @model_validator(mode="after")
    def _one_form(self) -> BatchRequest:
        matrix = self.persons is not None and self.garments is not None
        if (self.persons is None) != (self.garments is None) or matrix == (self.items is not None):
            raise ValueError("needs either persons and garments, or items, and not both")
        if matrix and (many := len(self.persons or ()) * len(self.garments or ())) > ITEMS_MOST:
            raise ValueError(f"persons and garments make {many} pictures; {ITEMS_MOST} are the most of a batch")
        return self

    def values(self) -> list[AskedItem]:
        """Return the items; those of a matrix are named by their places, `p1-g1` being the first."""
        if self.items is not None:
            return [item.value() for item in self.items]
        return [
            AskedItem(person=person, garment=garment, custom_id=f"p{p}-g{g}")
            for p, person in enumerate(self.persons or (), start=1)
            for g, garment in enumerate(self.garments or (), start=1)
        ]


class EstimateBody(BaseModel):
    """What a batch is expected to take."""

    model_config = said(
        {
            "pictures": 10_000,
            "gpu_seconds": 24_500.0,
            "basis": "measured",
            "workers": 4,
            "seconds": 6_125.0,
            "cost": 17.01,
            "currency": "USD",
        }
    )

    pictures: int
    gpu_seconds: float
    basis: Literal["measured", "assumed"] = Field(
        description="`measured`: workers here have woven batches of each engine and quality. `assumed`: a guess."
    )
    workers: int = Field(description="Ready now.")
    seconds: float | None = Field(
        description="Of these workers, if nothing else needed them; null: none is ready, and none is started for it."
    )
    cost: float | None = Field(description="Of the GPU seconds, by the deployment's prices; null: there are none.")
    currency: str

    @classmethod
    def of(cls, found: Estimate) -> EstimateBody:
        """Return an estimate."""
        return cls(
            pictures=found.pictures,
            gpu_seconds=round(found.gpu_seconds, 3),
            basis="measured" if found.measured else "assumed",
            workers=found.workers,
            seconds=None if found.seconds is None else round(found.seconds, 3),
            cost=None if found.cost is None else round(found.cost, 6),
            currency=found.currency,
        )


class BatchBody(BaseModel):
    """A batch and how far it is."""

    model_config = said(BATCH)

    batch_id: str
    status: BatchStatus
    total: int = Field(description="Pictures that were asked for.")
    counts: dict[str, int] = Field(
        description="Items by status; `waiting` ones are not try-ons yet. Those whose photos were deleted are in none."
    )
    gpu_seconds: float = Field(description="Billed so far.")
    cost: float | None = Field(description="Of them; null: no price is known.")
    currency: str
    eta_seconds: float | None = Field(description="If nothing else needed the ready workers; null: none is ready.")
    metadata: dict[str, Any] | None
    created_at: str
    ends_at: str
    finished_at: str | None

    @classmethod
    def of(cls, row: BatchRow, counts: Counts, *, currency: str, eta_seconds: float | None) -> BatchBody:
        """Return a batch as its owner sees it."""
        return cls(
            batch_id=row.id,
            status=row.status,
            total=row.total,
            counts=counts.by_status,
            gpu_seconds=round(counts.gpu_seconds, 3),
            cost=None if counts.cost is None else round(counts.cost, 6),
            currency=currency,
            eta_seconds=None if eta_seconds is None else round(eta_seconds, 1),
            metadata=row.metadata,
            created_at=iso(row.created_at),
            ends_at=iso(row.ends_at),
            finished_at=iso(row.finished_at) if row.finished_at else None,
        )


class BatchList(BaseModel):
    """Batches, newest first."""

    model_config = page(BATCH)

    items: list[BatchBody]
    next_cursor: str | None = None


class BatchItemBody(BaseModel):
    """One picture of a batch."""

    model_config = said(ITEM)

    n: int
    custom_id: str | None
    job_id: str = Field(description="Its try-on's id, which exists once it is not `waiting` any more.")
    status: ItemStatus
    error: ErrorInfo | None
    url: str | None = Field(description="Of its picture.")

    @classmethod
    def of(cls, item: SeenItem) -> BatchItemBody:
        """Return an item as its owner sees it."""
        there = item.status == "completed" and item.result_key is not None
        return cls(
            n=item.n,
            custom_id=item.custom_id,
            job_id=item.job_id,
            status=item.status,
            error=ErrorInfo.model_validate(item.error) if item.error else None,
            url=result_url(item.job_id, 1) if there else None,
        )


class BatchItemList(BaseModel):
    """A page of a batch's items, in their order."""

    model_config = page(ITEM)

    items: list[BatchItemBody]
    next_cursor: str | None = None
