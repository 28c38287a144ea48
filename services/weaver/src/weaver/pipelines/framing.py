"""Photo to canvas and back: pure geometry that the diffusion engines share.

A model paints a canvas of a fixed size; a photo has any size and aspect. `frame` chooses a window of the photo with
the canvas's aspect that holds the whole person (it may reach beyond the photo, never cuts heads). `Frame.lay` brings
the window onto the canvas, `Frame.paste` brings the painted canvas back: the photo keeps its size, and every pixel
outside the feathered mask keeps its value.

Arrays are (H, W, 3) or (H, W) uint8; boxes are (left, top, right, bottom), right and bottom exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]

MARGIN: Final = 0.12
"""Share of the focus's longer side left free around it: context for the model, and room for a wider garment."""

FEATHER: Final = 0.011
"""Feather radius as a share of the window's height: 11 pixels at 1024, half of the published repaint's blur, because
`feather` grows the mask by the same amount first."""


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A window of a photo, and the canvas it is laid on.

    Attributes:
        photo: (width, height) of the photo.
        canvas: (width, height) of the canvas.
        window: Box in the photo's pixels with the canvas's aspect; parts beyond the photo are padding.
    """

    photo: tuple[int, int]
    canvas: tuple[int, int]
    window: Box

    @property
    def visible(self) -> Box:
        """The part of the window that lies in the photo."""
        left, top, right, bottom = self.window
        return max(left, 0), max(top, 0), min(right, self.photo[0]), min(bottom, self.photo[1])

    def lay(self, photo: Pixels) -> Pixels:
        """Return the window as a (height, width, 3) canvas; padding repeats the photo's edge."""
        return _resized(self._cut(photo, cv2.BORDER_REPLICATE), self.canvas, Image.Resampling.LANCZOS)

    def lay_mask(self, mask: Pixels) -> Pixels:
        """Return a photo's mask, 0 or 255, on the canvas; padding is 0."""
        soft = _resized(self._cut(mask, cv2.BORDER_CONSTANT), self.canvas, Image.Resampling.BOX)
        return np.where(soft >= 128, np.uint8(255), np.uint8(0))

    def paste(self, photo: Pixels, painted: Pixels, mask: Pixels) -> Pixels:
        """Return the photo with the painted canvas inside the feathered mask.

        Args:
            photo: (H, W, 3), the photo that was laid.
            painted: (h, w, 3), the canvas as the model painted it.
            mask: (H, W), 255 = may change, in the photo's pixels.
        """
        left, top, right, bottom = self.window
        result = photo.copy()
        found = _feathered(mask, radius=feather_radius(bottom - top), within=self.visible)
        if found is None:
            return result
        (x0, y0, x1, y1), weights = found
        whole = _resized(painted, (right - left, bottom - top), Image.Resampling.LANCZOS)
        inside = whole[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32)
        alpha = weights[..., None]
        before = photo[y0:y1, x0:x1]
        blended = np.rint(before + (inside - before) * alpha).clip(0, 255).astype(np.uint8)
        result[y0:y1, x0:x1] = np.where(alpha > 0, blended, before)
        return result

    def _cut(self, pixels: Pixels, border: int) -> Pixels:
        if pixels.shape[1::-1] != self.photo:
            raise ValueError(f"a picture of {pixels.shape[1::-1]} does not belong to a frame of {self.photo}")
        left, top, right, bottom = self.window
        x0, y0, x1, y1 = self.visible
        cut = pixels[y0:y1, x0:x1]
        if self.visible == self.window:
            return cut
        padded: Pixels = cv2.copyMakeBorder(cut, y0 - top, bottom - y1, x0 - left, right - x1, border, value=0)
        return padded


