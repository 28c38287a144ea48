"""The three tasks, each from a job's body to the result of its completion. They block; the bench runs them.

A task may be done twice: what it writes is named by content and version, so the second time writes the same. Nothing is
written before the whole picture was understood, so a refused one leaves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from proteus import imaging
from proteus.artefacts import GarmentCategory, GarmentCut, PersonParse, derived_prefix
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
from proteus.storage import ObjectStore
from tailor.cutting import cut_out
from tailor.ingest import ingest as make_safe
from tailor.parsers.contract import Parser
from tailor.parsers.given import find_in

Body = Mapping[str, Any]
Task = Callable[[ObjectStore, Body, Parser, str, Limits], dict[str, Any]]
"""(store, body, parser, name of its pose model, what pictures are taken) -> result."""


def ingest(store: ObjectStore, body: Body, _parser: Parser, _pose_model: str, limits: Limits) -> dict[str, Any]:
    """Turn the raw upload into the photo that everyone reads. The incoming object stays: see `leftovers`.

    Raises:
        UploadMissing: Nothing was PUT under the signed URL.
        InvalidRequest: It is not a picture we take; the subclass says why.
    """
    try:
        data = store.get(_text(body, "incoming_key"), limit_bytes=limits.max_bytes)
    except NotFound as error:
        raise UploadMissing from error
    image, safe = make_safe(
        data,
        declared_type=body.get("content_type"),
        user_id=_text(body, "user_id"),
        limits=limits,
        keep_alpha=body.get("kind") == "garment",
    )
    store.put(image.key, safe, content_type=image.content_type)
    return {"image": image.model_dump()}


def cut(store: ObjectStore, body: Body, parser: Parser, _pose_model: str, _limits: Limits) -> dict[str, Any]:
    """Cut the garment out of an ingested photo: a transparent PNG and its description.

    Raises:
        NoGarmentDetected: There is none.
    """
    picture = imaging.load(store.get(_text(body, "image_key"), limit_bytes=imaging.MAX_STORED_BYTES), "RGBA")
    photo, alpha = np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3])
    category = str(body.get("category") or "auto")
    mask, given = find_in(photo, alpha, parser, category=category)
    pixels, box = cut_out(photo, mask.alpha, straight=given)
    version = f"{parser.name}-{parser.version}-{category}"
    folder = derived_prefix(_text(body, "user_id"), _text(body, "image_sha256"), "cut", version)
    described = GarmentCut(
        image_key=body["image_key"],
        cut_key=f"{folder}cut.png",
        width=pixels.shape[1],
        height=pixels.shape[0],
        category=mask.category,
        confidence=mask.confidence,
        bounding_box=box,
        worn=mask.worn,
        warnings=mask.warnings,
        parser=parser.name,
        parser_version=parser.version,
    )
    store.put(described.cut_key, imaging.encode(pixels, "png"), content_type="image/png")
    store.put_json(f"{folder}cut.json", described.model_dump(mode="json"))
    return {
        "result_key": described.cut_key,
        "cut_key_json": f"{folder}cut.json",
        "cut": described.model_dump(mode="json"),
    }


def parse(store: ObjectStore, body: Body, parser: Parser, pose_model: str, _limits: Limits) -> dict[str, Any]:
    """Parse the person in an ingested photo: landmarks, person mask, one agnostic mask per category.

    Raises:
        NoPersonDetected: There is none.
        PersonCropped: Shoulders or hips are outside the picture.
    """
    photo = imaging.load(store.get(_text(body, "image_key"), limit_bytes=imaging.MAX_STORED_BYTES), "RGB")
    found = parser.find_person(photo)
    folder = derived_prefix(
        _text(body, "user_id"), _text(body, "image_sha256"), "parse", f"{parser.name}-{parser.version}"
    )
    agnostic_keys: dict[GarmentCategory, str] = {}
    for category, mask in found.agnostic.items():
        agnostic_keys[category] = f"{folder}agnostic-{category}.png"
        store.put(agnostic_keys[category], imaging.encode(mask, "png"), content_type="image/png")
    described = PersonParse(
        image_key=body["image_key"],
        width=photo.shape[1],
        height=photo.shape[0],
        parser=parser.name,
        parser_version=parser.version,
        pose_model=pose_model,
        landmarks=found.landmarks,
        person_mask_key=f"{folder}person.png",
        agnostic_mask_keys=agnostic_keys,
    )
    store.put(described.person_mask_key, imaging.encode(found.person, "png"), content_type="image/png")
    # Last: whoever finds the description finds everything it names.
    store.put_json(f"{folder}parse.json", described.model_dump(mode="json"))
    return {
        "result_key": f"{folder}parse.json",
        "parse": {
            "parser": parser.name,
            "parser_version": parser.version,
            "pose_model": pose_model,
            "width": described.width,
            "height": described.height,
        },
    }


OF_UPLOADS: Final = (UploadMissing, UnsupportedMedia, ImageUnreadable, ImageTooLarge, ImageTooSmall)

TASKS: Final[dict[str, Task]] = {"ingest": ingest, "cut": cut, "parse": parse}


def run(store: ObjectStore, body: Body, parser: Parser, pose_model: str, limits: Limits) -> dict[str, Any]:
    """Do the task a body names."""
    task = TASKS.get(str(body.get("task")))
    if task is None:
        raise InvalidRequest(f"task {body.get('task')!r} is none of {', '.join(TASKS)}")
    return task(store, body, parser, pose_model, limits)


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"the job's body has no text {name!r}")
    return value


def is_of_upload(body: Body, error: Exception) -> bool:
    """Tell whether the user's upload is the cause. Later tasks read what an ingest wrote: their troubles are ours."""
    return body.get("task") == "ingest" and isinstance(error, OF_UPLOADS)


def leftovers(body: Body) -> list[str]:
    """Return the objects that go when the job has failed for good: an ingest's raw upload."""
    return [str(body["incoming_key"])] if body.get("task") == "ingest" and body.get("incoming_key") else []
