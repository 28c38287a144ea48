"""The two forms of answer every submit has: accepted (202) or ended within the wait (200)."""

from __future__ import annotations

from typing import Any, Final

from fastapi.responses import Response

from gateway.api.wire import answer
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.models import StatusBody

ENDED_IN_TIME: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": StatusBody, "description": "It ended within the time that the request was willing to wait."}
}
"""The other answer of a submit, for the API's description."""


def status_answer(status: StatusBody, *, waited: float = 0.0) -> Response:
    """Return a status as the answer to a submit: 202 with the status URL, or 200 once the job has ended."""
    headers = {"Location": f"/api/status/{status.job_id}"}
    if waited:
        headers["Preference-Applied"] = f"wait={waited:g}"
    if not status.ended:
        seconds = status.eta.p50_seconds if status.eta else 1
        headers["Retry-After"] = str(max(1, min(30, round(seconds / 2))))
    return answer(status, status_code=200 if status.ended else 202, headers=headers)


async def submitted(services: Services, caller: Caller, job_id: str, *, wait: float) -> Response:
    """Return a submitted job's status, after waiting for its end as long as the client requested."""
    return status_answer(await status_within(services, caller, job_id, seconds=wait), waited=wait)


async def status_within(services: Services, caller: Caller, job_id: str, *, seconds: float) -> StatusBody:
    """Return a job's status as soon as it has ended, if the caller's token, key and login are still valid then."""
    status = await services.statuses.within(caller.user_id, job_id, seconds=seconds)
    if seconds > 0:
        services.callers.require_still(caller)
    return status
