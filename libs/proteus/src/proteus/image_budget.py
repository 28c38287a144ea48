"""Predicts the memory that decoding a picture takes, from its header alone.

    header ─▶ decode_bytes ─▶ imaging.decode refuses, or decodes

The prediction is a sum: the decoder's own copy of the pixels, what the format's decoder keeps beside it, and the arrays
made of them afterwards. The parts were measured as resident memory of a process; `tests/unit/test_image_budget.py`
measures them again, format by format, so that a library that comes to take more breaks a test and not a pod.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024

STORED_BYTES: Final = {"1": 1, "L": 1, "P": 1, "I;16": 2}
"""Pillow's bytes per pixel by mode; all others take four, RGB too: a row is made of 32-bit words."""

CODEC_BYTES: Final = {
    "webp": {"RGB": 8.2, "RGBA": 9.2},
    "avif": {"L": 3.0, "RGB": 9.0, "RGBA": 11.0},
    "heic": {"L": 3.0, "RGB": 5.0, "RGBA": 6.0},
}
"""Per pixel, of decoders that keep more than Pillow's picture. WebP: 3 or 4 of the result, and libwebp's own 3 (lossy)
to 4 (lossless, or with alpha), measured 6.0 to 8.1. AVIF and HEIC: the frame's planes, RGB of them, and a copy;
measured 7.1 (AVIF 4:2:0) to 8.6 (4:4:4), and 3.9 (HEIC 4:2:0). What a file takes beyond its prediction, `decode_apart`
stops.
"""

COEFFICIENT_BYTES: Final = 2
"""Of a JPEG that comes in several scans libjpeg keeps every coefficient of the full size until the last scan."""

BAND_BYTES: Final = 16 * MIB
"""The band of rows that is converted and scaled at a time (7 MiB measured), and a PNG's text (8 MiB at most)."""

FINISHED_BYTES: Final = 4
FINISHED_ALPHA_BYTES: Final = 9
"""Per pixel of the scaled result: its colours; with transparency, colours and alpha both together and apart."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file's header states, before a pixel is decoded.

    Attributes:
        mode: Pillow's name for channels and depth.
        width: As it will be decoded: a JPEG is halved while it is read.
        coefficient_bytes: Of a JPEG in several scans.
        file_bytes: The file is in memory, and a decoder may copy it.
        max_side_pixels: The result's.
        keeps_alpha: The result has transparency.
    """

    source: str
    mode: str
    width: int
    height: int
    file_bytes: int
    max_side_pixels: int
    coefficient_bytes: int = 0
    keeps_alpha: bool = False


def decode_bytes(header: Header) -> int:
    """Return the most bytes of memory that decoding this picture takes, the file's own included."""
    pixels = header.width * header.height
    scale = min(1.0, header.max_side_pixels / max(header.width, header.height))
    each = CODEC_BYTES.get(header.source, {}).get(header.mode) or STORED_BYTES.get(header.mode, 4)
    finished = round(pixels * scale * scale) * (FINISHED_ALPHA_BYTES if header.keeps_alpha else FINISHED_BYTES)
    return round(pixels * each) + header.coefficient_bytes + finished + 2 * header.file_bytes + BAND_BYTES


def jpeg_coefficient_bytes(data: bytes) -> int:
    """Return what libjpeg keeps of a JPEG that comes in several scans; 0 for one scan, or if the markers are broken.

    Several scans: a progressive frame, or a first scan that has fewer components than the frame.
    """
    at, components, progressive, frame_bytes = 2, 0, False, 0
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return 0
        marker = data[at + 1]
        if marker in (0xFF, 0x00, 0x01) or 0xD0 <= marker <= 0xD8:  # Fill bytes, and markers without a length.
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        body = data[at + 4 : at + 2 + length]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if len(body) < 6 or len(body) < 6 + 3 * body[5]:
                return 0
            progressive, components = marker in (0xC2, 0xC6, 0xCA, 0xCE), body[5]
            frame_bytes = _all_coefficients(body)
        elif marker == 0xDA:
            return frame_bytes if progressive or (body and body[0] < components) else 0
        at += 2 + max(length, 2)
    return 0


def _all_coefficients(frame: bytes) -> int:
    """Return the bytes of all coefficients of a frame header: 64 to a block, whole blocks only."""
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    sampling = [
        (part[1] >> 4 or 1, part[1] & 15 or 1) for part in (frame[6 + 3 * n : 9 + 3 * n] for n in range(frame[5]))
    ]
    across, down = max((h for h, _ in sampling), default=1), max((v for _, v in sampling), default=1)
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    return units * sum(h * v for h, v in sampling) * 64 * COEFFICIENT_BYTES
