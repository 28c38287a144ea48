"""Bodies of `/v1/webhooks`."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.api.wire import asked, page, said
from gateway.ledger.webhook_deliveries import AttemptRow, DeliveryRow
from gateway.ledger.webhooks import WebhookRow
from gateway.rules.text import Id, Label, Moment, WebhookUrl
from gateway.rules.webhooks import ENDS, BatchEventType, EventType, TryonEventType
from gateway.status.models import AT
from gateway.status.views import iso

ENDPOINT: Final[dict[str, Any]] = {
    "webhook_id": "wh_5e6f47a8b9c0d1e2f3a4b5c63f2b8c1d",
    "url": "https://shop.example/proteus",
    "description": "orders",
    "events": list(ENDS),
    "enabled": True,
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "last_success_at": AT,
    "created_by": "key_k3f7x0qa",
    "created_at": AT,
}
TEXT: Final = "whsec_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8gc2VjcmV0IQ=="

DELIVERY: Final[dict[str, Any]] = {
    "delivery_id": "msg_b9c0d1e2f3a4b5c63f2b8c1d5e6f47a8",
    "webhook_id": ENDPOINT["webhook_id"],
    "job_id": "job_3f2b8c1d5e6f47a8b9c0d1e2f3a4b5c6",
    "seq": 7,
    "type": "tryon.completed",
    "state": "delivered",
    "attempts": 1,
    "next_at": None,
    "last_status": 200,
    "last_error": None,
    "created_at": AT,
    "finished_at": AT,
}

Events = Annotated[list[EventType], Field(min_length=1, max_length=16, description="Which events it gets.")]
Reason = Literal["gone", "failing", "by_client"]
DeliveryState = Literal["pending", "delivered", "failed"]


class WebhookRequest(BaseModel):
    """What a new endpoint is to be."""

    model_config = asked(url="https://shop.example/proteus", events=["tryon.completed", "tryon.failed"])

    url: WebhookUrl | None = Field(
        description="https, port 443, public. null: it has no address, and signs for the `webhook_url` of try-ons."
    )
    events: Events = list(ENDS)
    description: Label = ""


class WebhookChange(BaseModel):
    """What is to change of an endpoint."""

    model_config = asked(enabled=True)

    url: WebhookUrl | None = None
    events: Events | None = None
    description: Label | None = None
    enabled: bool | None = Field(default=None, description="false: what it has still to get is given up.")


class SecretRotation(BaseModel):
    """How long the old secret goes on."""

    model_config = asked(grace_seconds=86_400)

    grace_seconds: int = Field(default=86_400, ge=0, le=604_800, description="Meanwhile both sign every message.")


class ReplayRequest(BaseModel):
    """Which deliveries are sent again, each with the id it had."""

    model_config = asked(since=AT, failed_only=True)

    delivery_id: Id | None = Field(default=None, description="This one.")
    since: Moment | None = Field(default=None, description="All that were written since.")
    failed_only: bool = Field(default=False, description="Only those that were given up.")

    @model_validator(mode="after")
    def _one_of_both(self) -> ReplayRequest:
        if (self.delivery_id is None) == (self.since is None):
            raise ValueError("needs either delivery_id or since, and not both")
        return self


class ReplayBody(BaseModel):
    """How many deliveries are sent again."""

    model_config = said({"replayed": 12})

    replayed: int


class WebhookBody(BaseModel):
    """An endpoint, without its secret."""

    model_config = said(ENDPOINT)

    webhook_id: str
    url: str | None
    description: str
    events: list[str]
    enabled: bool
    disabled_reason: Reason | None = Field(
        description="`gone`: it answered 410. `failing`: five days without a success. `by_client`: you did it."
    )
    disabled_at: str | None
    failing_since: str | None
    last_success_at: str | None = Field(description="To a second.")
    created_by: str
    created_at: str

    @classmethod
    def of(cls, row: WebhookRow) -> WebhookBody:
        """Return a stored endpoint as its tenant sees it."""
        return cls(**_fields(row))


class NewWebhookBody(WebhookBody):
    """An endpoint with its new secret, which is shown here and never again."""

    model_config = said({**ENDPOINT, "secret": TEXT})

    secret: str = Field(description="Verifies the header `webhook-signature` (Standard Webhooks).")

    @classmethod
    def made(cls, row: WebhookRow) -> NewWebhookBody:
        """Return an endpoint with its secret."""
        return cls(**_fields(row), secret=row.secret)


class WebhookList(BaseModel):
    """Endpoints, the newest first."""

    model_config = page(ENDPOINT)

    items: list[WebhookBody]
    next_cursor: str | None = None


class DeliveryBody(BaseModel):
    """One event for one endpoint. `delivery_id` is the header `webhook-id` of every attempt."""

    model_config = said(DELIVERY)

    delivery_id: str
    webhook_id: str
    job_id: str
    seq: int
    type: str
    state: DeliveryState
    attempts: int
    next_at: str | None = Field(description="Of a pending one: when it is tried next.")
    last_status: int | None
    last_error: str | None
    created_at: str
    finished_at: str | None

    @classmethod
    def of(cls, row: DeliveryRow) -> DeliveryBody:
        """Return a stored delivery."""
        return cls(**_delivery(row))


class AttemptBody(BaseModel):
    """One request and its answer, of which 4 KB are kept."""

    at: str
    seconds: float
    url: str
    request_headers: dict[str, str]
    status: int | None
    answer: str
    error: str | None

    @classmethod
    def of(cls, row: AttemptRow) -> AttemptBody:
        """Return a stored attempt."""
        return cls(
            at=iso(row.at),
            seconds=row.seconds,
            url=row.request["url"],
            request_headers=row.request["headers"],
            status=row.status,
            answer=row.answer,
            error=row.error,
        )


class DeliveryDetail(DeliveryBody):
    """A delivery with what is sent, and every attempt."""

    model_config = said(
        {
            **DELIVERY,
            "payload": {"type": "tryon.completed", "timestamp": AT, "seq": 7, "data": {"status": "completed"}},
            "log": [
                {
                    "at": AT,
                    "seconds": 0.21,
                    "url": "https://shop.example/proteus",
                    "request_headers": {"webhook-id": DELIVERY["delivery_id"]},
                    "status": 200,
                    "answer": "ok",
                    "error": None,
                }
            ],
        }
    )

    payload: dict[str, Any] = Field(description="The body, but for `id`.")
    log: list[AttemptBody]

    @classmethod
    def with_log(cls, row: DeliveryRow, attempts: list[AttemptRow]) -> DeliveryDetail:
        """Return a stored delivery with its attempts."""
        return cls(**_delivery(row), payload=row.payload, log=[AttemptBody.of(one) for one in attempts])


class DeliveryList(BaseModel):
    """Deliveries, the newest first."""

    model_config = page(DELIVERY)

    items: list[DeliveryBody]
    next_cursor: str | None = None


class MessageData(BaseModel):
    """The try-on as its status and events show it, its owner, and the labels of its submit."""

    model_config = ConfigDict(extra="allow")

    job_id: str
    vton_id: str | None = None
    user_id: str
    status: str
    at: str
    results: list[dict[str, Any]] = []
    error: dict[str, Any] | None = None
    metadata: dict[str, str] = {}


class WebhookMessage(BaseModel):
    """What is POSTed. Drop what you have seen by `id`; `seq` orders the events of one user."""

    id: str
    type: TryonEventType
    timestamp: str
    seq: int
    data: MessageData


class BatchMessageData(BaseModel):
    """A batch that has ended, and what its items came to."""

    model_config = ConfigDict(extra="allow")

    batch_id: str
    user_id: str
    status: Literal["completed", "canceled", "expired"]
    at: str
    total: int
    counts: dict[str, int]
    metadata: dict[str, str] = {}


class BatchMessage(BaseModel):
    """What is POSTed when a batch has ended. Drop what you have seen by `id`."""

    id: str
    type: BatchEventType
    timestamp: str
    data: BatchMessageData


def _fields(row: WebhookRow) -> dict[str, Any]:
    return {
        "webhook_id": row.id,
        "url": row.url,
        "description": row.description,
        "events": row.events,
        "enabled": row.disabled_at is None,
        "disabled_reason": row.disabled_reason,
        "disabled_at": iso(row.disabled_at) if row.disabled_at else None,
        "failing_since": iso(row.failing_since) if row.failing_since else None,
        "last_success_at": iso(row.last_success_at) if row.last_success_at else None,
        "created_by": row.created_by,
        "created_at": iso(row.created_at),
    }


def _delivery(row: DeliveryRow) -> dict[str, Any]:
    return {
        "delivery_id": row.id,
        "webhook_id": row.webhook_id,
        "job_id": row.job_id,
        "seq": row.seq,
        "type": row.type,
        "state": row.state,
        "attempts": row.attempts,
        "next_at": iso(row.next_at) if row.state == "pending" else None,
        "last_status": row.last_status,
        "last_error": row.last_error,
        "created_at": iso(row.created_at),
        "finished_at": iso(row.finished_at) if row.finished_at else None,
    }
