"""Every error of the product, drawn as one tree: longer than 350 lines, since a tree in pieces is none.

    ProteusError
    ├── InvalidRequest            the caller's words are off                        4xx
    │   ├── UnknownParameter      a query parameter that the route does not take
    │   ├── CategoryUnsupported   the engine cannot put on such a garment
    │   ├── ForeignUrl            a URL that is not in this deployment's storage
    │   ├── UnsupportedMedia      not a picture we take
    │   ├── ImageUnreadable       truncated or corrupt
    │   ├── ImageTooLarge         bytes or pixels over the limit
    │   └── ImageTooSmall
    ├── Unauthorized · Forbidden · NotFound
    ├── Conflict
    │   ├── EngineUnavailable     this deployment cannot run that engine
    │   ├── IdempotencyConflict   the same key, another request
    │   └── NotReady              it is being made (retryable)
    ├── UploadMissing             nothing was PUT under the signed URL
    ├── Overloaded                try again later (429)
    │   ├── DeadlineUnreachable · TenantCap · UserCap · NoCapacity · RateLimited
    │   └── IntakePaused          an operator takes no new work for now (503)
    ├── TooOld                    not made within a job's maximum age
    ├── PhotoRejected             the picture is fine, what it shows is not
    │   ├── NoPersonDetected · PersonCropped · NoGarmentDetected · QualityTooLow
    │   └── ContentBlocked        the deployment's own safety model refuses it
    ├── IllegalTransition
    ├── EngineError
    │   ├── ModelUnavailable · OutOfMemory · LicenceRefused · SafetyUnavailable
    ├── LeaseLost                 another worker owns the job now
    └── DependencyUnavailable     Redis, Postgres or the object store is away (503)

The class docstring is the default message. `code` is for machines, `retryable` for the queue and for clients,
`hint` names the remedy. Only `gateway.api.problems` knows HTTP statuses.

Below the tree is the one table that classifies error replies of Redis and Postgres
(`class_of_redis_reply`, `class_of_sqlstate`); `proteus.replies` applies it to exceptions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, Final, Literal


class ProteusError(Exception):
    """Something went wrong inside Proteus."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    hint: ClassVar[str] = ""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])

    @property
    def message(self) -> str:
        return str(self.args[0])


class InvalidRequest(ProteusError):
    """The request does not follow the API's rules."""

    code = "invalid_request"


class UnknownParameter(InvalidRequest):
    """There is no such query parameter."""

    code = "unknown_parameter"
    hint = "Check its spelling in /docs; a parameter that is ignored would answer another question."


class CategoryUnsupported(InvalidRequest):
    """This engine cannot put on a garment of this category."""

    code = "category_unsupported"
    hint = "GET /v1/models lists the `categories` of each engine; leave `model` out, or correct the garment's category."


class ForeignUrl(InvalidRequest):
    """The URL does not point into this deployment's storage."""

    code = "foreign_url"
    hint = "Upload the picture first: GET /images/presignedUpUrl, PUT it, then use the image_url that came back."


class UnsupportedMedia(InvalidRequest):
    """The file is not a picture that this service takes."""

    code = "unsupported_media"
    hint = "Send a JPEG, PNG, WebP or AVIF picture."


class ImageUnreadable(InvalidRequest):
    """The picture is truncated or corrupt."""

    code = "image_unreadable"
    hint = "Open the picture, save it again and upload it anew."


class ImageTooLarge(InvalidRequest):
    """The picture has more bytes or pixels than this deployment takes."""

    code = "image_too_large"
    hint = "Make the picture smaller: 2048 pixels on the long side are plenty."


class ImageTooSmall(InvalidRequest):
    """The picture has too few pixels to work with."""

    code = "image_too_small"
    hint = "Send a picture of at least 64 x 64 pixels; 768 x 1024 or more gives good results."


class Unauthorized(ProteusError):
    """The access token is missing, malformed or expired."""

    code = "unauthorized"
    hint = (
        "Send a token as 'Authorization: Bearer …': a guest's from POST /v1/auth/guest, where they are taken, "
        "or an account's, which its operator makes."
    )


class Forbidden(ProteusError):
    """The token does not allow this."""

    code = "forbidden_scope"


class NotFound(ProteusError):
    """There is nothing here that belongs to you."""

    code = "not_found"


class Conflict(ProteusError):
    """The request contradicts what is already there."""

    code = "conflict"


class IdempotencyConflict(Conflict):
    """This Idempotency-Key was used for another request in the last 24 hours."""

    code = "idempotency_conflict"
    hint = "Use a fresh key for a new request; repeat a request with exactly the body it had."


