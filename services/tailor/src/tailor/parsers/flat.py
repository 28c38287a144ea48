"""Cuts a garment that is not worn: by colour and by outline, both always, or off a texture; then the soft edge.

Neither pass is right alone. Colour misses white panels on white paper, the outline keeps a trace of a shadow around a
dark shirt. Where the outline holds more than colour found, it is the garment; else colour's edge is the sharper one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.errors import NoGarmentDetected
from tailor.cutting import drop_specks
from tailor.masks import grow, soft_edge
from tailor.parsers.colour import find_by_colour
from tailor.parsers.contract import Pixels
from tailor.parsers.edge import disc
from tailor.parsers.ground import Ground, Truth, find_ground
from tailor.parsers.outline import Evidence, find_outline
from tailor.parsers.textured import find_on_texture

WORKING_SIDE: Final = 512
"""The garment is found at this size and matted at the photo's: grabCut costs 0.1 s here and 2 s at 2048."""

AREA_FRACTIONS: Final = (0.02, 0.95)
LACKING: Final = 0.012
"""Share of the outline's area that is cloth which colour has not found, from which on the outline decides."""

EXTRA: Final = 0.03
"""Share of colour's area outside the outline, from which on both are the garment: somewhere the outline leaked."""

SAME: Final = 0.9
"""Overlap from which on two passes have found the same."""

EDGE_PIXELS: Final = 3
"""At working size: how far from the edge the two passes are compared."""

LINE: Final = 0.1
"""Lightness per pixel of the crisp edges on an outer rim, as a mean over all of it: cloth ends in a line, above 0.15;
the blocks that an encoder leaves in a shadow have less."""

RIM_REACH: Final = 6
RIM_HALF: Final = 2
"""Pixels at working size: how far from cloth beyond colour its outer rim is, and half the rim's thickness."""

Way = Literal["colour", "outline", "both", "texture"]


@dataclass(frozen=True, kw_only=True)
class Flat:
    """A garment found on its ground.

    Attributes:
        found: (h, w) at working size.
        alpha: (H, W) uint8 at the photo's size, soft edge.
        way: What decided.
        unevenness: Of the ground: lightness, as a standard deviation on the border.
    """

    found: Truth
    alpha: Pixels
    way: Way
    unevenness: float


def shrink(photo: Pixels) -> tuple[Pixels, float]:
    """Return the photo at working size, and its scale."""
    scale = min(1.0, WORKING_SIDE / max(photo.shape[:2]))
    if scale == 1:
        return photo, scale
    size = (max(1, round(photo.shape[1] * scale)), max(1, round(photo.shape[0] * scale)))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def find_flat(photo: Pixels) -> Flat:
    """Find the garment of a photo without a wearer.

    Raises:
        NoGarmentDetected: Nothing stands out from the ground.
    """
    small, _ = shrink(photo)
    ground = find_ground(small)
    found, way = (_both_passes if ground.is_plain else _on_texture)(small, ground)
    area = float(np.count_nonzero(found)) / found.size
    if not AREA_FRACTIONS[0] <= area <= AREA_FRACTIONS[1]:
        raise NoGarmentDetected(f"no garment was found: {area:.0%} of the picture differ from its background")
    return Flat(
        found=found,
        alpha=drop_specks(matte(photo, found.astype(np.uint8) * 255)),
        way=way,
        unevenness=ground.unevenness[0],
    )


def _both_passes(small: Pixels, ground: Ground) -> tuple[Truth, Way]:
    """Return the garment, and which pass decided."""
    colour = drop_specks(find_by_colour(small, ground).astype(np.uint8) * 255) > 0
    rough, evidence = find_outline(small, ground)
    outline = drop_specks(rough.astype(np.uint8) * 255) > 0
    beyond = _core(outline) & ~colour
    beyond &= ~_shade(beyond, colour, outline, evidence)
    areas = float(np.count_nonzero(colour)), float(np.count_nonzero(outline))
    lacking = float(np.count_nonzero(beyond)) / max(1.0, areas[1])
    extra = float(np.count_nonzero(_core(colour) & ~outline)) / max(1.0, areas[0])
    if lacking < LACKING:
        return colour, "colour"
    if extra < EXTRA:
        return outline, "outline"
    return colour | outline, "both"


