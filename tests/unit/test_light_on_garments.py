"""The photo's light on a garment: folds of plain cloth carry over, prints do not; shadows fall on what is repainted."""

from __future__ import annotations

import numpy as np

from weaver.pipelines.light import contact_shadow, folds_of

SIZE = (320, 240)
UNIT = 120.0
WINDOW = (0, 0, SIZE[1], SIZE[0])
OLD = np.full(SIZE, 255, np.uint8)


def cloth(contrast: float) -> np.ndarray:
    """Grey cloth with upright waves, 12 pixels apart."""
    waves = 1 + contrast * np.sin(np.arange(SIZE[1]) * 2 * np.pi / 12)
    return np.repeat(np.broadcast_to(150 * waves, SIZE)[..., None], 3, axis=2).clip(0, 255).astype(np.uint8)


def middle(factor: np.ndarray) -> np.ndarray:
    return factor[100:220, 70:170]


def test_folds_of_plain_cloth_lie_on_the_new_garment_where_they_were() -> None:
    factor = middle(folds_of(cloth(0.12), WINDOW, OLD, UNIT))
    photo = middle(cloth(0.12)[..., 0]).astype(float)
    assert factor.std() > 0.01
    assert np.corrcoef(factor.ravel(), photo.ravel())[0, 1] > 0.8


def test_a_print_is_not_taken_for_folds_and_without_an_old_garment_there_are_none() -> None:
    assert np.all(folds_of(cloth(0.6), WINDOW, OLD, UNIT) == 1)
    assert np.all(folds_of(cloth(0.12), WINDOW, np.zeros_like(OLD), UNIT) == 1)


def test_the_shadow_is_below_the_hem_and_only_on_what_was_repainted() -> None:
    alpha = np.zeros(SIZE, np.float32)
    alpha[100:160] = 1
    repainted = np.zeros(SIZE, np.uint8)
    repainted[:, :120] = 255
    light = contact_shadow(alpha, repainted, UNIT)
    assert np.all(light[:, 120:] == 1), "the photo's own pixels stay as they are"
    assert light[162, 60] < light[98, 60] < 1
    assert light[200, 60] > 0.99
    assert light.min() >= 0.69
