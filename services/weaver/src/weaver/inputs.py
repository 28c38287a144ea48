"""What a job needs from the store, as arrays: photo, cut-out, parse and masks. Blocks; runs in threads."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from proteus import imaging
from proteus.artefacts import PersonParse
from proteus.engines import EngineCard
from proteus.errors import EngineError, InvalidRequest
from proteus.queue import Claimed
from proteus.storage import ObjectStore
from weaver.pipelines.contract import WeaveJob


def fetch(store: ObjectStore, job: Claimed, card: EngineCard) -> WeaveJob:
    """Read one job's pictures and make the engine's job of them.

    Raises:
        NotFound: A picture was deleted meanwhile.
        DependencyUnavailable: The store does not answer.
        ProteusError: The job's body or a stored artefact does not hold what the engine needs.
    """
    body = job.body
    category = str(_required(body, "garment_category"))
    parse = person_mask = agnostic_mask = None
    if body.get("parse_key"):
        try:
            parse = PersonParse.model_validate_json(store.get(str(body["parse_key"])))
        except ValidationError as error:
            raise EngineError(f"the stored parse is damaged: {error.error_count()} errors") from error
        person_mask = imaging.load(store.get(parse.person_mask_key), "L")
        mask_key = body.get("mask_key") or parse.agnostic_mask_keys.get(category)  # type: ignore[call-overload]
        if mask_key is None:
            raise InvalidRequest(f"the parse has no mask for the garment category {category!r}")
        agnostic_mask = imaging.load(store.get(str(mask_key)), "L")
    elif card.needs_parse:
        raise InvalidRequest(f"engine {card.name} needs a person parse; the job names none")
    return WeaveJob(
        id=job.id,
        person=imaging.load(store.get(str(_required(body, "person_key"))), "RGB"),
        garment=imaging.load(store.get(str(_required(body, "garment_key"))), "RGBA"),
        garment_category=category,
        garment_worn=bool(body.get("garment_worn", False)),
        parse=parse,
        person_mask=person_mask,
        agnostic_mask=agnostic_mask,
        quality=body.get("quality") or "balanced",
        degraded=job.degraded,
        seed=int(body.get("seed") or 0),
        options=dict(body.get("options") or {}),
    )


def _required(body: Any, name: str) -> Any:
    value = body.get(name)
    if not value:
        raise InvalidRequest(f"the job's body has no {name!r}")
    return value
