"""A submit that was accepted before: every route answers it here, with what the first request made."""

from __future__ import annotations

from fastapi import FastAPI, Request, Response

from gateway.api.batches.routes import made_answer
from gateway.api.dependencies import Submit
from gateway.api.tryons.answers import submitted
from gateway.api.vtons.answers import draft_answer
from gateway.submitting.idempotency import AlreadyAccepted


def install(app: FastAPI) -> None:
    """Answer repeated submits of the app."""
    app.add_exception_handler(AlreadyAccepted, replay)  # type: ignore[arg-type]


async def replay(request: Request, known: AlreadyAccepted) -> Response:
    """Answer with what the first request made, as the first answer would be now."""
    submit: Submit = request.state.submit
    if known.job_id.startswith("bat_"):
        return await made_answer(submit.services, submit.caller, known.job_id)
    if known.job_id.startswith("vton_"):
        return await draft_answer(submit.services, submit.caller, known.job_id)
    return await submitted(submit.services, submit.caller, known.job_id, wait=submit.wait)
