"""What a job needs from the store, as arrays: photo, cut-out, parse and masks. Blocks; runs in threads."""

from __future__ import annotations

from typing import Any, Final, get_args

from pydantic import ValidationError

from proteus import imaging
from proteus.artefacts import PersonParse
from proteus.engines import EngineCard, Quality
from proteus.errors import EngineError, InvalidRequest
from proteus.queue import Claimed
from proteus.storage import ObjectStore
from weaver.pipelines.contract import Pixels, WeaveJob

QUALITIES: Final[tuple[Quality, ...]] = get_args(Quality)

SEEDS: Final = 1 << 64
"""More than that no engine's generator takes."""


def fetch(store: ObjectStore, job: Claimed, card: EngineCard) -> WeaveJob:
    """Read one job's pictures and make the engine's job of them.

    Raises:
        NotFound: A picture was deleted meanwhile.
        DependencyUnavailable: The store does not answer.
        ProteusError: The job's body or a stored artefact does not hold what the engine needs.
    """
    body = job.body
    category = _text(body, "garment_category")
    parse = person_mask = agnostic_mask = None
    if body.get("parse_key"):
        try:
            parse = PersonParse.model_validate_json(store.get(_text(body, "parse_key")))
        except ValidationError as error:
            raise EngineError(f"the stored parse is damaged: {error.error_count()} errors") from error
        person_mask = imaging.load(_picture(store, parse.person_mask_key), "L")
        mask_key = body.get("mask_key") or parse.agnostic_mask_keys.get(category)  # type: ignore[call-overload]
        if mask_key is None:
            raise InvalidRequest(f"the parse has no mask for the garment category {category!r}")
        agnostic_mask = imaging.load(_picture(store, str(mask_key)), "L")
    elif card.needs_parse:
        raise InvalidRequest(f"engine {card.name} needs a person parse; the job names none")
    person = imaging.load(_picture(store, _text(body, "person_key")), "RGB")
    for name, mask in (("person mask", person_mask), ("mask of what may change", agnostic_mask)):
        if mask is not None and mask.shape != person.shape[:2]:
            raise InvalidRequest(f"the {name} is {_size(mask)} pixels, the photo {_size(person)}")
    return WeaveJob(
        id=job.id,
        person=person,
        garment=imaging.load(_picture(store, _text(body, "garment_key")), "RGBA"),
        garment_category=category,
        garment_worn=bool(body.get("garment_worn", False)),
        parse=parse,
        person_mask=person_mask,
        agnostic_mask=agnostic_mask,
        quality=_quality(body),
        degraded=job.degraded,
        seed=_seed(body),
        options=_options(body),
    )


def _picture(store: ObjectStore, key: str) -> bytes:
    return store.get(key, limit_bytes=imaging.MAX_STORED_BYTES)


def _size(picture: Pixels) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"


def _seed(body: Any) -> int:
    seed = body.get("seed") or 0
    if type(seed) is not int or not 0 <= seed < SEEDS:
        raise InvalidRequest(f"the seed {seed!r} is no whole number from 0 to {SEEDS - 1}")
    return seed


def _quality(body: Any) -> Quality:
    asked = body.get("quality") or "balanced"
    for quality in QUALITIES:
        if asked == quality:
            return quality
    raise InvalidRequest(f"the quality {asked!r} is none of {', '.join(QUALITIES)}")


def _options(body: Any) -> dict[str, Any]:
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise InvalidRequest("the job's options are no JSON object")
    return options


def _text(body: Any, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"the job's body has no text {name!r}")
    return value
