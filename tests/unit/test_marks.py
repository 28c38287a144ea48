"""Marks: what is signed can be verified, what was changed cannot, and hostile files are refused or answered."""

from __future__ import annotations

import contextlib
import io
import random
import re
import unicodedata
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from PIL import Image, ImageFont

from proteus import imaging
from proteus.certificates import BEGIN, Names
from proteus.checked_settings import SettingRefused
from proteus.credentials import DEVELOPMENT, Credentials, CredentialsUnusable
from proteus.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable, UnsupportedMedia
from proteus.imaging import Limits, decode_here
from proteus.label_text import DRAWABLE, PATTERN, label_text
from proteus.marker import PLAIN, Marker, NoSuchWatermark, find_watermark
from proteus.marks import Mark, read_mark
from proteus.settings import MarkSettings
from proteus.verifying import c2pa_says, marks_of, xmp_says
from tailor.variants import encode
from workbench.stack.certificate import development_certificate, make_certificate

NOW = datetime.now(UTC)
CHAIN, KEY = make_certificate(now=NOW)
ANCHORS = MarkSettings(certificate=CHAIN, key=KEY).anchors
SIGNS = Credentials(CHAIN, KEY)
MARK = Mark(
    source_type="compositeWithTrainedAlgorithmicMedia",
    parameters={"engine": "catvton", "engine_version": "2", "seed": 1},
)
FORMATS = ("png", "webp", "jpeg")
STATED = {
    "digital_source_type": "compositeWithTrainedAlgorithmicMedia", "engine": "catvton", "engine_version": "2",
}  # fmt: skip


def made(format: str = "png", size: int = 300) -> bytes:
    """A marked picture without a manifest."""
    rows, columns = np.mgrid[0:size, 0:size]
    pixels = np.dstack([rows % 256, columns % 256, (rows + columns) % 256]).astype(np.uint8)
    return imaging.encode(pixels, format, mark=MARK)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", FORMATS)
def test_a_signed_picture_and_all_its_variants_say_who_made_them(format: str) -> None:
    signed = SIGNS.created(made(format), MARK)
    files = [signed]
    for wanted in ("avif", "webp", "jpeg", "png"):
        files.append(SIGNS.derived(encode(signed, width=160, format=wanted, quality="low").data, signed))  # type: ignore[arg-type]
    for data in files:
        assert read_mark(data) == MARK
        said = c2pa_says(data, anchors=ANCHORS)
        assert {name: said[name] for name in STATED} == STATED
        assert (said["state"], said["signer"], said["development"], said["problems"]) == (
            "valid",
            DEVELOPMENT,
            True,
            [],
        )
        assert c2pa_says(data, anchors="")["state"] == "untrusted"
        other = MarkSettings(certificate=make_certificate(now=NOW)[0], key=KEY).anchors
        assert c2pa_says(data, anchors=other)["state"] == "untrusted"
    assert c2pa_says(made(format), anchors=ANCHORS) == {"state": "none"}


def test_a_picture_that_was_changed_is_invalid_wherever_that_matters() -> None:
    """Of 60 places: what still counts as valid (padding of the manifest) has the same pixels and says the same."""
    draw, refused = random.Random(47), 0
    for format in FORMATS:
        signed = SIGNS.created(made(format), MARK)
        before = c2pa_says(signed, anchors=ANCHORS)
        for _ in range(20):
            at = draw.randrange(64, len(signed))
            changed = signed[:at] + bytes([signed[at] ^ (1 << draw.randrange(8))]) + signed[at + 1 :]
            said = c2pa_says(changed, anchors=ANCHORS)
            if said["state"] in ("invalid", "none"):
                refused += 1
                continue
            assert said == before, (format, at)
            with contextlib.suppress(ImageUnreadable):  # A PNG's checksum covers the padding, too.
                assert np.array_equal(pixels_of(changed), pixels_of(signed)), (format, at)
    assert refused > 30


def test_a_manifest_of_another_picture_proves_nothing() -> None:
    signed = SIGNS.created(made("jpeg"), MARK)
    head = signed.index(b"\xff\xdb")  # The manifest lies before the tables; the pixels behind are another picture's.
    other = made("jpeg", size=310)
    forged = signed[:head] + other[other.index(b"\xff\xdb") :]
    assert c2pa_says(forged, anchors=ANCHORS)["state"] == "invalid"


def pixels_of(data: bytes) -> np.ndarray:
    return decode_here(data, limits=Limits(), keep_alpha=False).pixels


def test_the_child_says_it_all() -> None:
    said = marks_of(SIGNS.created(made("webp"), MARK), limits=Limits(), anchors=ANCHORS)
    assert (said["format"], said["width"], said["height"], said["xmp"]) == ("webp", 300, 300, STATED)
    assert (said["c2pa"]["state"], said["c2pa"]["engine"]) == ("valid", "catvton")


