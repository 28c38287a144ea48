"""Hostile and odd pictures at the door; the AI mark on the way out."""

from __future__ import annotations

import base64
import contextlib
import io
import shutil
import struct
import sys
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from proteus.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable, InvalidRequest, UnsupportedMedia
from proteus.imaging import Limits, decode, decode_here, encode, load
from proteus.marks import Mark, read_mark
from proteus.picture_formats import sniff

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


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAUJtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAAA5waXRtAA"
    "AAAAABAAAAImlsb2MAAAAAREAAAQABAAAAAAFmAAEAAAAAAAAAsQAAACNpaW5mAAAAAAABAAAAFWluZmUCAAAAAAEAAGh2YzEAAAAAwmlwcnAA"
    "AACkaXBjbwAAAHhodmNDAQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkA"
    "AAAwAAAwAeoDCBRZbqSSmubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQAAAABRpc3BlAAAAAAAAAGAAAABQAAAAEHBpeGkAAAAAAwgICAAA"
    "ABZpcG1hAAAAAAAAAAEAAQOBAoMAAAC5bWRhdAAAAK0oAa8E+EEyadv/xLv///nIb2X9pqtCd0vg/I+lL+u1T//oGtCO+ToV/u9GSV2vg/CiUF"
    "nDdqXcJkbnDRlAmF1h1heF0P7IaJ4aU4kA7bkKyewZh85RJtE5wJp2huzpuIJ3P0STkk3BvgP+4Fs0S9hQiYDtq3HcgeP5kwncuyLrvjxSKK8k"
    "3JL7CD8gPrPwbt2bI5tneuKX8TNIKvuThejMr8t+RXLScTb3geoC+g=="
)
"""`halves`, as a phone writes it: HEVC in HEIF. No package here encodes it."""


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


def rotated(format_: str = "JPEG") -> bytes:
    """Stored lying on its side; EXIF says: turn by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(halves().rotate(90, expand=True), format_, quality=95, exif=exif)


def many_scans() -> bytes:
    return saved(halves(), "JPEG") + b"\xff\xda" * 100


def near(pixel: np.ndarray, colour: tuple[int, int, int], tolerance: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= tolerance)


REFUSED: list[tuple[str, Callable[[], bytes], type[InvalidRequest]]] = [
    ("nothing", bytes, ImageUnreadable),
    ("a text", lambda: b"Dear tailor, please cut this out." * 9, UnsupportedMedia),
    ("a GIF", lambda: saved(halves(), "GIF"), UnsupportedMedia),
    ("a TIFF", lambda: saved(halves(), "TIFF"), UnsupportedMedia),
    ("a truncated JPEG", lambda: saved(halves(), "JPEG", quality=95)[:-400], ImageUnreadable),
    ("a truncated PNG", lambda: saved(halves(), "PNG")[:120], ImageUnreadable),
    (
        "a truncated WebP",
        lambda: saved(Image.effect_noise((96, 80), 90).convert("RGB"), "WEBP")[:900],
        ImageUnreadable,
    ),
    ("a header alone", lambda: b"\x89PNG\r\n\x1a\n", ImageUnreadable),
    ("a JPEG's first bytes", lambda: b"\xff\xd8\xff\xe0 nothing more", ImageUnreadable),
    ("a PNG bomb", bomb, ImageTooLarge),
    ("too many bytes", lambda: b"\xff\xd8\xff" + bytes(21 * 1024 * 1024), ImageTooLarge),
    ("too few pixels", lambda: saved(halves((63, 200)), "PNG"), ImageTooSmall),
    ("a strip", lambda: saved(halves((6400, 64)), "PNG"), ImageTooSmall),
    ("an animated PNG", lambda: animated("PNG"), UnsupportedMedia),
    ("an animated WebP", lambda: animated("WEBP"), UnsupportedMedia),
    ("an animated AVIF", lambda: animated("AVIF"), UnsupportedMedia),
    ("a truncated AVIF", lambda: saved(halves(), "AVIF")[:-200], ImageUnreadable),
    ("a film", lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(100), UnsupportedMedia),
    ("a JPEG of a hundred scans", many_scans, ImageUnreadable),
]


@pytest.mark.parametrize(("make", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_picture_is_refused_with_its_code(make: Callable[[], bytes], error: type[InvalidRequest]) -> None:
    with pytest.raises(error) as raised:
        decode(make())
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
    ("AVIF", lambda: saved(halves(), "AVIF", quality=95)),
    ("EXIF-rotated AVIF", lambda: rotated("AVIF")),
    ("HEIC", lambda: HEIC),
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


def test_an_avif_that_asks_for_more_memory_than_its_header_says_ends_its_decoder_alone() -> None:
    frame = saved(Image.new("RGB", (8000, 6000), RED), "AVIF", speed=10)
    at = frame.index(b"ispe") + 8
    lie = frame[:at] + struct.pack(">II", 64, 64) + frame[at + 8 :]
    with pytest.raises(InvalidRequest) as raised:
        decode(lie, limits=Limits(memory_bytes=48 * 1024 * 1024))
    assert type(raised.value) in (ImageTooLarge, ImageUnreadable)
    assert decode(saved(halves(), "AVIF"), limits=Limits(memory_bytes=48 * 1024 * 1024)).source == "avif"


def test_a_decoder_that_crashes_is_a_refused_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(ImageUnreadable, match="status 1"):
        decode(saved(halves(), "AVIF"))


def test_the_first_bytes_say_the_format() -> None:
    for format_ in ("JPEG", "PNG", "WEBP", "AVIF"):
        assert sniff(saved(halves(), format_)[:64]) == format_.lower()
    assert sniff(HEIC[:64]) == "heic"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf") == "avif"
    assert sniff(b"\0\0\0\x10ftypmif1\0\0\0\0heic") is None, "a brand behind the end of its box"


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
        assert decode_here(bytes(spoiled), limits=Limits(), keep_alpha=False).pixels.ndim == 3


WHOLE = [
    saved(halves(), "JPEG", progressive=True),
    saved(halves(), "PNG"),
    saved(halves(), "WEBP"),
    saved(halves(), "AVIF"),
    rotated(),
]


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
