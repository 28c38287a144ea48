"""Which engines there are, under which licences, and which can be had now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi.responses import JSONResponse

from gateway.api.dependencies import ServicesDep
from gateway.api.guarding import GuardedRouter
from gateway.api.schemas import ModelList
from gateway.rules.options import default_engine
from gateway.services import Services
from proteus import licences
from proteus.engines import CARDS

router = GuardedRouter(tags=["models"])


@router.get("/v1/models", response_model=ModelList, summary="List engines and parsers")
async def models(services: ServicesDep) -> JSONResponse:
    """Return every engine with its licences, and whether workers offer it now; and the parsers' licences."""
    return JSONResponse({"items": model_bodies(services), "parsers": parser_bodies(services)})


def parser_bodies(services: Services) -> list[dict[str, Any]]:
    """Return what the tailors may find garments and people with, licences and all."""
    policy = services.settings.licence_policy
    return [asdict(card) | {"allowed": licences.refusal(card, policy) is None} for card in licences.PARSERS.values()]


def model_bodies(services: Services) -> list[dict[str, Any]]:
    """Return the engines as the registry shows them; `timed` only where a worker offers it."""
    settings, bodies = services.settings, []
    default = default_engine(
        settings.default_engine, services.fleet.offered, commercial_only=settings.licence_policy == "commercial"
    )
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
                "allowed": licences.refusal(card, settings.licence_policy) is None,
                "default": card.name == default,
                "state": "ready" if "ready" in states else "loading" if "loading" in states else "absent",
                "workers": len(workers),
            }
        )
    return bodies