def hostile() -> dict[str, tuple[bytes, type[Exception] | None]]:
    """Files that were made to break a reader, each with its refusal; None: it is a picture, and is answered."""
    signed = SIGNS.created(made("png"), MARK)
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    deep = Mark(source_type="composite", parameters={"engine": ["x"] * 50, "engine_version": "\x1b[31m" + "v" * 900})
    return {
        "nothing": (b"", ImageUnreadable),
        "text": (b"<script>alert(1)</script>" * 9, UnsupportedMedia),
        "half": (signed[: len(signed) // 2], ImageUnreadable),
        "head": (signed[:40], ImageUnreadable),
        "bomb": (bomb.getvalue(), ImageTooLarge),
        "tiny": (imaging.encode(np.zeros((8, 8, 3), np.uint8), "png"), ImageTooSmall),
        "large": (b"\x89PNG\r\n\x1a\n" + bytes(21 * 1024 * 1024), ImageTooLarge),
        "avif": (b"\0\0\0\x1cftypavif" + bytes(500), ImageUnreadable),
        "jumbf": (made("jpeg")[:2] + b"\xff\xeb\xff\xff" + b"JP\0\1" * 16_383 + b"\0" + made("jpeg")[2:], None),
        "mark": (imaging.encode(np.zeros((80, 80, 3), np.uint8), "webp", mark=deep), None),
    }


def test_a_hostile_file_is_refused_or_answered_in_few_words() -> None:
    for name, (data, refusal) in hostile().items():
        if refusal is not None:
            with pytest.raises(refusal):
                marks_of(data, limits=Limits(), anchors=ANCHORS)
            continue
        said = marks_of(data, limits=Limits(), anchors=ANCHORS)
        assert said["c2pa"]["state"] in ("none", "invalid"), name
        assert len(str(said)) < 2_000, name
        assert "\x1b" not in str(said["xmp"]), name


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (MARK.to_xmp(), "compositeWithTrainedAlgorithmicMedia"),
        (b"<a DigitalSourceType=\"http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture\"/>", "digitalCapture"),
        (b"<x:DigitalSourceType>http://cv.iptc.org/newscodes/digitalsourcetype/composite</x:DigitalSourceType>",
         "composite"),
        (b'DigitalSourceType="http://elsewhere/composite"', None),
        (b'proteus:Parameters="{', None),
        (b"\xff\xfe\0" * 99, None),
        (b"", None),
    ],
)  # fmt: skip
def test_xmp_says_a_kind_or_nothing(raw: bytes, kind: str | None) -> None:
    said = xmp_says(raw)
    assert (said and said["digital_source_type"]) == kind


def test_a_certificate_is_made_once_for_its_owner_alone_and_a_broken_one_is_found_at_start(tmp_path) -> None:
    files = development_certificate(tmp_path / "marks")
    assert development_certificate(tmp_path / "marks") == files
    assert [file.stat().st_mode & 0o077 for file in files] == [0, 0]
    chain, key = (file.read_text() for file in files)
    assert Credentials.of(chain, key, now=NOW) is not None
    assert Credentials.of("", "", now=NOW) is None
    for one in ({"certificate": chain}, {"key": key}):
        with pytest.raises(SettingRefused, match="set both or none") as refused:
            MarkSettings(**one)
        assert "PRIVATE" not in str(refused.value)


def written(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    format: PrivateFormat = PrivateFormat.PKCS8,
    password: bytes = b"",
) -> str:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, format, locked).decode()


def cannot_sign() -> dict[str, tuple[str, str, str]]:
    """Pairs that people bring, each with the rule that it breaks."""
    secret = load_pem_private_key(KEY.encode(), None)
    assert isinstance(secret, ec.EllipticCurvePrivateKey)
    leaf, authority = (BEGIN + part for part in CHAIN.split(BEGIN)[1:])
    old, early = (make_certificate(now=NOW + timedelta(days=days)) for days in (-4_000, 40))
    return {
        "garbage": ("garbage", KEY, "CRT holds no certificates: they must be PEM"),
        "half a certificate": (CHAIN[:200], KEY, "CRT holds no certificates: they must be PEM"),
        "the key twice": (KEY, KEY, "CRT holds no certificates: they must be PEM"),
        "expired": (*old, "CRT has the certificate .* each must be valid now"),
        "not yet": (*early, "CRT has the certificate .* each must be valid now"),
        "an expired authority": (leaf + old[0], KEY, "CRT has the certificate .* each must be valid now"),
        "no key": (CHAIN, "garbage", "KEY holds no key that can be read"),
        "the certificate twice": (CHAIN, CHAIN, "KEY holds no key that can be read"),
        "a password": (CHAIN, written(secret, password=b"x"), "KEY holds no key that can be read.* without a password"),
        "another curve": (CHAIN, written(ec.generate_private_key(ec.SECP384R1())), "KEY holds .* on the curve P-256"),
        "another kind": (CHAIN, written(ed25519.Ed25519PrivateKey.generate()), "KEY holds .* on the curve P-256"),
        "the older form": (CHAIN, written(secret, PrivateFormat.TraditionalOpenSSL), "KEY is no PKCS #8: `openssl"),
        "another key": (CHAIN, make_certificate(now=NOW)[1], "KEY is not the key of the first certificate in CRT"),
        "the authority first": (authority + leaf, KEY, "KEY is not the key of the first certificate in CRT"),
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted(cannot_sign()))
def test_a_pair_that_cannot_sign_is_refused_by_its_place_and_the_rule(name: str) -> None:
    certificate, key, sentence = cannot_sign()[name]
    with pytest.raises(CredentialsUnusable, match=sentence) as refused:
        Credentials.of(certificate, key, now=NOW, names=Names("CRT", "KEY"))
    assert not set(key.splitlines()[1:-1]) & set(refused.value.message.split())


