"""Pictures in and out: untrusted bytes to pixels, pixels to files that name their maker.

`decode` is the only way in for bytes from a client: it checks size, format, and the memory that decoding will take
before it decodes a pixel, and returns upright sRGB without any metadata. The format is what the bytes say, whatever the
client declared. AVIF and HEIC are decoded in a process of their own (`decode_apart`). `load` reads the files that this
deployment wrote, within the bounds of its own writes.
`encode` writes PNG, WebP or JPEG, with a `proteus.marks.Mark` where a picture was made by an engine. Everything blocks;
callers use threads.
"""

from __future__ import annotations

import importlib.util
import io
import struct
import zlib
from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, PngImagePlugin, UnidentifiedImageError

from proteus.decode_apart import decode_apart
from proteus.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable, UnsupportedMedia
from proteus.image_budget import Header, decode_bytes, jpeg_coefficient_bytes
from proteus.marks import XMP_KEYWORD, Mark
from proteus.picture_formats import HEAD_BYTES, Source, sniff
from proteus.picture_rows import has_alpha, read_scaled

Pixels = NDArray[np.uint8]
Format = Literal["png", "webp", "jpeg"]

CONTENT_TYPES: Final[dict[Format, str]] = {"png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg"}
EXTENSIONS: Final[dict[Format, str]] = {"png": "png", "webp": "webp", "jpeg": "jpg"}

JPEG_QUALITY: Final = 95
"""With full colour resolution: the loss is below what the eye or a model sees."""

WEBP_QUALITY: Final = 90
PNG_LEVEL: Final = 1
"""Three times faster than zlib's 6 for 17 % more bytes (measured on a 768 x 1024 photo)."""

MAX_JPEG_SCANS: Final = 64
"""Cameras and editors write about ten; each scan costs a pass over all pixels."""


WEBP_ANIMATED: Final = 2
"""The bit of a WebP's first chunk that marks it."""

MAX_STORED_BYTES: Final = 32 * 1024 * 1024
"""A PNG of 2048 x 2048 with transparency that nothing compresses has half of it."""

MAX_STORED_SIDE_PIXELS: Final = 2048

APART: Final[frozenset[Source]] = frozenset({"avif", "heic"})
"""Decoded by `decode_apart`: their decoders allocate what the coded frames ask for, whatever the header says."""

AvifImagePlugin.DEFAULT_MAX_THREADS = 1
"""A tailor decodes in as many slots as it has processors; more threads only take more memory."""

PngImagePlugin.MAX_TEXT_MEMORY = 8 * 1024 * 1024
"""Of all text chunks of a PNG, unpacked; Pillow's own limit is 64 MiB, a sixth of a picture's budget."""

# `decode` and `load` limit bytes of memory by the header; this limit counts pixels, whatever their size.
Image.MAX_IMAGE_PIXELS = None


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits of `decode`.

    Attributes:
        max_bytes: 20 MiB: the largest JPEG of a 50-megapixel phone.
        max_pixels: 64 megapixels: bounds the time, about two seconds.
        memory_bytes: Memory for decoding, by `decode_bytes`: 64 megapixels of RGBA and a little more. The process that
            decodes n pictures at once has room for n of these (`proteus.service.machine`).
        min_side_pixels: Smaller pictures show no garment.
        max_side_pixels: Larger pictures are scaled down to this long side. The engines' canvases end at 1024; 2048
            keeps a preview sharp on a large screen.
    """

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 64_000_000
    memory_bytes: int = 384 * 1024 * 1024
    min_side_pixels: int = 64
    max_side_pixels: int = 2048


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A safe picture: (H, W, 3) uint8 sRGB, upright; `source` is the format that its bytes had.

    Attributes:
        alpha: (H, W) uint8, where the caller wants it and not all of the picture is opaque; the colours are then
            straight, and white where alpha is 0.
    """

    pixels: Pixels
    source: Source
    alpha: Pixels | None = None


_OPENERS: Final[dict[Source, str]] = {"png": "PNG", "webp": "WEBP", "jpeg": "JPEG", "avif": "AVIF", "heic": "HEIF"}
_WRITTEN: Final = ("PNG", "WEBP", "JPEG")

# What a decoder may raise on bytes that were made to break it.
_BROKEN: Final = (
    OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, IndexError, OverflowError, ArithmeticError,
    AttributeError, RuntimeError, struct.error, zlib.error, cv2.error,
)  # fmt: skip

