"""Variants as files: sizes, formats, transparency and the AI mark; and addresses that stay the same for an hour."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from proteus import imaging
from proteus.blurhash import blurhash
from proteus.errors import ImageTooLarge, ImageUnreadable
from proteus.marks import Mark, read_mark
from proteus.picture_formats import sniff
from proteus.settings import StorageSettings
from proteus.signed_addresses import MARGIN_SECONDS, hourly, signed
from proteus.storage import ObjectStore
from proteus.variants import CONTENT_TYPES, VariantWidth
from tailor.variants import QUALITIES, encode

MARK = Mark(source_type="composite", parameters={"engine": "puppet", "note": "ö <&\"'> 服"})
STORE = StorageSettings.model_validate({"endpoint": "http://store.test:9000", "access_key": "AK", "secret_key": "sk"})

SIGNER = ObjectStore(STORE)


def waves(width: int, height: int, channels: int = 3) -> np.ndarray:
    """A smooth picture; with four channels its left half is clear."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.dstack([rows % 256, columns % 256, (rows + columns) // 4 % 256, np.full_like(rows, 255)])
    pixels[:, : width // 2, 3] = 0
    return np.ascontiguousarray(pixels[..., :channels].astype(np.uint8))


@settings(max_examples=30)
@given(
    source=st.sampled_from(["png", "webp", "jpeg"]),
    size=st.tuples(st.integers(1, 1_100), st.integers(1, 300)),
    width=st.sampled_from(VariantWidth),
    format=st.sampled_from(sorted(CONTENT_TYPES)),
    quality=st.sampled_from(["low", "normal", "high"]),
)
def test_every_variant_has_its_width_at_most_its_format_and_the_mark(source, size, width, format, quality) -> None:
    made = encode(imaging.encode(waves(*size), source, mark=MARK), width=width, format=format, quality=quality)
    with Image.open(io.BytesIO(made.data)) as seen:
        assert seen.size == (made.width, made.height)
        assert seen.size == (min(size[0], width), max(1, round(size[1] * min(1, width / size[0]))))
    assert sniff(made.data[:64]) == format
    assert read_mark(made.data) == MARK
    assert encode(imaging.encode(waves(*size), source), width=width, format=format, quality=quality).data != made.data


@pytest.mark.parametrize("format", sorted(CONTENT_TYPES))
def test_transparency_is_kept_and_goes_over_white_in_jpeg(format) -> None:
    made = encode(imaging.encode(waves(400, 300, 4), "png"), width=VariantWidth.W160, format=format, quality="high")
    with Image.open(io.BytesIO(made.data)) as seen:
        pixels = np.asarray(seen.convert("RGBA"))
    clear, solid = pixels[60, 10], pixels[60, 150]
    assert solid[3] == 255
    assert clear[3] == (255 if format == "jpeg" else 0)
    if format == "jpeg":
        assert min(clear[:3]) > 250
    assert read_mark(made.data) is None


def test_a_higher_quality_is_a_larger_file() -> None:
    source = imaging.encode(waves(600, 400), "png")
    for format in QUALITIES:
        sizes = [len(encode(source, width=VariantWidth.W480, format=format, quality=q).data) for q in QUALITIES[format]]
        assert sizes == sorted(set(sizes)), format


def test_a_damaged_or_foreign_result_has_no_variants() -> None:
    whole = imaging.encode(waves(300, 300), "png")
    for data in (b"", b"no picture", whole[: len(whole) // 2]):
        with pytest.raises(ImageUnreadable):
            encode(data, width=VariantWidth.W160, format="webp", quality="normal")
    with pytest.raises(ImageTooLarge):
        encode(imaging.encode(waves(2_049, 8), "png"), width=VariantWidth.W160, format="webp", quality="normal")


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (np.zeros((64, 48, 3), np.uint8), "T00000fQfQfQfQfQfQfQfQfQfQfQ"),
        (np.full((64, 48, 3), (255, 0, 0), np.uint8), "T9TI:j|cfQ|co1fQfQfQfQ|co1fQ"),
        (waves(32, 32) * 7, ""),
    ],
)
def test_a_blurhash_is_what_the_published_encoder_writes(pixels, words) -> None:
    found = blurhash(pixels)
    assert len(found) == 28
    assert found == words or not words


@given(now=st.integers(1_600_000_000, 2_000_000_000) | st.floats(1.6e9, 2e9))
def test_an_address_stays_the_same_until_its_last_minute_and_no_cache_outlives_it(now: float) -> None:
    made = hourly(STORE, "variants/u/x/320.webp", now=now)
    query = parse_qs(urlsplit(made.url).query)
    begin = parsedate_to_datetime(query["response-expires"][0]).timestamp() - 3_600
    stale = begin + 3_600
    assert begin <= int(now) < stale
    assert made.fresh_seconds == stale - int(now)
    assert 0 < made.fresh_seconds <= 3_600
    assert (stale + MARGIN_SECONDS) % 3_600 == 0
    for other in (begin, stale - 1):
        assert hourly(STORE, "variants/u/x/320.webp", now=other).url == made.url
    assert hourly(STORE, "variants/u/x/320.webp", now=stale).url != made.url
    assert "max-age" not in query["response-cache-control"][0]


@given(key=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1).map(lambda text: f"x/{text}"))
def test_our_signature_is_that_of_the_stores_own_client(key: str) -> None:
    theirs = SIGNER.presign_get(key, expires_seconds=900, download_name="a b.png")
    query = parse_qs(urlsplit(theirs).query)
    at = int(datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp())
    ours = signed(
        STORE,
        key,
        signed_at=at,
        expires_at=at + 900,
        answers={"response-content-disposition": 'attachment; filename="a b.png"'},
    )
    assert parse_qs(urlsplit(ours).query)["X-Amz-Signature"] == query["X-Amz-Signature"]
    assert urlsplit(ours)._replace(query="") == urlsplit(theirs)._replace(query="")
