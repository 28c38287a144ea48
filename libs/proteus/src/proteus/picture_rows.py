"""From a decoder's picture to sRGB arrays of a bounded size, a band of rows at a time.

A conversion of the whole picture copies all pixels, and a decode would make three to five copies: by bands the
decoder's own copy is the only one of the full size. Every step but the scaling works on each pixel alone; the scaling
is by area and counts the fractions of rows that an output row covers: the bands leave no trace.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

BAND_PIXELS: Final = 1 << 18
"""Pixels of a band, one output row at least: 4 MB as float32 RGBA, and a few copies of that."""

Profile = Callable[[Image.Image], Image.Image]


def has_alpha(picture: Image.Image) -> bool:
    """Tell whether some pixel may be transparent."""
    return picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info


def scaled_size(width: int, height: int, max_side_pixels: int) -> tuple[int, int]:
    """Return (width, height) with the long side at most `max_side_pixels`; smaller ones as they are."""
    scale = min(1.0, max_side_pixels / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def read_scaled(picture: Image.Image, *, max_side_pixels: int, keep_alpha: bool) -> tuple[Pixels, Pixels | None]:
    """Return a loaded picture as sRGB, (H, W, 3) uint8, and its transparency.

    Args:
        picture: Of any mode; its embedded colour profile is applied.
        max_side_pixels: Larger ones are scaled down by area.
        keep_alpha: Return the transparency, (H, W) uint8, where not all is opaque; the colours are then straight, and
            white where alpha is 0. Otherwise transparency goes over white.
    """
    profile, size = _profile_of(picture), scaled_size(*picture.size, max_side_pixels)
    if keep_alpha and has_alpha(picture) and not picture.mode.startswith("I") and not _all_opaque(picture):
        both = _with_alpha(picture, size, profile)
        return np.ascontiguousarray(both[..., :3]), np.ascontiguousarray(both[..., 3])
    return _scale(picture, size, 3, lambda band: _opaque(band, profile)), None


def _scale(
    picture: Image.Image,
    size: tuple[int, int],
    channels: int,
    read: Callable[[Image.Image], Pixels | Floats],
    finish: Callable[[Floats], Floats] = lambda rows: rows,
) -> Pixels:
    """Return the picture at a size, by area: (H, W, channels) uint8.

    Args:
        read: Converts a band of source rows to numbers.
        finish: Converts a band of scaled rows to colours.
    """
    width, height = picture.size
    step = height / size[1]
    rows = max(1, int(BAND_PIXELS / (width * step)))
    out = np.empty((size[1], size[0], channels), np.uint8)
    for top in range(0, size[1], rows):
        bottom = min(top + rows, size[1])
        first, last = int(top * step), min(height, int(np.ceil(bottom * step - 1e-9)))
        band = read(picture.crop((0, first, width, last)))
        if size != picture.size:
            across = cv2.resize(band.astype(np.float32), (size[0], last - first), interpolation=cv2.INTER_AREA)
            colours = finish(_by_rows(across.reshape(last - first, size[0], channels), first, top, bottom, step))
            band = np.rint(colours, out=colours).clip(0, 255, out=colours)
        out[top:bottom] = band.reshape(bottom - top, size[0], channels)
    return out


def _by_rows(rows: Floats, first: int, top: int, bottom: int, step: float) -> Floats:
    """Return the mean of the source rows that each output row covers, (bottom - top, W, channels)."""
    starts = np.arange(top, bottom) * step
    total = np.zeros((bottom - top, *rows.shape[1:]), np.float32)
    for n in range(int(np.ceil(step)) + 1):
        sources = starts.astype(np.int64) + n
        shares = (np.minimum(starts + step, sources + 1) - np.maximum(starts, sources)).clip(0) / step
        here = rows[np.minimum(sources - first, len(rows) - 1)]
        here *= shares.astype(np.float32)[:, None, None]
        total += here
    return total


def _with_alpha(picture: Image.Image, size: tuple[int, int], profile: Profile) -> Pixels:
    """Return (H, W, 4), straight alpha; invisible pixels add no colour to the edge."""
    scaling = size != picture.size

    def read(band: Image.Image) -> Pixels | Floats:
        over = band.convert("RGBA")
        alpha = np.asarray(over.getchannel("A"))[..., None]
        colour = np.asarray(profile(over.convert("RGB")))
        if not scaling:
            return np.concatenate([np.where(alpha > 0, colour, np.uint8(255)), alpha], axis=-1)
        seen = np.empty((*colour.shape[:2], 4), np.float32)
        np.multiply(colour, alpha * np.float32(1 / 255), out=seen[..., :3])
        seen[..., 3:] = alpha
        return seen

    def finish(rows: Floats) -> Floats:
        rows[..., :3] /= np.maximum(rows[..., 3:] / np.float32(255), np.float32(1e-6))
        rows[..., :3][rows[..., 3] < 0.5] = 255
        return rows

    return _scale(picture, size, 4, read, finish)


def _all_opaque(picture: Image.Image) -> bool:
    width, height = picture.size
    rows = max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        band = picture.crop((0, top, width, min(top + rows, height))).convert("RGBA")
        if band.getchannel("A").getextrema() != (255, 255):
            return False
    return True


def _opaque(band: Image.Image, profile: Profile) -> Pixels:
    """Return 8-bit sRGB, transparency over white."""
    if band.mode.startswith("I"):
        band = Image.fromarray((np.asarray(band).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    elif has_alpha(band):
        over = band.convert("RGBA")
        band = Image.alpha_composite(Image.new("RGBA", over.size, (255, 255, 255, 255)), over).convert("RGB")
    elif band.mode not in ("RGB", "L", "CMYK"):
        band = band.convert("RGB")
    band = profile(band)
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB"))


def _profile_of(picture: Image.Image) -> Profile:
    """Return the conversion from the embedded profile to sRGB; a broken one, or of another colour space, is ignored."""
    raw = picture.info.get("icc_profile")
    if not raw:
        return lambda band: band
    try:
        embedded = ImageCms.ImageCmsProfile(io.BytesIO(raw))
        if "sRGB" in ImageCms.getProfileDescription(embedded):
            return lambda band: band
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return lambda band: band
    srgb = ImageCms.createProfile("sRGB")
    transforms: dict[str, ImageCms.ImageCmsTransform | None] = {}

    def convert(band: Image.Image) -> Image.Image:
        if band.mode not in transforms:
            try:
                transforms[band.mode] = ImageCms.buildTransform(embedded, srgb, band.mode, "RGB")
            except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
                transforms[band.mode] = None
        transform = transforms[band.mode]
        return band if transform is None else ImageCms.applyTransform(band, transform) or band

    return convert
