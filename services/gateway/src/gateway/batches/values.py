"""What is asked of a batch, as values between the edge and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.rules.options import TryonOptions
from proteus.errors import InvalidRequest

OPTIONS = ("category", "model", "quality", "seed", "output_format", "person_index", "metadata", "expires_in")
"""Which options of a try-on a batch and its items have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedItem:
    """One picture of a batch: the addresses of its photos, and options that differ from the batch's."""

    person: str
    garment: str
    custom_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedBatch:
    """A batch as it was asked for.

    Attributes:
        options: Of every item that says nothing else.
        seconds: How long it has.
    """

    items: Sequence[AskedItem]
    options: Mapping[str, Any]
    seconds: int
    metadata: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class BadItem:
    """What is wrong with an item: its place, the field, and a sentence."""

    place: int
    field: str
    message: str


class BadItems(InvalidRequest):
    """Items of this batch cannot be made."""

    def __init__(self, found: Sequence[BadItem]) -> None:
        super().__init__(f"Items of this batch cannot be made: {len(found)} are named.")
        self.found = found


def options_of(shared: Mapping[str, Any], own: Mapping[str, Any], *, custom_id: str | None = None) -> TryonOptions:
    """Return an item's options: its own, else those of its batch."""
    return TryonOptions.model_validate({**shared, **own, "priority": "low", "external_id": custom_id})
