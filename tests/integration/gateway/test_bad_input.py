"""Bad input: each a clear 4xx or a failed job with a code; nothing stays under any prefix; nothing crashes."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime, timedelta

import httpx
from PIL import Image


def jpeg(size=(96, 128), mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def bomb(side: int = 40_000) -> bytes:
    """A PNG of a few kilobytes that decodes to 1.6 gigapixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 9_000)) + chunk(b"IEND", b"")
    )


def animated() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (80, 80), color) for color in ("red", "blue")]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def sixteen_bit() -> bytes:
    buffer = io.BytesIO()
    Image.new("I;16", (96, 128)).save(buffer, "PNG")
    return buffer.getvalue()


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg((128, 96), exif=exif)


REFUSED = {
    "not an image": (b"#!/bin/sh\necho hello\n" * 20, "image/png", {"unsupported_media"}),
    "truncated JPEG": (jpeg((256, 256))[:600], "image/jpeg", {"image_unreadable"}),
    "PNG bomb": (bomb(), "image/png", {"image_too_large"}),
    "too small": (jpeg((8, 8)), "image/jpeg", {"image_too_small"}),
    "animated": (animated(), "image/png", {"unsupported_media"}),
}
TAKEN = {
    "CMYK": (jpeg(mode="CMYK"), "image/jpeg"),
    "16-bit": (sixteen_bit(), "image/png"),
    "EXIF-rotated": (rotated(), "image/jpeg"),
    "another type than declared": (jpeg(), "image/png"),
}


async def test_pictures_that_are_none_fail_with_a_code_and_leave_nothing(gateway, hands, objects_left) -> None:
    guest = await gateway.guest()
    async with hands.working():
        for name, (data, content_type, codes) in REFUSED.items():
            image = await guest.upload(data, content_type=content_type)
            answer = await guest.http.post("/v1/segmentations", json={"image_url": image})
            status = await guest.wait(answer.json()["job_id"])
            assert status["status"] == "failed", name
            assert status["error"]["code"] in codes, name
            assert status["error"]["message"], name
            again = await guest.http.post("/v1/segmentations", json={"image_url": image})
            assert again.status_code in (413, 415, 422), name
            assert again.json()["code"] in codes, name
    assert objects_left() == []


async def test_odd_pictures_are_taken_upright_and_as_srgb(gateway, hands) -> None:
    guest = await gateway.guest()
    async with hands.working():
        for name, (data, content_type) in TAKEN.items():
            image = await guest.upload(data, content_type=content_type)
            answer = await guest.http.post("/v1/segmentations", json={"image_url": image})
            assert (await guest.wait(answer.json()["job_id"]))["status"] == "completed", name
            record = (await guest.http.get(f"/v1/images/{image.rpartition('/')[2]}")).json()
            assert (record["width"], record["height"]) == (96, 128), name


async def test_an_upload_is_refused_before_it_is_signed(gateway) -> None:
    guest = await gateway.guest()
    for change, status, code in (
        ({"content_type": "image/gif"}, 415, "unsupported_media"),
        ({"size_bytes": 0}, 400, "invalid_request"),
        ({"size_bytes": 10**10}, 413, "image_too_large"),
        ({"size_bytes": "many"}, 422, "invalid_request"),
        ({"kind": "dog"}, 422, "invalid_request"),
    ):
        asked = {"kind": "person", "content_type": "image/png", "size_bytes": 1000, **change}
        answer = await guest.http.get("/images/presignedUpUrl", params=asked)
        assert (answer.status_code, answer.json()["code"]) == (status, code), change
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_the_store_refuses_a_body_other_than_the_signed_one(gateway, objects_left, picture) -> None:
    guest = await gateway.guest()
    asked = {"kind": "person", "content_type": "image/png", "size_bytes": len(picture())}
    ticket = (await guest.http.get("/images/presignedUpUrl", params=asked)).json()
    async with httpx.AsyncClient() as plain:
        longer = await plain.put(ticket["upload_url"], content=picture() + b"x", headers={"Content-Type": "image/png"})
        other = await plain.put(ticket["upload_url"], content=picture(), headers={"Content-Type": "text/html"})
    assert longer.status_code == 403
    assert other.status_code == 403
    assert objects_left() == []


