"""Every error of the client; a refusal's class follows the problem document that the server sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proteus_client.models import BatchBody, StatusBody


class ClientError(Exception):
    """A request or a job did not succeed.

    Attributes:
        message: What happened, as a sentence.
        hint: What to do about it; empty where nobody knows.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ServerUnreachable(ClientError):
    """No answer came, from the gateway or from the object store."""


class StillRunning(ClientError):
    """The time that the caller gave has passed; the job goes on, and can be followed again by its id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"{job_id} has not ended yet.", hint="Follow it again by its id, or cancel it.")
        self.job_id = job_id


class NotAPicture(ClientError, ValueError):
    """What was given as a picture is none that the client can send."""


class WebhookRefused(ClientError, ValueError):
    """A message is not proven to come from the server, or is too old: answer 400 and do nothing."""


class Refused(ClientError):
    """The server refused a request.

    Attributes:
        status: The HTTP status.
        code: The stable name of the reason (`photo_rejected`, `queue_full`, …).
        retryable: Whether the same request may succeed later.
        retry_after_seconds: When it is worth asking again, where the server said so.
        request_id: Names the request in the server's logs.
        problem: The whole problem document (RFC 9457).
    """

    def __init__(self, problem: Mapping[str, Any], *, status: int, retry_after_seconds: float | None = None) -> None:
        message = str(problem.get("detail") or problem.get("title") or f"HTTP {status}")
        super().__init__(message, hint=str(problem.get("hint") or ""))
        self.status = status
        self.code = str(problem.get("code") or "unknown")
        self.retryable = bool(problem.get("retryable", status in (429, 502, 503, 504)))
        self.retry_after_seconds = retry_after_seconds
        self.request_id = str(problem.get("request_id") or "")
        self.problem = dict(problem)


class Invalid(Refused):
    """400, 413, 415, 422: the request itself is wrong; `problem["errors"]` names the fields."""


class Unauthorized(Refused):
    """401: no token, or one that is not valid any more."""


class Forbidden(Refused):
    """402, 403: the token does not allow this, or a spend cap or a consent stands against it."""


class NotFound(Refused):
    """404, 410: nothing of yours has this name."""


class Conflict(Refused):
    """409, 412: what the request is about is in a state that does not allow it."""


class TooMany(Refused):
    """429: a limit or the queue is full; `retry_after_seconds` says when to come back."""


class Unavailable(Refused):
    """500 and beyond: the server cannot do it now."""


_BY_STATUS = {
    400: Invalid, 401: Unauthorized, 402: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict, 410: NotFound,
    412: Conflict, 413: Invalid, 415: Invalid, 422: Invalid, 429: TooMany,
}  # fmt: skip


def refusal(problem: Mapping[str, Any], *, status: int, retry_after_seconds: float | None = None) -> Refused:
    """Return the error of a refusal, of the class that fits its status."""
    kind = _BY_STATUS.get(status, Unavailable if status >= 500 else Refused)
    return kind(problem, status=status, retry_after_seconds=retry_after_seconds)


class JobEnded(ClientError):
    """The job failed, was cancelled or expired.

    Attributes:
        job: As it ended; of an outfit `results` has the pictures that were made.
        code: Why (`no_person_detected`, `content_blocked`, …), else its status.
    """

    def __init__(self, job: StatusBody) -> None:
        error = job.error
        super().__init__(error.message if error else f"The job was {job.status}.", hint=error.hint if error else "")
        self.job = job
        self.code = error.code if error else job.status


class BatchEnded(ClientError):
    """The batch was cancelled or expired; what was made of it can be fetched."""

    def __init__(self, batch: BatchBody) -> None:
        super().__init__(f"The batch was {batch.status}.")
        self.batch = batch
