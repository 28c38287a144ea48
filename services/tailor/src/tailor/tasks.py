"""The tasks, each from its work to the result of its completion. They block; the bench runs them.

A task may run twice: it names what it writes by content and version, so the second run writes the same. It writes
nothing before it has read the whole picture, so a refused one leaves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np

from proteus import imaging, object_keys, verifying
from proteus.artefacts import LAYERS, GarmentCut, PersonParse
from proteus.blurhash import blurhash
from proteus.credentials import Credentials
from proteus.errors import (
    ImageTooLarge,
    ImageTooSmall,
    ImageUnreadable,
    InvalidRequest,
    NotFound,
    UnsupportedMedia,
    UploadMissing,
)
from proteus.imaging import Limits
from proteus.payloads import (
    CutFacts,
    CutResult,
    CutWork,
    IngestResult,
    IngestWork,
    ParseFacts,
    ParseResult,
    ParseWork,
    Result,
    VariantWork,
    VerifyResult,
    VerifyWork,
)
from proteus.rowless import VARIANT, VERIFY
from proteus.stages import JobKind, read_tailor_work
from proteus.storage import ObjectStore
from proteus.worker.safety import SafetyCheck
from tailor import variants
from tailor.bench import Bench
from tailor.cutting import cut_out, on_white
from tailor.ingest import ingest as make_safe
from tailor.parsers.contract import Parser
from tailor.parsers.given import find_in
from tailor.parsers.shape import rank_categories
from tailor.photo_checks import garment_warnings, person_warnings


def ingest(store: ObjectStore, work: IngestWork, limits: Limits, safety: SafetyCheck) -> IngestResult:
    """Turn the raw upload into the photo that later stages read. The incoming object stays: see `leftovers`.

    Raises:
        UploadMissing: Nothing was PUT under the signed URL.
        InvalidRequest: It is not a picture we take; the subclass says why.
        ContentBlocked: The safety model refuses what it shows.
        SafetyUnavailable: It could not be examined.
    """
    try:
        data = store.get(work.incoming_key, limit_bytes=limits.max_bytes)
    except NotFound as error:
        raise UploadMissing from error
    image, safe = make_safe(
        data,
        user_id=work.user_id,
        limits=limits,
        keep_alpha=work.kind == "garment",
        examine=partial(safety.examine, level=work.safety, picture="input"),
    )
    store.put(image.key, safe, content_type=image.content_type)
    return IngestResult(image=image)


def cut(store: ObjectStore, work: CutWork, parser: Parser) -> CutResult:
    """Cut the garment out of an ingested photo: a transparent PNG and its description.

    Raises:
        NoGarmentDetected: There is none.
    """
    picture = imaging.load(store.get(work.image_key, limit_bytes=imaging.MAX_STORED_BYTES), "RGBA")
    photo, alpha = np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3])
    mask, given = find_in(photo, alpha, parser, category=work.category)
    pixels, box = cut_out(photo, mask.alpha, straight=given)
    pixels = np.ascontiguousarray(np.rot90(pixels, -mask.turn))
    categories = () if mask.worn else rank_categories(np.rot90(mask.alpha, -mask.turn))
    keys = object_keys.cut_keys(
        work.user_id, work.image_sha256, parser=parser.name, parser_version=parser.version, category=work.category
    )
    described = GarmentCut(
        image_key=work.image_key,
        cut_key=keys.picture,
        width=pixels.shape[1],
        height=pixels.shape[0],
        category=mask.category,
        confidence=mask.confidence,
        bounding_box=box,
        worn=mask.worn,
        categories=categories,
        warnings=garment_warnings(mask, categories, asked=work.category),
        parser=parser.name,
        parser_version=parser.version,
    )
    store.put(described.cut_key, imaging.encode(pixels, "png"), content_type="image/png")
    store.put_json(keys.description, described.model_dump(mode="json"))
    return CutResult(
        result_key=described.cut_key,
        cut_key_json=keys.description,
        cut=CutFacts.of(described),
        blurhash=blurhash(on_white(pixels)),
    )


def parse(store: ObjectStore, work: ParseWork, parser: Parser, pose_model: str) -> ParseResult:
    """Parse the person in an ingested photo: landmarks, person mask, one agnostic mask per category.

    Raises:
        NoPersonDetected: There is none.
        PersonCropped: Shoulders or hips are outside the picture.
    """
    photo = imaging.load(store.get(work.image_key, limit_bytes=imaging.MAX_STORED_BYTES), "RGB")
    found = parser.find_person(photo, index=work.person_index)
    keys = object_keys.parse_keys(
        work.user_id,
        work.image_sha256,
        parser=parser.name,
        parser_version=parser.version,
        person_index=work.person_index,
    )
    for category, mask in found.agnostic.items():
        store.put(keys.agnostic_mask(category), imaging.encode(mask, "png"), content_type="image/png")
    described = PersonParse(
        image_key=work.image_key,
        width=photo.shape[1],
        height=photo.shape[0],
        parser=parser.name,
        parser_version=parser.version,
        pose_model=pose_model,
        landmarks=found.landmarks,
        person_mask_key=keys.person_mask,
        agnostic_mask_keys={name: keys.agnostic_mask(name) for name in found.agnostic if name not in LAYERS},
        layer_mask_keys={name: keys.agnostic_mask(name) for name in found.agnostic if name in LAYERS},
        people=found.people,
        person_index=found.index,
        warnings=person_warnings(photo, found, chosen=work.person_index is not None),
    )
    store.put(described.person_mask_key, imaging.encode(found.person, "png"), content_type="image/png")
    # Last: a reader that finds the description finds everything it names.
    store.put_json(keys.description, described.model_dump(mode="json"))
    return ParseResult(result_key=keys.description, parse=ParseFacts.of(described))


OF_UPLOADS: Final = (UploadMissing, UnsupportedMedia, ImageUnreadable, ImageTooLarge, ImageTooSmall)


def verify(store: ObjectStore, work: VerifyWork, limits: Limits, anchors: str) -> VerifyResult:
    """Read the marks of a file that somebody sent; the gateway deletes it.

    Raises:
        UploadMissing: It is gone.
        InvalidRequest: It is not a picture we take; the subclass says why.
    """
    try:
        data = store.get(work.incoming_key, limit_bytes=limits.max_bytes)
    except NotFound as error:
        raise UploadMissing from error
    return VerifyResult(marks=verifying.marks_of(data, limits=limits, anchors=anchors))


@dataclass(frozen=True, kw_only=True)
class Marking:
    """How pictures are signed and checked.

    Attributes:
        credentials: Signs variants; None: nobody does.
        anchors: PEM of the authorities that are trusted.
    """

    credentials: Credentials | None = None
    anchors: str = ""


UNSIGNED: Final = Marking()


def run(
    store: ObjectStore, body: Mapping[str, Any], parser: Parser, bench: Bench, marking: Marking = UNSIGNED
) -> Result:
    """Do the task a job's body names, with a parser of this bench."""
    work = read_tailor_work(body)
    match work:
        case IngestWork():
            return ingest(store, work, bench.limits, bench.safety)
        case CutWork():
            return cut(store, work, parser)
        case ParseWork():
            return parse(store, work, parser, bench.pose_model)
        case VariantWork():
            return variants.make(store, work, marking.credentials)
        case VerifyWork():
            return verify(store, work, bench.limits, marking.anchors)
    raise InvalidRequest(f"this tailor has no task for {type(work).__name__}")


def is_of_upload(body: Mapping[str, Any], error: Exception) -> bool:
    """Return whether the user is the cause: by the upload, or by deleting a result before its variant was made.

    Later tasks read what an ingest wrote: their errors are ours.
    """
    if body.get("task") == VARIANT:
        return isinstance(error, NotFound)
    return body.get("task") in (JobKind.INGEST, VERIFY) and isinstance(error, OF_UPLOADS)


def leftovers(body: Mapping[str, Any]) -> list[str]:
    """Return the objects to delete when the job has failed for good: an ingest's raw upload."""
    try:
        work = read_tailor_work(body)
    except InvalidRequest:
        return []  # The gateway deletes the upload once it has recorded the failure.
    return [work.incoming_key] if isinstance(work, IngestWork) else []
