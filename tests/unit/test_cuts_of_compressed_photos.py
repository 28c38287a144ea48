"""Small catalogue photos: an encoder's blocks in a soft shadow are no cloth; white cloth beside dark cloth is."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proteus.imaging import decode
from tailor.parsers.flat import find_flat
from workbench import assets
from workbench.eval import measure, scenes

SMOKE = Path(__file__).parents[2] / "deploy/helm/proteus/files/smoke/garment.jpg"
HALO_PIXELS = 3.0


def compressed(picture: np.ndarray, side: int, quality: int) -> np.ndarray:
    """Return a picture as a JPEG with halved colour shows it, with its longer side in pixels."""
    buffer = io.BytesIO()
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return decode(buffer.getvalue()).pixels


def score(photo: np.ndarray, truth: np.ndarray) -> measure.Score:
    """Compare a photo's cut with the truth of a larger one."""
    fitted = Image.fromarray(truth).resize(photo.shape[1::-1], Image.Resampling.BOX)
    return measure.score(np.asarray(fitted), find_flat(photo).alpha)


def whole(one: measure.Score) -> bool:
    return one.kept >= measure.KEPT and one.hole <= measure.HOLE and one.halo_pixels <= HALO_PIXELS


@pytest.fixture(scope="module")
def large() -> tuple[np.ndarray, np.ndarray]:
    """A dark shirt with a soft shadow, and its cut."""
    photo = decode((Path(assets.__file__).parent / "garment.jpg").read_bytes()).pixels
    return photo, find_flat(photo).alpha


def drawn(name: str) -> scenes.Drawn:
    return scenes.draw(next(case for case in scenes.cases(name[0]) if case.name == name))  # type: ignore[arg-type]


def test_the_smoke_garment_is_cut_as_the_same_picture_in_large(large: tuple[np.ndarray, np.ndarray]) -> None:
    found = score(decode(SMOKE.read_bytes()).pixels, large[1])
    assert whole(found), found


@pytest.mark.parametrize(("side", "quality"), [(320, 85), (448, 70)])
def test_a_soft_shadow_with_blocks_is_not_kept(large: tuple[np.ndarray, np.ndarray], side: int, quality: int) -> None:
    found = score(compressed(large[0], side, quality), large[1])
    assert whole(found), found


def test_wings_between_sleeve_and_side_are_not_kept() -> None:
    picture = drawn("b/hoodie-mustard/250/flat")
    found = score(compressed(picture.picture, 448, 70), picture.truth)
    assert whole(found), found


def test_white_cloth_between_dark_stripes_is_kept() -> None:
    picture = drawn("b/boxy-thin-stripes/250/flat")
    found = score(compressed(picture.picture, 640, 85), picture.truth)
    assert whole(found), found
