"""Reads a job's inputs from the store as arrays: photo, cut-out, parse and masks. Blocks; runs in threads."""

from __future__ import annotations

from pydantic import ValidationError

from proteus import imaging
from proteus.artefacts import ACCESSORIES, PersonParse
from proteus.engines import EngineCard
from proteus.errors import CategoryUnsupported, EngineError, InvalidRequest, PhotoRejected
from proteus.payloads import TryonWork
from proteus.picture_warnings import quality_of, require_quality, warn_all
from proteus.queue import Claimed
from proteus.storage import ObjectStore
from weaver.pipelines.contract import Pixels, WeaveJob


def fetch(store: ObjectStore, job: Claimed, card: EngineCard) -> WeaveJob:
    """Read one job's pictures and build the engine's job from them.

    Raises:
        NotFound: A picture was deleted meanwhile.
        DependencyUnavailable: The store does not answer.
        QualityTooLow: The photos are not good enough for this engine.
        ProteusError: The job's body or a stored artefact does not hold what the engine needs.
    """
    work = TryonWork.read(job.body)
    category = work.garment_category
    if category not in card.categories:
        raise CategoryUnsupported(f"{card.name} puts on {', '.join(card.categories)}; {category!r} is none of them")
    parse = person_mask = agnostic_mask = mask_key = None
    if work.parse_key is not None:
        try:
            parse = PersonParse.model_validate_json(store.get(work.parse_key))
        except ValidationError as error:
            raise EngineError(f"the stored parse is damaged: {error.error_count()} errors") from error
        person_mask = imaging.load(_picture(store, parse.person_mask_key), "L")
        mask_key = _mask_key(work, parse)
        agnostic_mask = None if mask_key is None else imaging.load(_picture(store, mask_key), "L")
        if work.mask_key and agnostic_mask is not None and not (agnostic_mask > 127).any():
            raise PhotoRejected("Your mask is black: nothing in the photo may change.")
    elif card.needs_parse:
        raise InvalidRequest(f"engine {card.name} needs a person parse; the job names none")
    person = imaging.load(_picture(store, work.person_key), "RGB")
    for name, mask in (("person mask", person_mask), ("mask of what may change", agnostic_mask)):
        if mask is not None and mask.shape != person.shape[:2]:
            raise InvalidRequest(f"the {name} is {_size(mask)} pixels, the photo {_size(person)}")
    warnings = (*warn_all(work.garment_warnings, "garment"), *(parse.warnings if parse else ()))
    require_quality(quality_of(work.garment_confidence, warnings), floor=card.quality_floor)
    return WeaveJob(
        id=job.id,
        person=person,
        garment=imaging.load(_picture(store, work.garment_key), "RGBA"),
        garment_category=category,
        garment_worn=work.garment_worn,
        parse=parse,
        person_mask=person_mask,
        agnostic_mask=agnostic_mask,
        mask_key=mask_key,
        quality=work.quality,
        degraded=job.degraded,
        seed=work.seed,
        options=dict(work.options),
        warnings=warnings,
        confidence=work.garment_confidence,
    )


def _mask_key(work: TryonWork, parse: PersonParse) -> str | None:
    """Return the mask of what may change; None: everything may."""
    if work.mask_mode == "free":
        return None
    key = work.mask_key or parse.mask_key(work.garment_category)
    if key is None and work.garment_category not in ACCESSORIES:
        raise InvalidRequest(f"the parse has no mask for the garment category {work.garment_category!r}")
    return key


def _picture(store: ObjectStore, key: str) -> bytes:
    return store.get(key, limit_bytes=imaging.MAX_STORED_BYTES)


def _size(picture: Pixels) -> str:
    return f"{picture.shape[1]}x{picture.shape[0]}"
