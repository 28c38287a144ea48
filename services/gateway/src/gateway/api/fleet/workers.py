"""Draining workers, for operators (scope `admin`)."""

from __future__ import annotations

from fastapi import Depends, Response

from gateway.api.dependencies import ServicesDep, operator
from gateway.api.guarding import GuardedRouter
from gateway.rules.text import PathId
from gateway.services import Services
from proteus.errors import NotFound
from proteus.jobs import WorkerId
from proteus.keys import JOBS, TAILOR, QueueKeys
from proteus.registry import drained_among, set_drained

router = GuardedRouter(prefix="/v1/fleet/workers", tags=["fleet"], dependencies=[Depends(operator)])


@router.post("/{worker_id}/drain", status_code=202, response_class=Response, summary="Let a worker take no more jobs")
async def drain(services: ServicesDep, worker_id: PathId) -> Response:
    """Have a worker finish what it holds and take nothing more, until you take this back.

    It does not end: stop its pod when it holds no jobs. The request holds for its name, over restarts, until the worker
    has been away for a day. A worker of an earlier version does not listen.
    """
    await set_drained(services.redis, await _queue_of(services, worker_id), WorkerId(worker_id), drained=True)
    return Response(status_code=202)


@router.delete("/{worker_id}/drain", status_code=204, response_class=Response, summary="Let a worker take jobs again")
async def undrain(services: ServicesDep, worker_id: PathId) -> Response:
    """Take a request to drain back."""
    await set_drained(services.redis, await _queue_of(services, worker_id), WorkerId(worker_id), drained=False)
    return Response(status_code=204)


async def _queue_of(services: Services, worker_id: str) -> QueueKeys:
    """Return the queue whose jobs the worker takes; it may be away while it is to drain."""
    await services.fleet.refresh()
    view = services.fleet.view
    for name, cards in ((JOBS, view.weavers), (TAILOR, view.tailors)):
        names = QueueKeys(name)
        if any(card.id == worker_id for card in cards):
            return names
        if await drained_among(services.redis, names, [WorkerId(worker_id)]):
            return names
    raise NotFound("There is no such worker.")
