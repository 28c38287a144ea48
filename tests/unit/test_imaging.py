"""Hostile and odd pictures at the door; the AI mark on the way out."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from proteus.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable, InvalidRequest, UnsupportedMedia
from proteus.imaging import Limits, Mark, decode, encode, load, read_mark

RED, BLUE = (200, 30, 40), (20, 60, 190)


def halves(size: tuple[int, int] = (96, 80)) -> Image.Image:
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", size, RED)
    picture.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    return picture


def saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, format_, **options)  # type: ignore[arg-type]
    return out.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb() -> bytes:
    """A PNG of 40000 x 40000 pixels in a few hundred bytes."""
    header = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def sixteen_bit() -> bytes:
    ramp = np.linspace(0, 65_535, 96 * 80).reshape(80, 96).astype(np.uint16)
    return saved(Image.fromarray(ramp), "PNG")


def animated(format_: str) -> bytes:
    return saved(halves(), format_, save_all=True, append_images=[Image.new("RGB", (96, 80), BLUE)], duration=100)


def rotated() -> bytes:
    """Stored lying on its side; EXIF says: turn by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(halves().rotate(90, expand=True), "JPEG", quality=95, exif=exif)


def many_scans() -> bytes:
    return saved(halves(), "JPEG") + b"\xff\xda" * 100


