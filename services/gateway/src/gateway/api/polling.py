"""What a client that asks again and again is given: an `ETag`, 304 while nothing changed, and when to come back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Header
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, Field

from gateway.rules.text import PATTERN, plain

POLL_SECONDS_MOST: Final = 30

IfNoneMatch = Annotated[
    Annotated[str, Field(max_length=1_000, json_schema_extra=PATTERN), AfterValidator(plain)] | None,
    Header(
        alias="If-None-Match",
        description="The `ETag` of the answer that you have: 304 if nothing has changed.",
        examples=['W/"0a1b2c3d4e5f60718293a4b5c6d7e8f9"'],
    ),
]

ETAG: Final[dict[str, Any]] = {
    "ETag": {
        "description": "Names this answer: send it as `If-None-Match` the next time.",
        "schema": {"type": "string"},
        "required": True,
    }
}
RETRY: Final[dict[str, Any]] = {
    "Retry-After": {
        "description": "Seconds until it is worth asking again; only while the job has not ended.",
        "schema": {"type": "integer", "minimum": 1, "maximum": POLL_SECONDS_MOST},
    }
}
PREFERENCE: Final[dict[str, Any]] = {
    "Preference-Applied": {
        "description": "Which `Prefer` was followed.",
        "schema": {"type": "string", "pattern": "^wait=[0-9.]+$"},
    }
}


def polled_responses(*more: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return the answers of a route that is asked again and again, for the API's description."""
    headers = ETAG | {name: value for one in more for name, value in one.items()}
    return {
        200: {"description": "As it is now.", "headers": headers},
        304: {"description": "Nothing has changed since the answer that `If-None-Match` names.", "headers": headers},
    }


def poll_seconds(p50_seconds: float | None) -> int:
    """Return when to come back: after half of the time that is left, as far as it is known."""
    return max(1, min(POLL_SECONDS_MOST, round((1 if p50_seconds is None else p50_seconds) / 2)))


def polled(body: BaseModel, known: str | None, headers: Mapping[str, str]) -> Response:
    """Return a body with its `ETag`, or 304 without it if the client's `If-None-Match` names it already.

    Args:
        body: The answer.
        known: The client's `If-None-Match`.
        headers: Of either answer.
    """
    content = body.__pydantic_serializer__.to_json(body)
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers = {**headers, "ETag": f"W/{tag}", "Cache-Control": "private, no-cache"}
    # Weak comparison (RFC 9110, section 13.1.2): a proxy that compresses answers weakens the tag.
    if known is not None and any(one.strip().removeprefix("W/") in (tag, "*") for one in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")
