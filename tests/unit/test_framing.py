"""Photo to canvas and back: whole people in, untouched pixels out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from weaver.pipelines.framing import Frame, bounding_box, feather, feather_radius, frame, on_background

LANCZOS = Image.Resampling.LANCZOS

CANVASES = [(768, 1024), (384, 512), (576, 864)]
SIDES = st.integers(64, 900)


@st.composite
def photos_with_a_focus(draw):
    width, height = draw(SIDES), draw(SIDES)
    left, top = draw(st.integers(0, width - 2)), draw(st.integers(0, height - 2))
    return (width, height), (left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height)))


@given(photos_with_a_focus(), st.sampled_from(CANVASES), st.booleans())
@settings(max_examples=200)
def test_the_window_holds_the_focus_and_has_the_canvas_aspect(case, canvas, whole):
    photo, focus = case
    chosen = frame(photo, canvas=canvas, focus=None if whole else focus)
    left, top, right, bottom = chosen.window
    focus = (0, 0, *photo) if whole else focus
    assert left <= focus[0]
    assert top <= focus[1]
    assert right >= focus[2]
    assert bottom >= focus[3]
    assert abs((right - left) - (bottom - top) * canvas[0] / canvas[1]) <= 1.5
    # It reaches beyond the photo only where the photo is too small for it.
    assert left >= 0 or right - left >= photo[0]
    assert top >= 0 or bottom - top >= photo[1]


@pytest.mark.parametrize("size", [(300, 200), (150, 400), (97, 131), (1000, 64)])
@pytest.mark.parametrize("canvas", [(48, 64), (96, 128)])
def test_every_pixel_outside_the_feathered_mask_is_the_photos_own(size, canvas):
    rng = np.random.default_rng(1)
    photo = rng.integers(0, 256, (size[1], size[0], 3), np.uint8)
    mask = np.zeros((size[1], size[0]), np.uint8)
    mask[size[1] // 3 : size[1] // 2, size[0] // 4 : size[0] // 2] = 255
    chosen = frame(size, canvas=canvas, focus=bounding_box(mask))
    painted = np.full((canvas[1], canvas[0], 3), 77, np.uint8)
    result = chosen.paste(photo, painted, mask)
    reach = 2 * feather_radius(chosen.window[3] - chosen.window[1])
    ys, xs = np.nonzero((result != photo).any(axis=2))
    left, top, right, bottom = bounding_box(mask)
    assert result.shape == photo.shape
    assert (result[mask > 0] == 77).all()
    assert xs.min() >= left - reach
    assert xs.max() < right + reach
    assert ys.min() >= top - reach
    assert ys.max() < bottom + reach


def test_laying_and_pasting_an_unchanged_canvas_of_the_photos_size_changes_nothing():
    rng = np.random.default_rng(2)
    photo = rng.integers(0, 256, (64, 48, 3), np.uint8)
    mask = np.full((64, 48), 255, np.uint8)
    chosen = frame((48, 64), canvas=(48, 64))
    assert np.array_equal(chosen.lay(photo), photo)
    assert np.array_equal(chosen.paste(photo, chosen.lay(photo), mask), photo)


def test_padding_repeats_the_edge_and_is_never_masked():
    photo = np.zeros((40, 80, 3), np.uint8)
    photo[:20] = 200
    chosen = frame((80, 40), canvas=(60, 80))
    canvas = chosen.lay(photo)
    masked = chosen.lay_mask(np.full((40, 80), 255, np.uint8))
    assert canvas.shape == (80, 60, 3)
    assert (canvas[0] == 200).all()
    assert (canvas[-1] == 0).all()
    assert set(np.unique(masked)) == {0, 255}
    assert not masked[0].any()
    assert not masked[-1].any()
    assert masked[40].all()


def blended_everywhere(chosen: Frame, photo, painted, mask):
    """The same by the definition: weights of the whole photo, arithmetic on the whole window."""
    left, top, right, bottom = chosen.window
    x0, y0, x1, y1 = chosen.visible
    size = (right - left, bottom - top)
    whole = painted if painted.shape[1::-1] == size else np.asarray(Image.fromarray(painted).resize(size, LANCZOS))
    inside = whole[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
    alpha = feather(mask, radius=feather_radius(bottom - top))[y0:y1, x0:x1, None]
    result, before = photo.copy(), photo[y0:y1, x0:x1]
    blended = np.rint(before + (inside - before) * alpha).clip(0, 255).astype(np.uint8)
    result[y0:y1, x0:x1] = np.where(alpha > 0, blended, before)
    return result


@settings(max_examples=40)
@given(st.tuples(st.integers(20, 160), st.integers(20, 160)), st.sampled_from([(48, 64), (64, 64)]), st.data())
def test_blending_the_masks_box_is_blending_the_whole_window(size, canvas, data):
    width, height = size
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    photo = random.integers(0, 256, (height, width, 3), np.uint8)
    painted = random.integers(0, 256, (canvas[1], canvas[0], 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    mask[y : y + data.draw(st.integers(0, 60)), x : x + data.draw(st.integers(0, 60))] = 255
    focus_x, focus_y = data.draw(st.integers(0, width - 10)), data.draw(st.integers(0, height - 10))
    focus = (focus_x, focus_y, focus_x + 10, focus_y + 10)
    chosen = frame(size, canvas=canvas, focus=focus)
    assert np.array_equal(chosen.paste(photo, painted, mask), blended_everywhere(chosen, photo, painted, mask))


def test_the_feather_is_one_inside_and_nothing_beyond_its_reach():
    mask = np.zeros((60, 60), np.uint8)
    mask[20:40, 25:35] = 255
    weights = feather(mask, radius=4)
    assert (weights[mask > 0] == 1).all()
    assert not weights[:12].any()
    assert not weights[:, 43:].any()
    assert (np.diff(weights[30, 35:45]) <= 0).all()
    assert not feather(np.zeros((5, 5), np.uint8), radius=2).any()


def test_a_cut_out_is_composited_on_the_ground():
    garment = np.zeros((1, 3, 4), np.uint8)
    garment[0] = [(10, 20, 30, 255), (10, 20, 30, 0), (0, 0, 0, 128)]
    assert on_background(garment).tolist() == [[[10, 20, 30], [255, 255, 255], [127, 127, 127]]]


def test_a_picture_of_another_size_is_refused():
    chosen = frame((40, 40), canvas=(30, 40))
    with pytest.raises(ValueError, match="does not belong"):
        chosen.lay(np.zeros((41, 40, 3), np.uint8))