def near(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


REFUSED: list[tuple[str, Callable[[], bytes], str | None, type[InvalidRequest]]] = [
    ("nothing", bytes, None, ImageUnreadable),
    ("a text", lambda: b"Dear tailor, please cut this out." * 9, None, UnsupportedMedia),
    ("a GIF", lambda: saved(halves(), "GIF"), None, UnsupportedMedia),
    ("a TIFF", lambda: saved(halves(), "TIFF"), None, UnsupportedMedia),
    ("a PNG named JPEG", lambda: saved(halves(), "PNG"), "image/jpeg", UnsupportedMedia),
    ("a JPEG named PNG", lambda: saved(halves(), "JPEG"), "image/png", UnsupportedMedia),
    ("a truncated JPEG", lambda: saved(halves(), "JPEG", quality=95)[:-400], None, ImageUnreadable),
    ("a truncated PNG", lambda: saved(halves(), "PNG")[:120], None, ImageUnreadable),
    (
        "a truncated WebP",
        lambda: saved(Image.effect_noise((96, 80), 90).convert("RGB"), "WEBP")[:900],
        None,
        ImageUnreadable,
    ),
    ("a header alone", lambda: b"\x89PNG\r\n\x1a\n", None, ImageUnreadable),
    ("a JPEG's first bytes", lambda: b"\xff\xd8\xff\xe0 nothing more", None, ImageUnreadable),
    ("a PNG bomb", bomb, None, ImageTooLarge),
    ("too many bytes", lambda: b"\xff\xd8\xff" + bytes(21 * 1024 * 1024), None, ImageTooLarge),
    ("too few pixels", lambda: saved(halves((63, 200)), "PNG"), None, ImageTooSmall),
    ("a strip", lambda: saved(halves((6400, 64)), "PNG"), None, ImageTooSmall),
    ("an animated PNG", lambda: animated("PNG"), None, UnsupportedMedia),
    ("an animated WebP", lambda: animated("WEBP"), None, UnsupportedMedia),
    ("a JPEG of a hundred scans", many_scans, None, ImageUnreadable),
]


@pytest.mark.parametrize(("make", "declared", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_picture_is_refused_with_its_code(
    make: Callable[[], bytes], declared: str | None, error: type[InvalidRequest]
) -> None:
    with pytest.raises(error) as raised:
        decode(make(), declared_type=declared)
    assert type(raised.value) is error
    assert raised.value.hint


def test_pixels_over_the_limit_are_refused_by_the_header() -> None:
    picture = saved(Image.new("RGB", (400, 300)), "PNG")
    with pytest.raises(ImageTooLarge, match="400 x 300"):
        decode(picture, limits=Limits(max_pixels=100_000))


TAKEN: list[tuple[str, Callable[[], bytes]]] = [
    ("JPEG", lambda: saved(halves(), "JPEG", quality=95)),
    ("progressive JPEG", lambda: saved(halves(), "JPEG", quality=95, progressive=True)),
    ("PNG", lambda: saved(halves(), "PNG")),
    ("WebP", lambda: saved(halves(), "WEBP", quality=95)),
    ("palette PNG", lambda: saved(halves().quantize(16), "PNG")),
    ("CMYK JPEG", lambda: saved(halves().convert("CMYK"), "JPEG", quality=95)),
    ("MPO", lambda: saved(halves(), "MPO", quality=95, save_all=True, append_images=[Image.new("RGB", (96, 80))])),
    ("EXIF-rotated JPEG", rotated),
    ("RGBA PNG", lambda: saved(halves().convert("RGBA"), "PNG")),
]


@pytest.mark.parametrize("make", [row[1] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_every_kind_of_good_picture_comes_out_upright_and_rgb(make: Callable[[], bytes]) -> None:
    pixels = decode(make()).pixels
    assert pixels.shape == (80, 96, 3)
    assert pixels.dtype == np.uint8
    assert near(pixels[40, 20], RED)
    assert near(pixels[40, 76], BLUE)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_undone_as_pillow_undoes_it(orientation: int) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = np.random.default_rng(1).integers(0, 255, (70, 100, 3), dtype=np.uint8)
    data = saved(Image.fromarray(picture), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    assert np.array_equal(decode(data).pixels, expected)


def test_sixteen_bits_keep_their_range() -> None:
    pixels = decode(sixteen_bit()).pixels
    assert pixels.min() == 0
    assert pixels.max() == 255
    assert abs(int(pixels[40, 48, 0]) - 128) <= 2


def test_transparency_goes_over_white() -> None:
    clear = Image.new("RGBA", (80, 80), (255, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0, 40, 80))
    pixels = decode(saved(clear, "PNG")).pixels
    assert near(pixels[40, 60], (255, 255, 255), 0)
    assert near(pixels[40, 20], (0, 0, 0), 0)
    grey = Image.new("LA", (80, 80), (0, 0))
    assert near(decode(saved(grey, "PNG")).pixels[40, 40], (255, 255, 255), 0)


def test_an_embedded_profile_is_converted_and_a_broken_one_ignored() -> None:
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ"))
    lab = saved(halves(), "PNG", icc_profile=linear.tobytes())
    assert decode(lab).pixels.shape == (80, 96, 3)
    broken = saved(halves(), "PNG", icc_profile=b"no profile at all" * 20)
    assert near(decode(broken).pixels[40, 20], RED, 0)


def test_large_pictures_are_scaled_down_and_small_ones_kept() -> None:
    assert decode(saved(Image.new("RGB", (3000, 1500)), "JPEG")).pixels.shape == (1024, 2048, 3)
    assert decode(saved(Image.new("RGB", (900, 700)), "JPEG")).pixels.shape == (700, 900, 3)


# Pillow warns of broken EXIF tags and skips them: for a service a line in the log.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150)
@given(st.data())
def test_no_corruption_raises_anything_but_our_own_errors(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(WHOLE))
    spoiled = bytearray(whole[: data.draw(st.integers(1, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, len(spoiled) - 1), max_size=6)):
        spoiled[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidRequest):
        assert decode(bytes(spoiled)).pixels.ndim == 3


WHOLE = [saved(halves(), "JPEG", progressive=True), saved(halves(), "PNG"), saved(halves(), "WEBP"), rotated()]


@pytest.mark.parametrize("format_", ["png", "webp", "jpeg"])
def test_a_made_picture_says_what_made_it(format_: str) -> None:
    mark = Mark(
        source_type="compositeWithTrainedAlgorithmicMedia",
        parameters={"engine": "catvton", "seed": 7, "note": "\"quotes\" & <angles> 'é'"},
    )
    data = encode(np.asarray(halves()), format_, mark=mark)  # type: ignore[arg-type]
    assert read_mark(data) == mark
    assert b"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia" in data
    assert read_mark(encode(np.asarray(halves()), format_)) is None  # type: ignore[arg-type]


def test_encoding_is_deterministic_and_png_is_lossless() -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (70, 90, 4), dtype=np.uint8)
    first, second = encode(pixels, "png"), encode(pixels, "png")
    assert first == second
    assert np.array_equal(load(first, "RGBA"), pixels)


def test_a_damaged_stored_picture_says_so() -> None:
    with pytest.raises(ImageUnreadable):
        load(encode(np.zeros((64, 64), np.uint8), "png")[:50], "L")
