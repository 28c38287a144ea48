"""The engines, their licences, and which are offered now."""

from __future__ import annotations

from dataclasses import asdict

from gateway.api.dependencies import HostDep, ServicesDep
from gateway.api.engines.models import ModelBody, ModelList, ParserBody
from gateway.api.guarding import GuardedRouter
from gateway.rules.options import default_engine
from gateway.rules.rights import ALL
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus import licences
from proteus.engines import CARDS

router = GuardedRouter(tags=["models"])


@router.get("/v1/models", summary="List engines and parsers")
async def models(services: ServicesDep, caller: HostDep) -> ModelList:
    """Return every engine with its licences, and whether workers offer it now; and the parsers' licences.

    Needs no token; with one, `allowed` and `default` are what hold for you.
    """
    rules = services.settings.licences
    parsers = [
        ParserBody(**asdict(card), commercial_use=card.commercial_use, allowed=rules.refusal(card) is None)
        for card in licences.PARSERS.values()
    ]
    return ModelList(items=engine_bodies(services, caller), parsers=parsers)


def engine_bodies(services: Services, caller: Caller | None = None) -> list[ModelBody]:
    """Return the engines as the registry shows them; `timed` only where a worker offers it.

    A caller's rights and preferences hold as they do for its submits.
    """
    settings, bodies = services.settings, []
    default = default_engine(settings.default_engine, services.fleet.offered, rules=settings.licences)
    rights = caller.rights if caller else ALL
    if caller and caller.preferences.engine in CARDS:
        default = caller.preferences.engine
    for card in CARDS.values():
        workers = [worker for worker in services.fleet.view.weavers if card.name in worker.engines]
        states = {worker.state for worker in workers}
        if card.name == "timed" and not workers:
            continue
        bodies.append(
            ModelBody(
                engine=card.name,
                version=card.version,
                description=card.description,
                code_licence=card.code_licence,
                weights_licence=card.weights_licence,
                training_data_note=card.training_data_note,
                commercial_use=card.commercial_use,
                commercial_terms=card.commercial_terms,
                allowed=settings.licences.refusal(card) is None and rights.allow_engine(card.name),
                mask_modes=list(card.mask_modes),
                categories=list(card.categories),
                shortcuts=list(card.preset("approximate").shortcuts),
                approximate_cost=card.approximate_cost,
                default=card.name == default,
                state="ready" if "ready" in states else "loading" if "loading" in states else "absent",
                workers=len(workers),
            )
        )
    return bodies
