"""What a header says about memory, against the resident memory of a process that decodes the picture."""

from __future__ import annotations

import io
import json
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from proteus.errors import ImageTooLarge, InvalidRequest
from proteus.image_budget import jpeg_coefficient_bytes
from proteus.imaging import Limits, decode, decode_here, encode, load
from tailor.settings import TailorSettings

WIDTH, HEIGHT = 5000, 4000
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    colour: int,
    depth: int = 8,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    extra: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG row by row, in forms that Pillow does not write."""
    packer = zlib.compressobj(1)
    passes = ADAM7 if interlaced else ((0, 0, 1, 1),)
    body = b""
    for left, top, across, down in passes:
        row_bytes = -(-(-(-(width - left) // across) * CHANNELS[colour] * depth) // 8)
        row = b"\0" + (np.arange(row_bytes) % 251).astype(np.uint8).tobytes()
        body += b"".join(packer.compress(row) for _ in range(-(-(height - top) // down)))
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    data = chunk(b"IDAT", body + packer.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + data + chunk(b"IEND", b"")


PALETTE = chunk(b"PLTE", bytes(range(256)) * 3)
FADING = PALETTE + chunk(b"tRNS", bytes(range(256)))
TEXT = b"".join(chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes([65 + n]) * 1_000_000)) for n in range(7))


@cache
def photo(smooth: bool = True) -> Image.Image:
    small = np.random.default_rng(1).integers(0, 255, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(
        (WIDTH, HEIGHT), Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
    )


def saved(format_: str, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    picture = photo(smooth=not options.get("lossless", False)).copy()
    if mode == "RGBA":
        picture.putalpha(picture.getchannel(0))
    picture.convert(mode).save(out, format_, **options)  # type: ignore[arg-type]
    return out.getvalue()


def with_profile() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return saved("JPEG", quality=60, icc_profile=profile)


FORMATS: list[tuple[str, Callable[[], bytes]]] = [
    ("PNG RGB", lambda: png(2)),
    ("PNG RGB interlaced", lambda: png(2, interlaced=True)),
    ("PNG RGBA", lambda: png(6)),
    ("PNG grey", lambda: png(0)),
    ("PNG grey with alpha", lambda: png(4)),
    ("PNG palette", lambda: png(3, extra=PALETTE)),
    ("PNG palette with alpha", lambda: png(3, extra=FADING)),
    ("PNG 16-bit RGB", lambda: png(2, 16)),
    ("PNG 16-bit RGBA", lambda: png(6, 16)),
    ("PNG 16-bit grey", lambda: png(0, 16)),
    ("PNG with text that unpacks to 7 MB", lambda: png(0, extra=TEXT)),
    ("JPEG", lambda: saved("JPEG", quality=60)),
    ("JPEG with a profile", with_profile),
    ("JPEG progressive", lambda: saved("JPEG", quality=60, progressive=True)),
    ("JPEG progressive, full colour", lambda: saved("JPEG", quality=60, progressive=True, subsampling=0)),
    ("JPEG CMYK", lambda: saved("JPEG", "CMYK", quality=60)),
    ("JPEG CMYK progressive", lambda: saved("JPEG", "CMYK", quality=60, progressive=True)),
    ("JPEG grey", lambda: saved("JPEG", "L", quality=60)),
    ("WebP", lambda: saved("WEBP", quality=60, method=0)),
    ("WebP with alpha", lambda: saved("WEBP", "RGBA", quality=60, method=0)),
    ("WebP lossless", lambda: saved("WEBP", lossless=True, quality=0, method=0)),
    ("AVIF", lambda: saved("AVIF", quality=50, speed=10)),
    ("AVIF, full colour", lambda: saved("AVIF", quality=50, speed=10, subsampling="4:4:4")),
    ("AVIF with alpha", lambda: saved("AVIF", "RGBA", quality=50, speed=10)),
]

OFTEN = {"PNG 16-bit RGBA", "JPEG", "AVIF"}
"""Those whose whole picture is measured in `make test`; the others follow in `make test-all`."""

MEASURE = """
import io, json, sys
from pathlib import Path
from PIL import Image
from proteus.imaging import Limits, decode_here

def status(name):
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name + ":")]
    return int(line.split()[1]) * 1024

wide = Limits(memory_bytes=1 << 40)
for name in ("PNG", "JPEG", "WEBP", "AVIF"):  # Load every library.
    out = io.BytesIO()
    Image.new("RGBA" if name != "JPEG" else "RGB", (2100, 70)).save(out, name)
    decode_here(out.getvalue(), limits=wide, keep_alpha=True)
peaks = {}
for name in sys.argv[1:]:
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    data = Path(name).read_bytes()
    decode_here(data, limits=wide, keep_alpha=True)
    del data
    peaks[name] = status("VmHWM") - before
