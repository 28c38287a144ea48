"""The answers of submits, accepted (202) or ended within the wait (200), and of the statuses that clients poll."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import Response

from gateway.api.polling import PREFERENCE, RETRY, poll_seconds, polled
from gateway.api.wire import answer
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.models import StatusBody

_LOCATION: Final[dict[str, Any]] = {
    "Location": {"description": "Where its status is.", "schema": {"type": "string"}, "required": True}
}
SUBMITTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "model": StatusBody,
        "description": "It ended within the time that the request was willing to wait.",
        "headers": _LOCATION | PREFERENCE,
    },
    202: {"description": "It is accepted and has not ended.", "headers": _LOCATION | RETRY | PREFERENCE},
}
"""The two answers of a submit, for the API's description."""


def status_answer(status: StatusBody, *, waited: float = 0.0) -> Response:
    """Return a status as the answer to a submit: 202 with the status URL, or 200 once the job has ended."""
    headers = {"Location": f"/api/status/{status.job_id}"}
    if waited:
        headers["Preference-Applied"] = f"wait={waited:g}"
    return answer(status, status_code=200 if status.ended else 202, headers=headers | hints(status))


def hints(status: StatusBody) -> dict[str, str]:
    """Return when to ask for a status again; nothing of one that stays as it is."""
    if status.ended or status.status == "draft":
        return {}
    return {"Retry-After": str(poll_seconds(status.eta.p50_seconds if status.eta else None))}


async def polled_status(services: Services, caller: Caller, job_id: str, *, wait: float, known: str | None) -> Response:
    """Return a job's status to a client that asks for it again and again."""
    status = await status_within(services, caller, job_id, seconds=wait)
    applied = {"Preference-Applied": f"wait={wait:g}"} if wait else {}
    return polled(status, known, hints(status) | applied)


async def submitted(services: Services, caller: Caller, job_id: str, *, wait: float) -> Response:
    """Return a submitted job's status, after waiting for its end as long as the client requested."""
    return status_answer(await status_within(services, caller, job_id, seconds=wait), waited=wait)


async def status_within(services: Services, caller: Caller, job_id: str, *, seconds: float) -> StatusBody:
    """Return a job's status as soon as it has ended, if the caller's token, key and login are still valid then."""
    status = await services.statuses.within(caller.user_id, job_id, seconds=seconds)
    if seconds > 0:
        services.callers.require_still(caller)
    return status
