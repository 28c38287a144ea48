"""What the weaver reads of a job: whose mask says what may change, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from proteus import imaging
from proteus.artefacts import ACCESSORIES, CLOTHES, Landmark, PersonParse
from proteus.engines import CARDS
from proteus.errors import CategoryUnsupported, InvalidRequest, PhotoRejected
from proteus.jobs import JobId
from proteus.payloads import TryonWork
from proteus.queue import Claimed
from weaver.inputs import fetch

TAILORS, OWN, BLACK, SMALL, JACKETS = "tailors.png", "own.png", "black.png", "small.png", "jackets.png"
ANYTHING = replace(CARDS["fashn"], categories=(*CLOTHES, *ACCESSORIES))


@pytest.fixture
def pictures(store):
    """A photo with its parse, a cut-out, and masks."""

    def put(key: str, pixels: np.ndarray) -> None:
        store.put(key, imaging.encode(pixels, "png"), content_type="image/png")

    put("person.png", np.full((64, 48, 3), 127, np.uint8))
    put("cut.png", np.full((32, 24, 4), 255, np.uint8))
    half = np.zeros((64, 48), np.uint8)
    half[:32] = 255
    put(TAILORS, half)
    put(OWN, np.ascontiguousarray(half[::-1]))
    put(JACKETS, half)
    put(BLACK, np.zeros((64, 48), np.uint8))
    put(SMALL, np.full((32, 24), 255, np.uint8))
    parse = PersonParse(
        image_key="person.png", width=48, height=64, parser="p", parser_version="1", pose_model="p",
        landmarks=tuple(Landmark(x=24, y=32, visibility=1) for _ in range(33)),
        person_mask_key=TAILORS, agnostic_mask_keys={"upper": TAILORS},
    )  # fmt: skip
    store.put_json("parse.json", parse.model_dump(mode="json"))
    layered = parse.model_copy(update={"layer_mask_keys": {"outer": JACKETS}})
    store.put_json("layered.json", layered.model_dump(mode="json"))
    return store


def job(**fields) -> Claimed:
    body = {
        "user_id": "usr_1", "vton_id": "v", "job_type": "tryon", "result_url": None, "trace_id": "t", "n": 1,
        "tryon_job_id": "job_1", "person_key": "person.png", "garment_key": "cut.png", "garment_category": "upper",
        "parse_key": "parse.json", **fields,
    }  # fmt: skip
    body = TryonWork.read(body).write()
    return Claimed(
        id=JobId("job_1-1"), token=1, payload={}, body=body, engine="fashn", batch_key="", degraded=False, attempts=0,
        crashes=0, solo=False, deadline_ms=None, submitted_ms=0, claimed_ms=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "key", "first_row"),
    [
        ({}, TAILORS, 255),
        ({"mask_mode": "provided", "mask_key": OWN}, OWN, 0),
        ({"mask_key": OWN}, OWN, 0),  # Of a gateway of the version before.
        ({"mask_mode": "free"}, None, None),
    ],
)
def test_the_mask_is_the_tailors_the_clients_or_none(pictures, fields, key, first_row) -> None:
    made = fetch(pictures, job(**fields), CARDS["fashn"])
    assert made.mask_key == key
    assert (None if made.agnostic_mask is None else made.agnostic_mask[0, 0]) == first_row
    assert made.parse is not None


@pytest.mark.parametrize(
    ("category", "parse", "own", "key"),
    [
        ("outer", "layered.json", None, JACKETS),
        ("outer", "parse.json", None, TAILORS),  # Of a tailor of an older version.
        ("inner", "layered.json", None, TAILORS),
        ("hat", "layered.json", None, None),
        *((category, "layered.json", OWN, OWN) for category in (*CLOTHES, *ACCESSORIES)),
    ],
)
def test_every_category_has_its_mask_or_a_wider_one_and_an_accessory_none(pictures, category, parse, own, key) -> None:
    asked = {"garment_category": category, "parse_key": parse} | ({"mask_key": own} if own else {})
    made = fetch(pictures, job(**asked), ANYTHING)
    assert (made.garment_category, made.mask_key) == (category, key)


def test_a_mask_that_is_missing_and_a_category_beyond_the_engine_are_refused(pictures) -> None:
    with pytest.raises(InvalidRequest, match="no mask for the garment category 'lower'"):
        fetch(pictures, job(garment_category="lower"), ANYTHING)
    with pytest.raises(CategoryUnsupported, match=r"fashn puts on upper, .*; 'hat' is none of them"):
        fetch(pictures, job(garment_category="hat"), CARDS["fashn"])


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [(BLACK, PhotoRejected, "black"), (SMALL, InvalidRequest, "is 24x32 pixels, the photo 48x64")],
)
def test_a_mask_that_cannot_be_used_is_refused_in_words(pictures, key, error, words) -> None:
    with pytest.raises(error, match=words):
        fetch(pictures, job(mask_mode="provided", mask_key=key), CARDS["fashn"])
