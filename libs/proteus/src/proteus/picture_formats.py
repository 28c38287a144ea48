"""File formats of pictures by their first bytes. Pure: the gateway asks here too, and holds no decoder.

What a file is, its bytes say; the type that a client declares is never believed.
"""

from __future__ import annotations

from typing import Final, Literal

Source = Literal["jpeg", "png", "webp", "avif", "heic"]
"""A format that pictures come in."""

SOURCE_TYPES: Final[dict[Source, str]] = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
}

DECLARED_TYPES: Final = frozenset(
    {"image/jpeg", "image/jpg", "image/png", "image/webp", "image/avif", "application/octet-stream"}
)
"""What an upload may be declared as: types that no browser shows as a page, whatever the bytes are."""

HEIC_TYPES: Final = frozenset({"image/heic", "image/heif"})
"""The same, where the tailors read HEIC (package `pi-heif`)."""

HEAD_BYTES: Final = 64
"""As many of the first bytes `sniff` reads."""

_AVIF: Final = frozenset({b"avif", b"avis"})
_HEIC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})


def sniff(head: bytes) -> Source | None:
    """Return the format that a file's first bytes claim; None if we do not support it."""
    if head[:3] == b"\xff\xd8\xff":
        return "jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    return None


def _of_brands(head: bytes) -> Source | None:
    """Return the format of an ISO base media file: its major brand counts first, then the compatible ones."""
    end = min(int.from_bytes(head[:4], "big"), HEAD_BYTES, len(head))
    for at in (8, *range(16, end - 3, 4)):
        brand = head[at : at + 4]
        if brand in _AVIF:
            return "avif"
        if brand in _HEIC:
            return "heic"
    return None