def _shade(beyond: Truth, colour: Truth, outline: Truth, evidence: Evidence) -> Truth:
    """Return the parts of what the outline holds beyond colour that end in no line: shadow, not cloth.

    The encoder of a small photo leaves blocks in a soft shadow, which is then not soft; but they make no line.
    """
    line = evidence.steep * evidence.crisp
    rim = _grown(outline, RIM_HALF) & _grown(~outline, RIM_HALF) & ~_grown(colour, EDGE_PIXELS)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(beyond.astype(np.uint8), connectivity=4)
    shade = np.zeros_like(beyond)
    for index in range(1, count):
        left, top, width, height = (int(value) for value in stats[index, : cv2.CC_STAT_AREA])
        rows = slice(max(0, top - RIM_REACH), top + height + RIM_REACH)
        box = (rows, slice(max(0, left - RIM_REACH), left + width + RIM_REACH))
        part = labels[box] == index
        end = _grown(part, RIM_REACH) & rim[box]
        # What colour surrounds, a print, has no outer rim.
        if end.any() and float(np.mean(line[box][end])) < LINE:
            shade[box] |= part
    return shade


def _grown(mask: Truth, radius: int) -> Truth:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc(radius)) > 0)


def _on_texture(small: Pixels, ground: Ground) -> tuple[Truth, Way]:
    """Return the garment on a ground that is not plain; colour's sharper edge where it sees the same."""
    texture = find_on_texture(small)
    if not ground.is_of_one_colour:
        return texture, "texture"
    colour = drop_specks(find_by_colour(small, ground).astype(np.uint8) * 255) > 0
    return (colour, "both") if _overlap(colour, texture) > SAME else (texture, "texture")


def _overlap(first: Truth, second: Truth) -> float:
    return float(np.count_nonzero(first & second)) / max(1.0, float(np.count_nonzero(first | second)))


def _core(mask: Truth) -> Truth:
    side = 2 * EDGE_PIXELS + 1
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0)


def matte(photo: Pixels, found: Pixels) -> Pixels:
    """Return a soft alpha at the photo's size: in a narrow band, how much each pixel is garment and not ground."""
    height, width = photo.shape[:2]
    band = max(2.0, 1.6 * max(height, width) / max(found.shape))
    mask = (cv2.resize(found, (width, height), interpolation=cv2.INTER_CUBIC) > 127).astype(np.uint8) * 255
    inner, outer = 255 - grow(255 - mask, band), grow(mask, band)
    garment, background = _spread(photo, inner, band * 2), _spread(photo, 255 - outer, band * 2)
    axis = garment - background
    length = np.sum(axis**2, axis=-1)
    share = np.sum((photo.astype(np.float32) - background) * axis, axis=-1) / np.maximum(length, 1.0)
    # Where garment and background look alike the colours cannot decide: the plain, smoothed mask does.
    trust = np.clip((length - 400) / 1600, 0, 1)
    smooth = soft_edge(mask, band / 2).astype(np.float32) / 255
    alpha = trust * np.clip(share * 1.16 - 0.08, 0, 1) + (1 - trust) * smooth
    alpha = np.where(inner > 0, 1.0, np.where(outer > 0, alpha, 0.0))
    return np.asarray((alpha * 255).round(), np.uint8)


def _spread(photo: Pixels, where: Pixels, radius: float) -> NDArray[np.float32]:
    """Return the colours of `where`, carried over its edge."""
    size = 2 * round(radius) + 1
    weight = (where > 0).astype(np.float32)
    total = cv2.blur(photo.astype(np.float32) * weight[..., None], (size, size))
    return np.asarray(total / np.maximum(cv2.blur(weight, (size, size)), 1e-4)[..., None], np.float32)
