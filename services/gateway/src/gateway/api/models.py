"""Which engines there are, under which licences, and which can be had now."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from gateway.api.dependencies import ServicesDep
from gateway.api.schemas import ModelList
from gateway.services import Services
from proteus.engines import CARDS

router = APIRouter(tags=["models"])


@router.get("/v1/models", response_model=ModelList, summary="List engines")
async def models(services: ServicesDep) -> JSONResponse:
    """Return every engine with its licences, and whether workers offer it now."""
    return JSONResponse({"items": model_bodies(services)})


def model_bodies(services: Services) -> list[dict[str, Any]]:
    """Return the engines as the registry shows them; `timed` only where a worker offers it."""
    settings, bodies = services.settings, []
    for card in CARDS.values():
        workers = [worker for worker in services.fleet.view.weavers if card.name in worker.engines]
        states = {worker.state for worker in workers}
        if card.name == "timed" and not workers:
            continue
        bodies.append(
            {
                "engine": card.name,
                "version": card.version,
                "description": card.description,
                "code_licence": card.code_licence,
                "weights_licence": card.weights_licence,
                "training_data_note": card.training_data_note,
                "commercial_use": card.commercial_use,
                "allowed": card.commercial_use or settings.licence_policy == "any",
                "default": card.name == settings.default_engine,
                "state": "ready" if "ready" in states else "loading" if "loading" in states else "absent",
                "workers": len(workers),
            }
        )
    return bodies