# EXIF orientation -> how to make the picture upright (numpy: quarter turns to the left after a left-right flip).
_UPRIGHT: Final = {2: (True, 0), 3: (False, 2), 4: (True, 2), 5: (True, 1), 6: (False, 3), 7: (True, 3), 8: (False, 1)}
_ORIENTATION_TAG: Final = 0x0112


def reads_heic() -> bool:
    """Return whether the optional decoder of HEIC is installed (`proteus-tryon[heic]`)."""
    return importlib.util.find_spec("pi_heif") is not None


def decode(data: bytes, *, limits: Limits | None = None, keep_alpha: bool = False) -> Decoded:
    """Decode the picture in untrusted bytes.

    Transparency goes over white, unless it is to be kept; CMYK, grey, palette and 16-bit pictures become 8-bit sRGB; an
    embedded colour profile and the EXIF orientation are applied; all metadata is dropped. Of a multi-picture JPEG (MPO)
    or HEIC the first one counts.

    Args:
        data: The file.
        limits: What is accepted.
        keep_alpha: Return the transparency instead of putting it over white.

    Raises:
        UnsupportedMedia: Of a format that we do not read, or animated.
        ImageTooLarge: Too many bytes or pixels, or decoding would take too much memory.
        ImageTooSmall: Too few pixels.
        ImageUnreadable: Truncated, corrupt or empty.
    """
    limits = limits or Limits()
    source = _check_bytes(data, limits=limits)
    if source not in APART:
        return decode_here(data, limits=limits, keep_alpha=keep_alpha)
    found = decode_apart(data, source=source, limits=limits, keep_alpha=keep_alpha)
    return Decoded(pixels=found.pixels, source=source, alpha=found.alpha)


def decode_here(data: bytes, *, limits: Limits, keep_alpha: bool) -> Decoded:
    """Decode in this process, whatever the format; `decode` says which formats may not be."""
    source = _check_bytes(data, limits=limits)
    if source == "heic":
        _read_heic()
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=[_OPENERS[source]])
    except UnidentifiedImageError as error:
        raise ImageUnreadable(f"the file starts like a {source} but its header is broken") from error
    except _BROKEN as error:
        raise ImageUnreadable(f"the {source} header is broken: {error}") from error
    _check_header(picture, limits=limits)
    try:
        orientation = _orientation(picture)
        if source == "jpeg":
            # The decoder halves a picture that will be scaled down by more than two anyway: a third of the time.
            scale = limits.max_side_pixels / max(picture.size)
            picture.draft("RGB", (round(picture.width * scale), round(picture.height * scale)))
        _check_budget(picture, data, source=source, limits=limits, keep_alpha=keep_alpha)
        if source == "webp":
            picture = _webp(picture, data)
        picture.load()
        pixels, alpha = read_scaled(picture, max_side_pixels=limits.max_side_pixels, keep_alpha=keep_alpha)
    except _BROKEN as error:
        raise ImageUnreadable(f"the {source} is truncated or corrupt: {error}") from error
    picture.close()
    turned = None if alpha is None else _turned(alpha, orientation)
    return Decoded(pixels=_turned(pixels, orientation), source=source, alpha=turned)


def _read_heic() -> None:
    """Let Pillow open HEIC: the main picture alone, by one thread."""
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)


def _check_budget(picture: Image.Image, data: bytes, *, source: Source, limits: Limits, keep_alpha: bool) -> None:
    """Refuse a picture that would take too much memory, before any pixel is decoded."""
    needed = decode_bytes(
        Header(
            source=source,
            mode=picture.mode,
            width=picture.width,
            height=picture.height,
            file_bytes=len(data),
            max_side_pixels=limits.max_side_pixels,
            keeps_alpha=keep_alpha and has_alpha(picture),
            coefficient_bytes=jpeg_coefficient_bytes(data) if source == "jpeg" else 0,
        )
    )
    if needed > limits.memory_bytes:
        raise ImageTooLarge(
            f"decoding the picture ({source}, {picture.width} x {picture.height} {picture.mode}) takes {needed} bytes "
            f"of memory; {limits.memory_bytes} are the most"
        )


def _turned(pixels: Pixels, orientation: int) -> Pixels:
    """Return the picture upright."""
    flip, turns = _UPRIGHT.get(orientation, (False, 0))
    return np.ascontiguousarray(np.rot90(pixels[:, ::-1] if flip else pixels, turns))


