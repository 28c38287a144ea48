"""A batch as lines of JSON: one item a line; the first may be `{"batch": {…}}`, what holds for all."""

from __future__ import annotations

from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import from_json

from gateway.api.batches.models import BatchHead, BatchItemRequest
from gateway.batches.values import AskedItem, BadItem
from gateway.rules.batches import ITEMS_MOST

HEAD: Final = "batch"
BAD_MOST: Final = 20


def read_lines(body: bytes) -> tuple[BatchHead, list[AskedItem], list[int]]:
    """Return what holds for the batch, its items, and the line of each.

    Raises:
        RequestValidationError: A line breaks a rule; the error names the line, the field and the rule.
    """
    head = BatchHead()
    items: list[AskedItem] = []
    places: list[int] = []
    bad: list[dict[str, Any]] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        if len(items) >= ITEMS_MOST:
            bad.append(_error((number,), f"is item {ITEMS_MOST + 1}; {ITEMS_MOST} are the most of a batch"))
            break
        try:
            found = from_json(line)
            if isinstance(found, dict) and HEAD in found and not items:
                head = BatchHead.model_validate(found[HEAD])
                continue
            items.append(BatchItemRequest.model_validate(found).value())
            places.append(number)
        except ValidationError as error:
            bad += [_error((number, *one["loc"]), one["msg"]) for one in error.errors(include_url=False)]
        except ValueError as error:
            bad.append(_error((number,), f"is no JSON: {error}"))
        if len(bad) >= BAD_MOST:
            break
    if not bad and not items:
        bad.append(_error((), "has no item"))
    if bad:
        raise RequestValidationError(bad[:BAD_MOST])
    return head, items, places


def twice(items: list[AskedItem]) -> list[BadItem]:
    """Return the items whose `custom_id` an earlier one has."""
    first: dict[str, int] = {}
    found = []
    for place, item in enumerate(items):
        if item.custom_id is not None and first.setdefault(item.custom_id, place) != place:
            message = f"{item.custom_id!r} is that of item {first[item.custom_id] + 1} as well: each is used once"
            found.append(BadItem(place, "custom_id", message))
    return found[:BAD_MOST]


def refusal(found: list[BadItem], *, lines: list[int] | None) -> RequestValidationError:
    """Return the refusal of these items, named by their line, or by their place in `items`."""
    return RequestValidationError(
        [
            _error((lines[one.place], one.field), one.message)
            if lines is not None
            else {"loc": ("body", "items", one.place, one.field), "msg": one.message, "type": "value_error"}
            for one in found
        ]
    )


def _error(place: tuple[str | int, ...], message: str) -> dict[str, Any]:
    return {"loc": ("body", "line", *place), "msg": message, "type": "value_error"}
