"""BlurHash: a blurred miniature of a picture in 28 characters, to show until the picture is there. Pure.

By the algorithm of https://github.com/woltapp/blurhash (Algorithm.md): a discrete cosine transform of linear light, its
lowest frequencies quantised and written in base 83.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

ACROSS: Final = 3
DOWN: Final = 4
"""Frequencies each way; try-ons are upright."""

SAMPLED_PIXELS: Final = 32
"""The side that the picture is sampled at: far above the frequencies kept."""

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def blurhash(pixels: NDArray[np.uint8]) -> str:
    """Return the BlurHash of a picture, (H, W, 3) uint8 sRGB."""
    small = Image.fromarray(pixels).resize((SAMPLED_PIXELS, SAMPLED_PIXELS), Image.Resampling.BOX)
    light = _linear(np.asarray(small, np.float64) / 255)
    at = np.arange(SAMPLED_PIXELS) * np.pi / SAMPLED_PIXELS
    across, down = (np.cos(np.outer(np.arange(many), at)) for many in (ACROSS, DOWN))
    found = np.einsum("yh,xw,hwc->yxc", down, across, light).reshape(-1, 3) * 2 / SAMPLED_PIXELS**2
    mean, waves = found[0] / 2, found[1:]
    step = int(np.clip(np.floor(np.abs(waves).max() * 166 - 0.5), 0, 82))
    levels = np.clip(np.floor(np.sign(waves) * np.sqrt(np.abs(waves) * 166 / (step + 1)) * 9 + 9.5), 0, 18).astype(int)
    red, green, blue = (round(value * 255) for value in _srgb(np.clip(mean, 0, 1)))
    words = [_base83(int(one @ (361, 19, 1)), 2) for one in levels]
    head = _base83(ACROSS - 1 + (DOWN - 1) * 9, 1) + _base83(step, 1)
    return head + _base83((red << 16) + (green << 8) + blue, 4) + "".join(words)


def _linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _base83(value: int, digits: int) -> str:
    return "".join(_ALPHABET[value // 83**place % 83] for place in reversed(range(digits)))
