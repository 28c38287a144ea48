"""A submit that was accepted before: every route answers it here, with what the first request made."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from gateway.api.answers import submitted, vton_bodies
from gateway.api.dependencies import Submit
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.submitting.idempotency import AlreadyAccepted
from proteus.errors import NotFound


def install(app: FastAPI) -> None:
    """Answer repeated submits of the app."""
    app.add_exception_handler(AlreadyAccepted, _replay)  # type: ignore[arg-type]


async def _replay(request: Request, known: AlreadyAccepted) -> JSONResponse:
    submit: Submit = request.state.submit
    if known.job_id.startswith("vton_"):
        return await draft_answer(submit.services, submit.caller, known.job_id)
    return await submitted(submit.services, submit.caller, known.job_id, wait=submit.wait)


async def draft_answer(services: Services, caller: Caller, vton_id: str) -> JSONResponse:
    """Return a VTON entry as the answer to the request that made it."""
    async with services.ledger.read() as reads:
        entry = await reads.tryons.find(vton_id, user_id=caller.user_id)
    if entry is None:
        raise NotFound("The VTON entry that this request made was deleted.")
    body = (await vton_bodies(services, [entry]))[0]
    return JSONResponse(body, status_code=201, headers={"Location": f"/vtons/{entry.vton_id}"})