def test_what_the_library_refuses_names_the_place_too() -> None:
    signer = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signed by itself")])
    made_by_itself = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(signer.public_key())
        .serial_number(1).not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=1))
        .sign(signer, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    )  # fmt: skip
    with pytest.raises(CredentialsUnusable, match=r"^CRT cannot sign: .+"):
        Credentials.of(made_by_itself, written(signer), now=NOW, names=Names("CRT", "KEY"))


def test_a_certificate_that_ends_while_a_worker_runs_costs_attempts_and_not_the_job() -> None:
    ended = Credentials(*make_certificate(now=NOW - timedelta(days=4_000)))
    for sign in (lambda: ended.created(made(), MARK), lambda: ended.derived(made(), SIGNS.created(made(), MARK))):
        with pytest.raises(CredentialsUnusable) as refused:
            sign()
        assert refused.value.retryable


class Inverting:
    """A watermark that everybody sees."""

    def embed(self, pixels: np.ndarray) -> np.ndarray:
        """Return the negative."""
        return 255 - pixels


def test_a_label_shows_on_any_ground_and_touches_nothing_else() -> None:
    for grey in (0, 128, 255):
        before = np.full((400, 300, 3), grey, np.uint8)
        after = Marker(label="AI-generated").stamped(before)
        changed = np.argwhere((after != before).any(-1))
        assert after.shape == before.shape
        assert changed[:, 0].min() > 370
        assert changed[:, 1].max() < 120
        assert int(after.max()) - int(after[380:, :60].min()) > 60, grey
    assert PLAIN.stamped(before) is before
    assert PLAIN.signed(b"file", MARK) == b"file"


def test_a_label_may_have_exactly_what_its_font_draws() -> None:
    font = ImageFont.load_default(20)
    box = bytes(font.getmask("\U0010ffff"))
    drawn = {
        letter for letter in map(chr, range(0x2FFF))
        if unicodedata.category(letter)[0] not in "CMZ" and bytes(font.getmask(letter)) != box
    }  # fmt: skip
    assert drawn | {" "} == DRAWABLE
    assert {letter for letter in map(chr, range(0x2FFF)) if re.fullmatch(PATTERN, letter)} == DRAWABLE
    for text in ("", "AI-generated", "KI-generiert © 2026 …", "a" * 60):
        assert label_text(text) == text
    for text in (" ", "générée", "AI\n", "AI\0", "人工知能", "\ud800", "AI \u202e", "a" * 61):
        with pytest.raises(ValueError, match=r"U\+|blank|60 are the most"):
            label_text(text)
        with pytest.raises(SettingRefused, match=r"U\+|blank|60 are the most"):
            MarkSettings(label=text)


@pytest.mark.parametrize("size", [(64, 64), (1024, 200), (1024, 768), (300, 2_000)])
def test_the_longest_label_fits_every_picture(size: tuple[int, int]) -> None:
    before = np.full((*size, 3), 255, np.uint8)
    changed = np.argwhere((Marker(label="W" * 60).stamped(before) != before).any(-1))
    assert changed[:, 1].max() < size[1] - 1
    assert size[1] < 300 or changed[:, 1].max() > 200


def test_a_tenants_label_comes_before_the_deployments_and_an_empty_one_is_none() -> None:
    before = np.full((400, 300, 3), 128, np.uint8)
    ours = Marker(label="AI-generated")
    assert np.array_equal(ours.stamped(before, label="By Acme"), Marker(label="By Acme").stamped(before))
    assert np.array_equal(ours.stamped(before, label=None), ours.stamped(before))
    assert not np.array_equal(ours.stamped(before, label="By Acme"), ours.stamped(before))
    assert ours.stamped(before, label="") is before
    assert np.array_equal(PLAIN.stamped(before, label="By Acme"), Marker(label="By Acme").stamped(before))


def test_a_watermark_is_an_installed_plugin_or_an_error() -> None:
    dark = np.zeros((20, 20, 3), np.uint8)
    assert Marker(watermark=Inverting()).stamped(dark).min() == 255
    assert find_watermark("") is None
    with pytest.raises(NoSuchWatermark, match="'nobodys'"):
        find_watermark("nobodys")
