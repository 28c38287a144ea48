"""The HTTP edge: a folder per noun (routes, models), edge guards beside them; `problems` alone knows error statuses."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI

from gateway.api import description, pages, problems, replays
from gateway.api.accounts import routes as accounts
from gateway.api.arrivals import routes as arrivals
from gateway.api.audit import routes as audit
from gateway.api.auth import routes as auth
from gateway.api.batches import routes as batches
from gateway.api.consent import routes as consent
from gateway.api.decisions import routes as decisions
from gateway.api.engines import routes as engines
from gateway.api.events import routes as events
from gateway.api.fleet import figures, workers
from gateway.api.fleet import routes as fleet
from gateway.api.health import routes as health
from gateway.api.images import routes as images
from gateway.api.keys import routes as keys
from gateway.api.problems import Problem
from gateway.api.queue import bulk, intake
from gateway.api.queue import routes as queue
from gateway.api.results import routes as results
from gateway.api.segmentations import routes as segmentations
from gateway.api.segmentations import uploads
from gateway.api.tenants import routes as tenants
from gateway.api.tokens import routes as tokens
from gateway.api.tryons import form, status, submit
from gateway.api.tryons import routes as tryons
from gateway.api.usage import caps
from gateway.api.usage import routes as usage
from gateway.api.users import export, profile
from gateway.api.users import routes as users
from gateway.api.verify import routes as verify
from gateway.api.vtons import routes as vtons
from gateway.api.webhooks import routes as webhooks

__all__ = ["install"]

REFUSALS = {
    "4XX": "The request is refused; `code` says why, `hint` the way out.",
    "500": "A fault of Proteus: report the `request_id`.",
    "503": "A server that Proteus needs is away, or intake is paused: repeat the request after `Retry-After`.",
}


def install(app: FastAPI, *, storage_endpoint: str) -> None:
    """Add every route, page and error answer to the app."""
    problems.install(app)
    description.install(app)
    replays.install(app)
    app.router.routes.extend(_routes().routes)
    app.webhooks.routes.extend(webhooks.sent().routes)
    pages.install(app, storage_endpoint=storage_endpoint)


@cache
def _routes() -> APIRouter:
    """Return every route, with what its answers refuse: built once in a process, no setting changes any of them."""
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "content": {problems.MEDIA_TYPE: {}}, "description": description}
        for status, description in REFUSALS.items()
    }
    every = APIRouter()
    every.include_router(batches.lines_router, responses=refusals)
    # Routes are tried in this order: the most requested come first.
    for module in (
        form, submit, status, results, auth, images, segmentations, tryons, vtons, events, users, engines, fleet, queue,
        decisions, arrivals, uploads, health, keys, tokens, accounts, tenants,
        audit, consent, intake, bulk, workers, figures, webhooks, usage, caps, export, profile, verify, batches,
    ):  # fmt: skip
        every.include_router(module.router, responses=refusals)
    return every
