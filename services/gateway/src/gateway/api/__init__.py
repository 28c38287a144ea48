"""The HTTP edge: one module per noun; `problems` alone knows the statuses of errors."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from gateway.api import (
    arrivals,
    auth,
    decisions,
    fleet,
    health,
    images,
    models,
    pages,
    problems,
    queue,
    replays,
    results,
    segmentation,
    snap,
    status,
    streams,
    tryons,
    uploads,
    users,
    vtons,
)
from gateway.api.cors import rules as cors_rules
from gateway.api.schemas import Problem

__all__ = ["install"]

REFUSALS = {
    "4XX": "The request is refused; `code` says why, `hint` the way out.",
    "500": "A fault of Proteus: report the `request_id`.",
    "503": "A server that Proteus needs is away: repeat the request after `Retry-After`.",
}


def install(app: FastAPI, *, origins: list[str], storage_endpoint: str) -> None:
    """Add every route, page, error answer and middleware to the app."""
    problems.install(app)
    replays.install(app)
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Problem, "content": {problems.MEDIA_TYPE: {}}, "description": description}
        for status, description in REFUSALS.items()
    }
    # Routes are tried in this order: what is asked most comes first.
    for module in (
        snap, status, results, auth, images, segmentation, tryons, vtons, streams, users, models, fleet, queue,
        decisions, arrivals, uploads, health,
    ):  # fmt: skip
        app.include_router(module.router, responses=refusals)
    pages.install(app, storage_endpoint=storage_endpoint)
    app.add_middleware(CORSMiddleware, **cors_rules(origins))
