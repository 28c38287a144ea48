"""Classifies error answers of an object store, or of a proxy before it. Pure."""

from __future__ import annotations

from typing import Any

from proteus.errors import DependencyUnavailable, InvalidRequest, NotFound, ProteusError


def refusal(code: str, *, status: int, operation: str, key: str) -> ProteusError:
    """Return our error for an answer.

    A 404 may come from any proxy on the way to the store: only one that names the object proves that it is gone. The
    answer to a HEAD has no room for that.

    Args:
        code: S3's error code in the answer's body; empty if there was none.
        status: The HTTP status.
        operation: boto3's name of the call.
        key: The object.
    """
    if status == 404 and (code == "NoSuchKey" or operation == "head_object"):
        return NotFound(f"There is no object {key!r} in the store.")
    said = f"The object store refused {operation}: {code or status}."
    if code == "NoSuchBucket" or (status == 404 and operation == "head_bucket"):
        return DependencyUnavailable(said, reason="no bucket")
    if status in (401, 403):
        return DependencyUnavailable(said, reason="refused")
    if status == 412:
        return DependencyUnavailable(f"The object {key!r} changed while it was read.")
    if code == "KeyTooLongError":
        return InvalidRequest(f"{key[:200]!r}… is too long for a key of an object.")
    return DependencyUnavailable(said)


def status_of(error: BaseException | None) -> int:
    """Return the HTTP status in an error of the client; 0: there is none."""
    response: Any = getattr(error, "response", {})
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