def frame(photo: tuple[int, int], *, canvas: tuple[int, int], focus: Box | None = None) -> Frame:
    """Choose the smallest window with the canvas's aspect that holds the focus and its margin.

    Args:
        photo: (width, height) of the photo.
        canvas: (width, height) of the canvas.
        focus: Must be in the window whole: the person and all that may change. None: the whole photo.
    """
    width, height = photo
    left, top, right, bottom = focus or (0, 0, width, height)
    margin = round(MARGIN * max(right - left, bottom - top)) if focus else 0
    left, top = max(left - margin, 0), max(top - margin, 0)
    right, bottom = min(right + margin, width), min(bottom + margin, height)
    window_height = max(bottom - top, -(-(right - left) * canvas[1] // canvas[0]))
    window_width = max(right - left, round(window_height * canvas[0] / canvas[1]))
    x = _placed(window_width, (left + right) // 2, width)
    y = _placed(window_height, (top + bottom) // 2, height)
    return Frame(photo=photo, canvas=canvas, window=(x, y, x + window_width, y + window_height))


def bounding_box(mask: Pixels) -> Box | None:
    """Return the box of all pixels >= 128, None if there are none."""
    on = mask >= 128
    columns, rows = np.flatnonzero(on.any(axis=0)), np.flatnonzero(on.any(axis=1))
    if not columns.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def feather_radius(window_height: int) -> int:
    """Return the feather's radius in photo pixels for a window of this height."""
    return max(1, round(FEATHER * window_height))


def feather(mask: Pixels, *, radius: int) -> NDArray[np.float32]:
    """Return (H, W) float32 weights: 1 inside the mask, falling to exactly 0 at `2 * radius` pixels from it.

    It falls outwards only: under the mask is the old garment, which must not show through.
    """
    weights = np.zeros(mask.shape, np.float32)
    found = _feathered(mask, radius=radius, within=(0, 0, mask.shape[1], mask.shape[0]))
    if found is not None:
        (x0, y0, x1, y1), inside = found
        weights[y0:y1, x0:x1] = inside
    return weights


def _feathered(mask: Pixels, *, radius: int, within: Box) -> tuple[Box, NDArray[np.float32]] | None:
    """Return the box inside `within` beyond which all weights are 0, and the weights in it; None: there are none."""
    box = bounding_box(mask)
    if box is None:
        return None
    reach = 2 * radius
    height, width = mask.shape
    x0, y0, x1, y1 = _cropped((box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach), (0, 0, width, height))
    hard = np.where(mask[y0:y1, x0:x1] >= 128, np.float32(1), np.float32(0))
    side = 2 * radius + 1
    grown = cv2.dilate(hard, np.ones((side, side), np.uint8))
    soft = cv2.GaussianBlur(grown, (side, side), radius / 2, borderType=cv2.BORDER_REPLICATE)
    weights = np.where(hard > 0, np.float32(1), soft.clip(0, 1))
    left, top, right, bottom = seen = _cropped((x0, y0, x1, y1), within)
    if left >= right or top >= bottom:
        return None
    return seen, weights[top - y0 : bottom - y0, left - x0 : right - x0]


def _cropped(box: Box, within: Box) -> Box:
    return max(box[0], within[0]), max(box[1], within[1]), min(box[2], within[2]), min(box[3], within[3])


def on_background(garment: Pixels, colour: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """Return a straight-alpha RGBA cut-out (H, W, 4) composited on one colour; an RGB picture comes back as it is."""
    if garment.shape[2] == 3:
        return garment
    alpha = garment[..., 3:].astype(np.float32) / 255
    ground = np.asarray(colour, np.float32)
    return np.rint(garment[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)


def _placed(size: int, centre: int, limit: int) -> int:
    """Return the start of a span: centred, shifted into the photo if it fits, spread evenly beyond it if not."""
    if size >= limit:
        return (limit - size) // 2
    return min(max(centre - size // 2, 0), limit - size)


def _resized(pixels: Pixels, size: tuple[int, int], resampling: Image.Resampling) -> Pixels:
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize(size, resampling))