print(json.dumps(peaks))
"""


def predicted_bytes(data: bytes) -> int:
    with pytest.raises(ImageTooLarge) as raised:
        decode_here(data, keep_alpha=True, limits=Limits(memory_bytes=1))
    found = re.search(r"takes (\d+) bytes of memory; 1 are the most", raised.value.message)
    assert found, raised.value.message
    return int(found[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [pytest.param(make, id=name, marks=() if name in OFTEN else pytest.mark.long) for name, make in FORMATS],
)
def test_a_decode_takes_no_more_than_its_header_promised_and_not_much_less(
    make: Callable[[], bytes], tmp_path: Path
) -> None:
    file = tmp_path / "picture"
    data = make()
    file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)], capture_output=True, text=True, timeout=60, check=True
    )
    measured = json.loads(done.stdout)[str(file)]
    predicted = predicted_bytes(data)
    print(f"measured {measured / 2**20:.0f} MiB, predicted {predicted / 2**20:.0f}, {predicted / measured:.2f}")
    assert measured <= predicted <= 1.6 * measured


def test_what_decoding_would_take_is_refused_before_a_pixel_is_decoded() -> None:
    broken = png(6, 16, width=400, height=300)
    broken = broken[: broken.index(b"IDAT") + 4]  # Nothing that could be decoded follows.
    with pytest.raises(ImageTooLarge, match=r"png, 400 x 300 RGBA\) takes \d+ bytes of memory; 1000000 are the most"):
        decode(broken, limits=Limits(memory_bytes=1_000_000))


def test_the_default_takes_a_png_of_64_megapixels_and_the_tailor_has_the_same() -> None:
    assert predicted_bytes(png(6, 16, width=8000, height=8000)) < Limits().memory_bytes
    assert TailorSettings(_env_file=None).image_bytes_most == Limits().memory_bytes  # type: ignore[call-arg]


def test_no_limit_of_pillows_own_decides(recwarn: pytest.WarningsRecorder) -> None:
    wide = Limits(max_pixels=200_000_000, memory_bytes=1_000_000)
    with pytest.raises(ImageTooLarge, match="10000 x 12000 L"):
        decode(png(0, width=10_000, height=12_000), limits=wide)
    assert not recwarn.list


COEFFICIENTS = [
    ("in one scan", {}, 0),
    ("progressive, halved colour", {"progressive": True, "subsampling": 2}, 304 * 208 * 3),
    ("progressive, full colour", {"progressive": True, "subsampling": 0}, 304 * 200 * 6),
]


@pytest.mark.parametrize(("options", "bytes_"), [row[1:] for row in COEFFICIENTS], ids=[row[0] for row in COEFFICIENTS])
def test_a_jpeg_in_several_scans_keeps_all_its_coefficients(options: dict[str, object], bytes_: int) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200)).save(out, "JPEG", **options)  # type: ignore[arg-type]
    assert jpeg_coefficient_bytes(out.getvalue()) == bytes_


def test_a_jpeg_whose_first_scan_lacks_a_component_counts_as_several_scans() -> None:
    out = io.BytesIO()
    Image.new("RGB", (304, 208)).save(out, "JPEG", subsampling=0)
    data = bytearray(out.getvalue())
    data[data.index(b"\xff\xda") + 4] = 1
    assert jpeg_coefficient_bytes(bytes(data)) == 304 * 208 * 6


@pytest.mark.parametrize("cut", [2, 3, 5, 30, 200, 300])
def test_broken_markers_of_a_jpeg_are_no_error_of_the_budget(cut: int) -> None:
    out = io.BytesIO()
    Image.new("RGB", (300, 200)).save(out, "JPEG", progressive=True)
    assert jpeg_coefficient_bytes(out.getvalue()[:cut]) in (0, 300 * 200 * 3, 304 * 208 * 3)


def test_text_that_unpacks_beyond_its_limit_is_refused() -> None:
    text = b"".join(chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(1_000_000))) for _ in range(9))
    bomb = chunk(b"iTXt", b"note\0\1\0\0\0" + zlib.compress(bytes(50_000_000)))
    profile = chunk(b"iCCP", b"note\0\0" + zlib.compress(bytes(50_000_000)))
    for extra in (text, bomb, profile):
        with pytest.raises(InvalidRequest):
            decode(png(2, width=100, height=100, extra=extra))
    assert PngImagePlugin.MAX_TEXT_MEMORY <= 8 * 1024 * 1024


def test_an_animated_webp_of_many_frames_is_refused_by_its_first_chunk() -> None:
    head = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + bytes([2, 0, 0, 0]) + bytes([99, 0, 0, 99, 0, 0])
    with pytest.raises(InvalidRequest, match="animated"):
        decode(head + b"ANMF" * 1_000_000)


def test_a_stored_picture_that_no_tailor_wrote_is_refused_by_its_header() -> None:
    with pytest.raises(ImageTooLarge, match="2049 x 64"):
        load(png(2, width=2049, height=64), "RGB")
    with pytest.raises(ImageTooLarge, match="bytes"):
        load(encode(np.zeros((64, 64, 3), np.uint8), "png") + bytes(33 * 1024 * 1024), "RGB")
