"""The part of a photo around the person, at the size at which it is read, and the way back to the photo. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from proteus.artefacts import Landmark
from weaver.pipelines.anatomy import Pixels, Point
from weaver.pipelines.mesh import Floats

WORKING_SIDE: Final = 416
"""At most so many pixels a side are read."""


@dataclass(frozen=True)
class Crop:
    """A part of the photo at working size.

    Attributes:
        box: left, top, right, bottom in the photo.
        scale: Working pixels for one of the photo's.
        size: (height, width) in working pixels.
    """

    box: tuple[int, int, int, int]
    scale: float
    size: tuple[int, int]

    @staticmethod
    def around(mask: Pixels) -> Crop:
        """Return the crop around what is above 127 in a mask, and a margin."""
        height, width = mask.shape
        _, bright = cv2.threshold(mask, 127, 255, cv2.THRESH_BINARY)
        x, y, wide, high = cv2.boundingRect(bright)
        if not wide:
            x, y, wide, high = 0, 0, width, height
        margin = int(0.06 * max(wide, high)) + 4
        left, top = max(0, x - margin), max(0, y - margin)
        right, bottom = min(width, x + wide + margin), min(height, y + high + margin)
        scale = min(1.0, WORKING_SIDE / max(right - left, bottom - top))
        size = (max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale)))
        return Crop((left, top, right, bottom), scale, size)

    def shrink(self, picture: Pixels) -> Pixels:
        left, top, right, bottom = self.box
        part = picture[top:bottom, left:right]
        if part.ndim == 2:
            return np.asarray(cv2.resize(part, self.size[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
        # By a whole factor first: that is several times as fast as the exact mean over areas.
        whole = max(1, int(1 / self.scale))
        if whole > 1:
            height, width = part.shape[0] // whole, part.shape[1] // whole
            part = cv2.resize(part[: height * whole, : width * whole], (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(part, self.size[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)

    def points(self, landmarks: tuple[Landmark, ...]) -> Point:
        """Return (33, 2) in working pixels."""
        marks = np.array([(mark.x, mark.y) for mark in landmarks], np.float64)
        return np.asarray((marks - self.box[:2]) * self.scale)

    def in_photo(self, points: Point) -> Point:
        """Return points of the working picture in pixels of the photo."""
        return np.asarray((points + 0.5) / self.scale - 0.5 + np.array(self.box[:2]))

    def part(
        self, values: Floats | Pixels, start: tuple[float, float], size: tuple[int, int], zoom: float = 1.0
    ) -> Floats:
        """Return part of a working picture, (height, width) large, at `zoom` of the photo's size.

        Args:
            values: The working picture.
            start: Left and top of the part, in pixels of the photo.
            size: (height, width) of the answer.
            zoom: Its pixels for one of the photo's.
        """
        x, y = ((at - edge + 0.5 / zoom) * self.scale - 0.5 for at, edge in zip(start, self.box, strict=False))
        matrix = np.array([[self.scale / zoom, 0, x], [0, self.scale / zoom, y]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(values, matrix, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE))
