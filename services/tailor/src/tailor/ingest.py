"""Turns untrusted bytes into the photo that every later stage reads.

Pure: the worker fetches the incoming object, calls `ingest` and stores the returned file under `image.key`; the gateway
deletes the incoming one once that is recorded. The result is upright, sRGB, without metadata, at most 2048 pixels on
its long side, and named by the hash of its own bytes: the same upload by the same user is the same object. Lossless
uploads (PNG) stay lossless, the others become JPEG of quality 95 in full colour resolution, so "the ingested photo"
means that file's decoded pixels. A garment's transparency is kept, in a PNG: no mask that we could find is better.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus import object_keys
from proteus.artefacts import IngestedImage
from proteus.imaging import CONTENT_TYPES, EXTENSIONS, Format, Limits, decode, encode

Pixels = NDArray[np.uint8]


def ingest(
    data: bytes,
    *,
    user_id: str,
    limits: Limits | None = None,
    keep_alpha: bool = False,
    examine: Callable[..., None] = lambda *_: None,
) -> tuple[IngestedImage, bytes]:
    """Return the safe photo's description and its file.

    Args:
        data: The uploaded file.
        user_id: The owner: two users never share an object.
        limits: Which pictures are accepted.
        keep_alpha: The picture is a garment's.
        examine: Refuses what the picture shows; called with its views before anything is encoded.

    Raises:
        UnsupportedMedia, ImageTooLarge, ImageTooSmall, ImageUnreadable: As in `proteus.imaging.decode`.
    """
    decoded = decode(data, limits=limits, keep_alpha=keep_alpha)
    examine(*views_of(decoded.pixels, decoded.alpha))
    stored: Format = "png" if decoded.source == "png" or decoded.alpha is not None else "jpeg"
    pixels = decoded.pixels if decoded.alpha is None else np.dstack([decoded.pixels, decoded.alpha])
    body = encode(pixels, stored)
    sha256 = hashlib.sha256(body).hexdigest()
    height, width = decoded.pixels.shape[:2]
    image = IngestedImage(
        key=object_keys.photo_key(user_id, sha256, EXTENSIONS[stored]),
        sha256=sha256,
        width=width,
        height=height,
        content_type=CONTENT_TYPES[stored],
        size_bytes=len(body),
    )
    return image, body


def views_of(pixels: Pixels, alpha: Pixels | None) -> tuple[Pixels, ...]:
    """Return what a picture may look like, each (H, W, 3): as it is, and where it is transparent, on white and black.

    A picture may hide what it shows in its colours or in its alpha alone.
    """
    if alpha is None or alpha.min() == 255:
        return (pixels,)
    weight = alpha[..., None].astype(np.uint16)
    behind = pixels.astype(np.uint16) * weight // 255
    return pixels, (behind + (255 - weight)).astype(np.uint8), behind.astype(np.uint8)