def _webp(opened: Image.Image, data: bytes) -> Image.Image:
    """Decode a WebP by OpenCV: Pillow decodes a still one as an animation, in twice the memory."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[:2] != (opened.height, opened.width):
        raise ImageUnreadable("the webp is truncated or corrupt")
    has_alpha = pixels.shape[2] == 4
    cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA if has_alpha else cv2.COLOR_BGR2RGB, dst=pixels)
    picture = Image.fromarray(pixels)
    picture.info = {key: opened.info[key] for key in ("icc_profile",) if key in opened.info}
    opened.close()
    return picture


def _check_bytes(data: bytes, *, limits: Limits) -> Source:
    if not data:
        raise ImageUnreadable("the file is empty")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"the file has {len(data)} bytes; {limits.max_bytes} are the most")
    source = sniff(data[:HEAD_BYTES])
    if source is None:
        raise UnsupportedMedia("the file is not a JPEG, PNG, WebP or AVIF picture")
    if source == "heic" and not reads_heic():
        raise UnsupportedMedia("the picture is HEIC, which this deployment does not read")
    if source == "webp" and data[12:16] == b"VP8X" and data[20:21] and data[20] & WEBP_ANIMATED:
        raise UnsupportedMedia("the picture is animated; send a still one")
    if source == "jpeg" and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ImageUnreadable(f"the jpeg has more than {MAX_JPEG_SCANS} scans")
    return source


def _check_header(picture: Image.Image, *, limits: Limits) -> None:
    """Refuse by the header, before any pixel is decoded."""
    width, height = picture.size
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"the picture is {width} x {height}; {limits.max_pixels / 1e6:.0f} megapixels are the most")
    if min(width, height) < limits.min_side_pixels:
        raise ImageTooSmall(f"the picture is {width} x {height}; {limits.min_side_pixels} pixels a side are the least")
    if max(width, height) / min(width, height) > limits.max_side_pixels / limits.min_side_pixels:
        raise ImageTooSmall(f"the picture is {width} x {height}: a strip, too narrow once it is scaled down")
    if picture.format not in ("MPO", "HEIF") and getattr(picture, "is_animated", False):
        raise UnsupportedMedia("the picture is animated; send a still one")


def _orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 where there is none or the EXIF block is broken: the pixels are still good."""
    try:
        return int(picture.getexif().get(_ORIENTATION_TAG, 1))
    except _BROKEN:
        return 1


def load(data: bytes, mode: Literal["RGB", "RGBA", "L"]) -> Pixels:
    """Return a picture that this deployment wrote itself: (H, W, 3), (H, W, 4) or (H, W) uint8.

    Raises:
        ImageTooLarge: It has more bytes than `MAX_STORED_BYTES`, or a longer side than ingest writes.
        ImageUnreadable: The object in the store is damaged.
    """
    if len(data) > MAX_STORED_BYTES:
        raise ImageTooLarge(f"a stored picture has more than {MAX_STORED_BYTES} bytes: no tailor wrote it")
    try:
        with Image.open(io.BytesIO(data), formats=_WRITTEN) as picture:
            if max(picture.size) > MAX_STORED_SIDE_PIXELS:
                raise ImageTooLarge(
                    f"a stored picture is {picture.width} x {picture.height}; a tailor writes {MAX_STORED_SIDE_PIXELS} "
                    "pixels a side at most"
                )
            picture.load()
            return np.array(picture if picture.mode == mode else picture.convert(mode))
    except _BROKEN as error:
        raise ImageUnreadable(f"a stored picture is damaged: {error}") from error


def encode(pixels: Pixels, format: Format, *, mark: Mark | None = None) -> bytes:
    """Return the file of a picture, the same bytes for the same input.

    Args:
        pixels: (H, W, 3) or (H, W, 4) uint8 (straight alpha), or (H, W) uint8 for masks. JPEG has no alpha.
        format: `png` and masks are lossless.
        mark: The statement of its origin.
    """
    picture = Image.fromarray(pixels)
    xmp = mark.to_xmp() if mark else b""
    out = io.BytesIO()
    if format == "png":
        text = PngImagePlugin.PngInfo()
        if xmp:
            text.add_itxt(XMP_KEYWORD, xmp.decode())
        picture.save(out, "PNG", compress_level=PNG_LEVEL, pnginfo=text)
    elif format == "webp":
        picture.save(out, "WEBP", quality=WEBP_QUALITY, method=2, xmp=xmp)
    else:
        picture.save(out, "JPEG", quality=JPEG_QUALITY, subsampling=0, xmp=xmp)
    return out.getvalue()
