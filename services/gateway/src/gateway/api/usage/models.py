"""Bodies of `/v1/usage` and `/v1/spend-caps`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.wire import asked, said
from gateway.ledger.usage import UsageFilter, UsageSum
from gateway.rules.prices import PriceTable
from gateway.rules.spend import Spent
from gateway.status.views import iso

Dimension = Literal["day", "tenant", "user", "key", "engine"]
Whose = Literal["own", "tenant", "all"]
GpuSeconds = Annotated[float, Field(ge=0, le=1_000_000_000)]

_SUM: Final[dict[str, Any]] = {
    "pictures": 240,
    "attempts": 251,
    "unknown_attempts": 0,
    "lost_attempts": 1,
    "gpu_seconds": 931.2,
    "unbilled_seconds": 6.4,
    "engine_seconds": 2410.7,
    "queue_seconds": 88.1,
    "store_seconds": 61.9,
    "cost": 0.6467,
}
_CAP: Final[dict[str, Any]] = {
    "subject": "tenant:acme",
    "per_day": 3600.0,
    "per_month": 72000.0,
    "today": 931.2,
    "this_month": 20110.4,
    "reserved": 12.0,
}
_ITEM: Final[dict[str, Any]] = {"day": "2026-02-03", "engine": "catvton", **_SUM}


class UsageSumBody(BaseModel):
    """What some jobs used, preparations included."""

    model_config = said(_SUM)

    pictures: int = Field(description="Pictures that were made, or cancelled while they were being made.")
    attempts: int
    unknown_attempts: int = Field(description="Attempts of which no worker reported the usage; they are in no sum.")
    lost_attempts: int = Field(
        description="Attempts that came back: what a lost worker used after its last heartbeat is in no sum."
    )
    gpu_seconds: float = Field(description="Shares of the engines' steps, of pictures made or cancelled by their user.")
    unbilled_seconds: float = Field(description="The same of all other attempts: the deployment bears them.")
    engine_seconds: float
    queue_seconds: float
    store_seconds: float
    cost: float | None = Field(description="Of `gpu_seconds`; null where no price was known.")

    @classmethod
    def of(cls, found: UsageSum) -> UsageSumBody:
        """Return a sum, rounded to a millisecond."""
        return cls(**_fields(found))


class UsageItem(UsageSumBody):
    """One group; only the dimensions that were asked for are there."""

    model_config = said(_ITEM)

    day: str | None = Field(default=None, description="UTC, by the end of the attempt.")
    tenant: str | None = None
    user: str | None = Field(default=None, description="Empty: the user was deleted.")
    key: str | None = Field(default=None, description="The API key that submitted, or whose token did; empty: none.")
    engine: str | None = Field(default=None, description="An engine, or a preparation (`ingest`, `cut`, `parse`).")


class UsageBody(BaseModel):
    """Usage in a time, by group and in all."""

    model_config = said(
        {
            "whose": "tenant",
            "since": "2026-02-01T00:00:00.000Z",
            "until": "2026-03-01T00:00:00.000Z",
            "by": ["day", "engine"],
            "currency": "USD",
            "idle_included": False,
            "utilisation": 1.0,
            "items": [_ITEM],
            "total": _SUM,
        }
    )

    whose: Whose = Field(description="What you may see: your own, your tenant's, or all.")
    since: str
    until: str
    by: list[Dimension]
    currency: str
    idle_included: bool = Field(description="Whether costs carry a share of the fleet's idle time.")
    utilisation: float = Field(description="`PRICE_UTILISATION`: by how much of the paid time costs are divided.")
    items: list[UsageItem]
    total: UsageSumBody

    @classmethod
    def of(
        cls,
        groups: Sequence[UsageSum],
        total: UsageSum,
        *,
        by: Sequence[Dimension],
        whose: Whose,
        which: UsageFilter,
        prices: PriceTable,
    ) -> UsageBody:
        """Return the answer."""
        return cls(
            whose=whose,
            since=iso(which.since),
            until=iso(which.until),
            by=list(by),
            currency=prices.currency,
            idle_included=prices.idle_included,
            utilisation=prices.utilisation,
            items=[UsageItem(**dict(zip(by, one.by, strict=True)), **_fields(one)) for one in groups],
            total=UsageSumBody.of(total),
        )

    def csv(self) -> str:
        """Return the groups as CSV (RFC 4180), each with its currency."""
        columns = [*self.by, *UsageSumBody.model_fields, "currency", "idle_included"]
        out = io.StringIO()
        lines = csv.writer(out)
        lines.writerow(columns)
        for item in self.items:
            row = {**item.model_dump(), "currency": self.currency, "idle_included": str(self.idle_included).lower()}
            lines.writerow([_cell(row[name]) for name in columns])
        return out.getvalue()


class CapRequest(BaseModel):
    """What a tenant or a key may use in GPU seconds. What is left out or null is not capped."""

    model_config = asked(per_day=3600, per_month=72000)

    per_day: GpuSeconds | None = Field(default=None, description="In a day of UTC.")
    per_month: GpuSeconds | None = Field(default=None, description="In a month of UTC.")


class CapBody(BaseModel):
    """A cap, and what is used of it."""

    model_config = said(_CAP)

    subject: str = Field(description="`tenant:<name>` or `key:<id>`.")
    per_day: float | None
    per_month: float | None
    today: float = Field(description="GPU seconds of today, UTC.")
    this_month: float
    reserved: float = Field(description="What its unfinished pictures are expected to use.")

    @classmethod
    def of(cls, one: Spent) -> CapBody:
        """Return a holder of a cap."""
        return cls(
            subject=one.subject,
            per_day=one.per_day,
            per_month=one.per_month,
            today=round(one.today, 3),
            this_month=round(one.this_month, 3),
            reserved=round(one.reserved, 3),
        )


class CapList(BaseModel):
    """Caps by the names of their holders."""

    model_config = said({"items": [_CAP]})

    items: list[CapBody]


def _fields(found: UsageSum) -> dict[str, Any]:
    return {
        "pictures": found.pictures,
        "attempts": found.attempts,
        "unknown_attempts": found.unknown_attempts,
        "lost_attempts": found.lost_attempts,
        "gpu_seconds": round(found.gpu_seconds, 3),
        "unbilled_seconds": round(found.unbilled_seconds, 3),
        "engine_seconds": round(found.engine_seconds, 3),
        "queue_seconds": round(found.queue_seconds, 3),
        "store_seconds": round(found.store_seconds, 3),
        "cost": None if found.cost is None else round(found.cost, 6),
    }


def _cell(value: Any) -> Any:
    """Return a value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return "'" + value
    return "" if value is None else value