class EngineUnavailable(Conflict):
    """No worker of this deployment offers the engine, and none can be started."""

    code = "engine_unavailable"
    hint = "Name one of the engines under `offered`, or leave `model` out."

    def __init__(self, message: str | None = None, *, offered: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.offered = offered


class NotReady(Conflict):
    """It is still being made."""

    code = "not_ready"
    retryable = True
    hint = "Ask again in a second, or wait for the event."


class UploadMissing(ProteusError):
    """No picture was uploaded under this image_url yet."""

    code = "upload_missing"
    hint = "PUT the picture to upload_url first, with exactly the headers that came with it."


class Overloaded(ProteusError):
    """The service has as much work as it can finish in time."""

    code = "queue_full"
    retryable = True
    hint = "Wait for as long as Retry-After says."

    def __init__(self, message: str | None = None, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class DeadlineUnreachable(Overloaded):
    """The picture could not be done before its deadline."""

    code = "deadline_unreachable"
    hint = "Wait for as long as Retry-After says, or give a later deadline_ms."


class TenantCap(Overloaded):
    """Your account has as much unfinished work as it may have."""

    code = "tenant_cap"


class UserCap(Overloaded):
    """You have as much unfinished work as one may have."""

    code = "user_cap"


class NoCapacity(Overloaded):
    """No worker can be had: the fleet is switched off."""

    code = "no_capacity"


class RateLimited(Overloaded):
    """You asked too often."""

    code = "rate_limited"


class IntakePaused(Overloaded):
    """No new work is taken for now."""

    code = "intake_paused"
    hint = "The operator of this deployment paused it. What was accepted goes on; submit again later."


class TooOld(ProteusError):
    """The job waited and ran for longer than jobs may."""

    code = "too_old"
    retryable = True
    hint = "Submit it again."


class PhotoRejected(ProteusError):
    """The picture does not show what is needed."""

    code = "photo_rejected"


class NoPersonDetected(PhotoRejected):
    """No person was found in the photo."""

    code = "no_person_detected"
    hint = "Use a photo of one person who faces the camera, lit from the front."


class PersonCropped(PhotoRejected):
    """The torso is not visible in the photo."""

    code = "person_cropped"
    hint = "Shoulders and hips must be in the picture."


class QualityTooLow(PhotoRejected):
    """The picture would not be worth looking at."""

    code = "quality_too_low"
    hint = "Look at the warnings of both photos: use one garment, laid flat, and one person who faces the camera."

    def __init__(self, message: str | None = None, *, made: bool = False) -> None:
        """`made`: the engine made it, and its own gate does not show it: another engine may do better."""
        super().__init__(message)
        self.made = made


class NoGarmentDetected(PhotoRejected):
    """No garment was found in the picture."""

    code = "no_garment_detected"
    hint = "Use a picture of one garment on a plain background."


class ContentBlocked(PhotoRejected):
    """The picture shows what this deployment does not accept."""

    code = "content_blocked"
    hint = "Use another picture; the same one is refused again."


class IllegalTransition(ProteusError):
    """The job cannot change in this way."""

    code = "illegal_transition"


class EngineError(ProteusError):
    """The engine could not make the picture."""

    code = "engine_failed"
    retryable = True


class ModelUnavailable(EngineError):
    """The engine is not installed, or its weights are missing."""

    code = "model_unavailable"
    retryable = False


class OutOfMemory(EngineError):
    """The device ran out of memory."""

    code = "gpu_out_of_memory"


class LicenceRefused(EngineError):
    """The deployment's licence policy does not allow these weights."""

    code = "licence_refused"
    retryable = False


class SafetyUnavailable(EngineError):
    """The picture could not be examined, and no picture is passed on unexamined here."""

    code = "safety_unavailable"
    hint = "Try again later; the operator of this deployment sees why in the worker's log."


class LeaseLost(ProteusError):
    """The lease on the job ran out; another worker may own it now."""

    code = "worker_lost"
    retryable = True


class DependencyUnavailable(ProteusError):
    """A server this service needs does not answer."""

    code = "dependency_unavailable"
    retryable = True
    hint = "Try again in a few seconds."

    def __init__(
        self, message: str | None = None, *, reason: Literal["away", "refused", "no bucket", "deadlock"] = "away"
    ) -> None:
        super().__init__(message)
        self.reason = reason


class ReplyClass(StrEnum):
    """How the caller handles an error reply of a server."""

    AWAY = "away"
    """The server cannot do it now: back off and try again. Never the fault of a job."""
    RELOAD = "reload"
    """The server lost a script: load it and repeat the call."""
    OURS = "ours"
    """The command, the key or the message is wrong, and stays wrong: set it aside, raise an alert, go on."""


REDIS_REPLIES: Final = {
    **dict.fromkeys(("OOM", "READONLY", "LOADING", "MISCONF", "NOREPLICAS", "TRYAGAIN", "BUSY"), ReplyClass.AWAY),
    **dict.fromkeys(("MASTERDOWN", "CLUSTERDOWN"), ReplyClass.AWAY),
    "NOSCRIPT": ReplyClass.RELOAD,
    **dict.fromkeys(("WRONGTYPE", "NOAUTH", "WRONGPASS", "NOPERM"), ReplyClass.OURS),
}
"""First word of a Redis error reply -> its class. An unlisted one (`max number of clients reached`) is away."""

SCRIPT_ERRORS: Final = ("user_script:", "Error running script", "Error compiling script", "unknown command")
"""Parts of an `ERR` reply that blame the command or the script."""

OUR_SQLSTATE_CLASSES: Final = ("22", "23", "42")
"""Bad data, a violated constraint, a wrong statement. Every other SQLSTATE means that Postgres cannot do it now."""


def class_of_redis_reply(code: str, message: str = "") -> ReplyClass:
    """Return the class of a Redis error reply.

    Args:
        code: The reply's first word.
        message: The rest. Redis before 7 wraps a script's error: `ERR Error running script (…): -OOM command not …`.
    """
    if code in REDIS_REPLIES:
        return REDIS_REPLIES[code]
    for word, found in REDIS_REPLIES.items():
        if f"-{word} " in message:
            return found
    return ReplyClass.OURS if any(part in message for part in SCRIPT_ERRORS) else ReplyClass.AWAY


def class_of_sqlstate(state: str) -> ReplyClass:
    """Return the class of a Postgres error by its five-character SQLSTATE."""
    return ReplyClass.OURS if state[:2] in OUR_SQLSTATE_CLASSES else ReplyClass.AWAY
