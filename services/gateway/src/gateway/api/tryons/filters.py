"""Which try-ons a list shows: by status, time, the client's own id and its labels."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field, TypeAdapter, ValidationError

from gateway.ledger.tryons import TryonFilter
from gateway.rules.text import ExternalId, Label, Moment
from gateway.status.models import AT
from proteus.jobs import JobState

METADATA: Final = "metadata"
_LABELS: Final = TypeAdapter(Annotated[dict[Label, Label], Field(max_length=16)])

FILTERED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": METADATA,
            "in": "query",
            "required": False,
            "style": "deepObject",
            "explode": True,
            "description": "Only those with these labels: `metadata[look]=summer`.",
            "schema": {
                "type": "object",
                "maxProperties": 16,
                "additionalProperties": {"type": "string", "maxLength": 256},
            },
            "examples": {"one": {"value": {"look": "summer"}}},
        }
    ]
}
"""The filter by labels, for the API's description: the framework knows no parameters of this form."""


async def tryon_filter(
    request: Request,
    status: Annotated[JobState | None, Query(description="Only those of this status.")] = None,
    created_after: Annotated[Moment | None, Query(description="Made then or later.", examples=[AT])] = None,
    created_before: Annotated[Moment | None, Query(description="Made before.", examples=[AT])] = None,
    external_id: Annotated[ExternalId | None, Query(description="With this id of your own.")] = None,
) -> TryonFilter:
    """The filters of a list of try-ons."""
    return TryonFilter(
        status=status,
        created_after=created_after,
        created_before=created_before,
        external_id=external_id,
        metadata=_labels(request),
    )


def _labels(request: Request) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        head, _, rest = name.partition("[")
        if head != METADATA or not rest.endswith("]"):
            continue
        if rest[:-1] in given:
            raise _invalid(("query", name), "is given twice")
        given[rest[:-1]] = value
    try:
        return _LABELS.validate_python(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise _invalid(("query", METADATA, *first["loc"]), first["msg"]) from error


def _invalid(place: tuple[str | int, ...], message: str) -> RequestValidationError:
    return RequestValidationError([{"loc": place, "msg": message, "type": "value_error"}])


FilterDep = Annotated[TryonFilter, Depends(tryon_filter)]
