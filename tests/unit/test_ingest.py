"""Ingest: what a user uploads becomes one immutable, anonymous picture."""

from __future__ import annotations

import hashlib
import io

import numpy as np
from PIL import Image

from proteus.imaging import load
from tailor.ingest import ingest


def photo(format_: str, **options: object) -> bytes:
    pixels = np.random.default_rng(4).integers(0, 255, (90, 120, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, format_, **options)  # type: ignore[arg-type]
    return out.getvalue()


def test_a_png_stays_lossless_and_is_named_by_its_own_hash() -> None:
    data = photo("PNG")
    image, body = ingest(data, user_id="usr_1")
    assert image.key == f"images/usr_1/{hashlib.sha256(body).hexdigest()}.png"
    assert (image.width, image.height, image.content_type, image.size_bytes) == (120, 90, "image/png", len(body))
    assert np.array_equal(load(body, "RGB"), np.asarray(Image.open(io.BytesIO(data))))


def test_what_is_not_png_becomes_jpeg() -> None:
    for format_ in ("JPEG", "WEBP", "AVIF"):
        image, body = ingest(photo(format_), user_id="usr_1")
        assert image.content_type == "image/jpeg"
        assert image.key.endswith(".jpg")
        assert body.startswith(b"\xff\xd8\xff")


def test_the_same_upload_is_the_same_object_but_never_another_users() -> None:
    data = photo("JPEG")
    first, _ = ingest(data, user_id="usr_1")
    again, _ = ingest(data, user_id="usr_1")
    other, _ = ingest(data, user_id="usr_2")
    assert first == again
    assert first.sha256 == other.sha256
    assert first.key != other.key


def test_no_metadata_survives() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    data = photo("JPEG", exif=exif, comment=b"secret comment")
    assert b"taken at home" in data
    _, body = ingest(data, user_id="usr_1")
    assert b"taken at home" not in body
    assert b"secret" not in body
    with Image.open(io.BytesIO(body)) as picture:
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
