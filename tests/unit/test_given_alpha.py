"""A garment's own transparency is its mask, from the upload to the cut-out; a person's goes over white."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from proteus.artefacts import WarningCode
from proteus.errors import NoGarmentDetected
from proteus.imaging import Limits, decode, load
from tailor.cutting import cut_out
from tailor.http import segment_picture
from tailor.ingest import ingest
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.parsers.given import find_in

WHITE, SECRET = (253, 253, 252), (10, 200, 10)


class Refuses:
    """A parser that finds nothing: whoever gets a mask did not ask it."""

    name, version = "refuses", "1"

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        raise NoGarmentDetected

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        raise NoGarmentDetected


def shirt(size: int = 300) -> np.ndarray:
    """A white shirt with a hole and a soft edge, on nothing; green pixels hide under alpha 0."""
    mask = np.zeros((size, size), np.uint8)
    unit = size / 300
    body = np.array([(60, 60), (240, 60), (280, 130), (240, 150), (230, 270), (70, 270), (60, 150), (20, 130)])
    cv2.fillPoly(mask, [(body * unit).astype(np.int32)], 255)
    cv2.circle(mask, (size // 2, size // 2), round(20 * unit), 0, -1)
    alpha = cv2.GaussianBlur(mask, (0, 0), 1.5 * unit)
    return np.dstack([np.where(alpha[..., None] > 0, WHITE, SECRET).astype(np.uint8), alpha])


def saved(pixels: np.ndarray, format_: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format_, **options)  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize(("format_", "options"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_a_white_shirt_on_nothing_comes_back_as_it_was(format_: str, options: dict[str, bool]) -> None:
    sent = shirt()
    image, body = ingest(saved(sent, format_, **options), user_id="usr_1", keep_alpha=True)
    assert image.content_type == "image/png"
    kept = load(body, "RGBA")
    mask, given = find_in(kept[..., :3], kept[..., 3], Refuses(), category="auto")
    cut, (left, top, right, bottom) = cut_out(kept[..., :3], mask.alpha, straight=given)
    crop = sent[top:bottom, left:right]
    seen = crop[..., 3] >= 8
    assert given
    assert np.array_equal(cut[..., 3][seen], crop[..., 3][seen])
    assert np.array_equal(cut[seen], crop[seen])
    assert mask.confidence > 0.6


def test_what_is_hidden_under_alpha_0_does_not_survive() -> None:
    _, body = ingest(saved(shirt(), "PNG"), user_id="usr_1", keep_alpha=True)
    kept = load(body, "RGBA")
    assert (kept[kept[..., 3] == 0][:, :3] == 255).all()


def test_a_persons_transparency_goes_over_white() -> None:
    _, body = ingest(saved(shirt(), "PNG"), user_id="usr_1")
    kept = load(body, "RGBA")
    assert (kept[..., 3] == 255).all()
    assert kept[5, 5].tolist() == [255, 255, 255, 255]


def test_a_large_cut_out_keeps_its_colours_when_it_is_scaled_down() -> None:
    found = decode(saved(shirt(600), "PNG"), limits=Limits(max_side_pixels=200), keep_alpha=True)
    assert found.alpha is not None
    assert found.pixels.shape == (200, 200, 3)
    assert np.abs(found.pixels[found.alpha > 8].astype(int) - WHITE).max() <= 2


def test_a_turned_cut_out_is_turned_with_its_alpha() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    found = decode(saved(shirt()[:200], "PNG", exif=exif), keep_alpha=True)
    assert found.alpha is not None
    assert found.alpha.shape == (300, 200)
    assert np.array_equal(found.alpha, np.rot90(shirt()[:200, :, 3], 3))


def test_a_palette_with_a_transparent_colour_is_a_cut_out_too() -> None:
    picture = Image.fromarray(np.kron([[0, 1], [1, 0]], np.ones((50, 50))).astype(np.uint8), "P")
    picture.putpalette([255, 255, 255, 200, 0, 0])
    out = io.BytesIO()
    picture.save(out, "PNG", transparency=0)
    found = decode(out.getvalue(), keep_alpha=True)
    assert found.alpha is not None
    assert sorted(np.unique(found.alpha)) == [0, 255]


@pytest.mark.parametrize("alpha", [np.full((300, 300), 255, np.uint8), np.pad(np.full((298, 298), 255, np.uint8), 1)])
def test_an_opaque_picture_and_a_thin_frame_are_left_to_the_parser(alpha: np.ndarray) -> None:
    with pytest.raises(NoGarmentDetected):
        find_in(shirt()[..., :3], alpha, Refuses(), category="auto")


def test_a_named_category_is_taken_at_its_word() -> None:
    sent = shirt()
    mask, given = find_in(sent[..., :3], sent[..., 3], Refuses(), category="dress")
    assert (mask.category, given) == ("dress", True)


def trousers() -> np.ndarray:
    """Blue trousers on nothing, darker at the waist."""
    mask = np.zeros((320, 240), np.uint8)
    legs = np.array([(80, 20), (160, 20), (200, 300), (135, 300), (120, 130), (105, 300), (40, 300)])
    cv2.fillPoly(mask, [legs], 255)
    colour = np.broadcast_to(np.linspace(40, 200, 320)[:, None, None], (320, 240, 3))
    return np.dstack([colour.astype(np.uint8), mask])


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_trousers_come_back_upright_however_they_lie_in_the_picture(turns: int) -> None:
    lying = np.ascontiguousarray(np.rot90(trousers(), turns))
    data, headers = segment_picture(saved(lying, "PNG"), Refuses(), category="auto")
    upright, _ = segment_picture(saved(trousers(), "PNG"), Refuses(), category="auto")
    assert np.array_equal(load(data, "RGBA"), load(upright, "RGBA"))
    assert headers["X-Proteus-Category"] == "lower"
    found, _ = find_in(lying[..., :3], lying[..., 3], Refuses(), category="auto")
    assert (found.turn, found.alpha.shape) == (turns, lying.shape[:2])
    assert [one.code for one in found.warnings] == ([WarningCode.GARMENT_ROTATED] if turns else [])
