"""The only place that knows HTTP statuses of errors: every refusal leaves as RFC 9457 problem+json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from gateway.api.wire import answer, said
from gateway.rules.rates import Refused
from proteus import errors
from proteus.events import IfKnown
from proteus.replies import is_away

log = structlog.get_logger()

MEDIA_TYPE: Final = "application/problem+json"
POINTER_PART_MOST: Final = 100
"""Characters of a client's key that a problem document repeats."""

STATUS: Final[dict[type[errors.ProteusError], int]] = {
    errors.InvalidRequest: 400,
    errors.UnknownParameter: 422,
    errors.CategoryUnsupported: 422,
    errors.UnsupportedMedia: 415,
    errors.ImageUnreadable: 422,
    errors.ImageTooLarge: 413,
    errors.ImageTooSmall: 422,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.UploadMissing: 409,
    errors.Overloaded: 429,
    errors.IntakePaused: 503,
    errors.PhotoRejected: 422,
    errors.IllegalTransition: 409,
    errors.ModelUnavailable: 422,
    errors.LicenceRefused: 403,
    errors.DependencyUnavailable: 503,
    errors.ProteusError: 500,
}
"""The most specific class of an error decides."""


class Problem(BaseModel):
    """RFC 9457 problem document; `code` is stable, `hint` names the remedy."""

    model_config = said(
        {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "detail": "No picture was uploaded under this image_url yet.",
            "code": "upload_missing",
            "retryable": False,
            "hint": "PUT the picture to upload_url first, with exactly the headers that came with it.",
            "request_id": "7d9f6f0f2f7c4c0e8d1b2a3c4d5e6f70",
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    hint: str
    request_id: str
    errors: IfKnown[list[dict[str, str]]] = None
    offered: IfKnown[list[str]] = None


def status_of(error: errors.ProteusError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[known] for known in type(error).__mro__ if known in STATUS)


def problem(
    request: Request,
    status: int,
    *,
    code: str,
    detail: str,
    hint: str = "",
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return one problem document; `more` are its `errors` or what is `offered` instead."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        hint=hint,
        request_id=request.scope.get("state", {}).get("request_id", ""),
        **more,
    )
    return answer(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of the app with a problem document."""
    app.add_exception_handler(errors.ProteusError, on_proteus_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _on_invalid)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _on_http_exception)  # type: ignore[arg-type]
    app.add_exception_handler(RedisError, _on_redis_error)  # type: ignore[arg-type]
    app.add_exception_handler(ClientDisconnect, _on_disconnect)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, on_bug)


async def on_proteus_error(request: Request, error: errors.ProteusError) -> Response:
    """Answer one of our own errors."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if isinstance(error, errors.Overloaded):
        headers["Retry-After"] = str(error.retry_after_seconds)
    elif isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    elif error.retryable:
        headers["Retry-After"] = "1"
    if isinstance(error, Refused) and (allowances := request.scope.get("state", {}).get("allowances")) is not None:
        allowances[error.allowance.kind] = error.allowance
    if status >= 500:
        log.warning("request_failed", code=error.code, error=error.message, cause=repr(error.__cause__))
    return problem(
        request,
        status,
        code=error.code,
        detail=error.message,
        hint=error.hint,
        retryable=error.retryable,
        headers=headers,
        **({"offered": list(error.offered)} if isinstance(error, errors.EngineUnavailable) else {}),
    )


async def _on_invalid(request: Request, error: RequestValidationError) -> Response:
    fields = [
        {"pointer": _pointer(found["loc"]), "detail": found["msg"].removeprefix("Value error, ")}
        for found in error.errors()
    ]
    first = fields[0] if fields else {"pointer": "", "detail": "The request is not valid."}
    return problem(
        request,
        422,
        code="invalid_request",
        detail=f"{first['pointer']}: {first['detail']}",
        hint="See /docs for what this route takes.",
        errors=fields,
    )


def _pointer(place: Sequence[str | int]) -> str:
    """Return a JSON pointer (RFC 6901); a client's own keys may stand in it, so they are cut and made printable."""
    parts = (str(part).replace("~", "~0").replace("/", "~1")[:POINTER_PART_MOST] for part in place)
    return "".join(
        "/" + part.encode("unicode_escape").decode() if not part.isprintable() else "/" + part for part in parts
    )


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}.get(
        error.status_code, "invalid_request"
    )
    return problem(request, error.status_code, code=code, detail=str(error.detail), headers=error.headers)


async def _on_redis_error(request: Request, error: RedisError) -> Response:
    """Answer while Redis cannot serve; its reply that a command or a key is wrong is a bug."""
    if not is_away(error):
        return await on_bug(request, error)
    away = errors.DependencyUnavailable("Redis does not answer.")
    away.__cause__ = error
    return await on_proteus_error(request, away)


async def _on_disconnect(request: Request, _error: ClientDisconnect) -> Response:
    """Answer a request whose body broke off with its connection: nobody reads it, and the log names its status."""
    return await on_proteus_error(request, errors.InvalidRequest("The connection ended before the body did."))


async def on_bug(request: Request, error: Exception) -> Response:
    """Answer an unexpected error. It is logged here, once: outer handlers leave it alone."""
    if request.scope.get("state", {}).get("crash") is not error:
        request.state.crash = error
        log.error("request_crashed", exc_info=error)
    return problem(
        request, 500, code="internal", detail="Something went wrong inside Proteus.", hint="Report the request_id."
    )