async def test_urls_and_ids_that_are_not_ours_are_refused(gateway, ready, storage_settings) -> None:
    guest, person = ready.guest, ready.person
    stranger = await gateway.guest()
    theirs = await stranger.upload()
    bucket = f"{storage_settings.endpoint}/{storage_settings.bucket}"
    never = await guest.http.get(
        "/images/presignedUpUrl", params={"kind": "person", "content_type": "image/png", "size_bytes": 999}
    )
    table = {
        "http://169.254.169.254/latest/meta-data": (400, "foreign_url"),
        "https://example.com/cat.png": (400, "foreign_url"),
        "file:///etc/passwd": (400, "foreign_url"),
        f"{bucket}/../other/x.png": (400, "foreign_url"),
        f"{bucket}/incoming/{guest.user_id}/img_unknown": (404, "not_found"),
        f"{bucket}/results/{guest.user_id}/x/1-1.png": (404, "not_found"),
        theirs: (404, "not_found"),
        never.json()["image_url"]: (409, "upload_missing"),
        "": (422, "invalid_request"),
    }
    for url, (status, code) in table.items():
        for body in (
            {"user_photo_url": url, "cloth_clean_url": ready.garment},
            {"user_photo_url": person, "cloth_clean_url": url},
        ):
            answer = await guest.http.post("/api/snap", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), url
    theirs_too = await stranger.http.post(
        "/api/snap", json={"user_photo_url": theirs, "cloth_clean_url": ready.garment}
    )
    assert theirs_too.status_code == 404


async def test_options_outside_the_rules_are_refused(ready) -> None:
    for change, status, code in (
        ({"num_samples": 5}, 422, "invalid_request"),
        ({"seed": -1}, 422, "invalid_request"),
        ({"category": "glove"}, 422, "invalid_request"),
        ({"colour": "red"}, 422, "invalid_request"),
        ({"metadata": {"k" * 300: "v"}}, 422, "invalid_request"),
        ({"model": "gpt"}, 422, "model_unavailable"),
        ({"priority": "high"}, 403, "forbidden_scope"),
    ):
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, **change}
        answer = await ready.guest.http.post("/api/snap", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), change


async def test_tokens_that_are_not_good_are_refused_with_a_code(gateway, tokens) -> None:
    expired = tokens.mint("user_x", tenant="guests", seconds=-10)
    table = {expired: "token_expired", "abc": "unauthorized", expired[:-3] + "xyz": "unauthorized"}
    for token, code in table.items():
        answer = await gateway.bearer(token).http.get("/v1/tryons")
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["www-authenticate"] == "Bearer"
    async with httpx.AsyncClient(base_url=gateway.url) as plain:
        assert (await plain.get("/v1/tryons")).json()["code"] == "unauthorized"
        assert (await plain.get("/nowhere")).json()["code"] == "not_found"
        assert (await plain.delete("/health")).json()["code"] == "method_not_allowed"


async def test_a_second_put_changes_nothing_and_is_swept(parts, ready, picture, store, hands) -> None:
    guest = ready.guest
    key = store.key_of(ready.person)
    before = (await guest.http.get(f"/v1/images/{key.rpartition('/')[2]}")).json()
    store.put(key, picture((300, 300)), content_type="image/png")
    async with hands.working():
        done = await guest.wait((await ready.snap())["job_id"])
    assert done["status"] == "completed"
    assert (await guest.http.get(f"/v1/images/{key.rpartition('/')[2]}")).json() == before
    sweeper = parts.sweeper
    now = datetime.now(UTC)
    assert await sweeper.incoming(now) == 0, "it may still be written to"
    await sweeper.incoming(now + timedelta(minutes=30))
    assert not store.exists(key)


async def test_the_convenience_upload_has_the_same_limits(gateway, hands, picture, objects_left) -> None:
    guest = await gateway.guest()
    async with hands.working():
        good = await guest.http.post(
            "/api/upload/cloth", files={"file": ("shirt.png", picture(), "image/png")}, headers={"Prefer": "wait=20"}
        )
        assert good.status_code == 200, good.text
        assert good.headers["preference-applied"] == "wait=20"
        assert good.json()["cloth_clean_url"]
    kept = objects_left()
    for name, data, content_type, status in (
        ("x.gif", b"GIF89a" * 50, "image/gif", 415),
        ("empty.png", b"", "image/png", 400),
        ("big.png", b"x" * (gateway.settings.uploads.max_bytes + 70_000), "image/png", 413),
    ):
        answer = await guest.http.post("/api/upload/cloth", files={"file": (name, data, content_type)})
        assert answer.status_code == status, name
        assert answer.json()["code"], name
    assert (await guest.http.post("/api/upload/cloth", data={"category": "auto"})).status_code == 422
    assert objects_left() == kept


async def test_bodies_without_end_are_cut_off(gateway) -> None:
    guest = await gateway.guest()

    async def endless():
        for _ in range(100):
            yield b"x" * 10_000

    declared = await guest.http.post("/api/snap", json={"user_photo_url": "x" * 100_000, "cloth_clean_url": "y"})
    chunked = await guest.http.post("/api/snap", content=endless(), headers={"Content-Type": "application/json"})
    for answer in (declared, chunked):
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
