"""A whole try-on in one request: photos as files of a form or as data URIs, by the rules of every other upload."""

from __future__ import annotations

import asyncio
import base64
import io
from urllib.parse import urlsplit

import pytest
from PIL import Image

from access import made_key
from gateway.settings import LimitSettings
from waiting import PATIENCE_SECONDS

PATH = "/v1/tryons"


def files(picture, **others) -> dict[str, object]:
    return {"person": ("me.jpg", picture(), "image/jpeg"), "garment": ("x", picture((80, 80)), "text/plain"), **others}


def data_uri(picture: bytes, media_type: str = "image/jpeg") -> str:
    return f"data:{media_type};base64,{base64.b64encode(picture).decode()}"


async def photos_of(guest) -> list[dict]:
    return (await guest.http.get("/v1/images")).json()["items"]


@pytest.fixture
def as_uris(picture) -> dict[str, str]:
    return {"user_photo_url": data_uri(picture()), "cloth_clean_url": data_uri(picture((80, 80)), "text/html")}


async def test_two_files_are_a_try_on_and_the_answer_waits_for_its_end(gateway, hands, picture) -> None:
    guest = await gateway.guest()
    async with hands.working():
        options = {"category": "upper", "seed": "7", "metadata": '{"look": "1"}'}
        done = await guest.http.post(PATH, files=files(picture), data=options, params={"wait": 20})
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["metadata"]) == ("completed", {"look": "1"})
    assert (await guest.http.get(done.json()["results"][0]["url"])).status_code in (200, 302)
    found = {one["kind"]: one for one in await photos_of(guest)}
    assert found.keys() == {"person", "garment"}, "they are photos like any other"
    assert found["garment"]["category"] == "upper"
    again = {"user_photo_url": found["person"]["image_url"], "cloth_clean_url": found["garment"]["image_url"]}
    assert (await guest.http.post(PATH, json=again)).status_code == 202


async def test_photos_as_data_uris_are_the_same(gateway, hands, as_uris) -> None:
    guest = await gateway.guest()
    async with hands.working():
        done = await guest.http.post(PATH, json=as_uris, headers={"Prefer": "wait=20"})
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert len(await photos_of(guest)) == 2


async def test_a_file_and_an_address_go_together(gateway, ready, picture) -> None:
    guest = ready.guest
    garment = {"garment": ("g.png", picture((80, 80)), "image/png")}
    made = await guest.http.post(PATH, files=garment, data={"user_photo_url": ready.person})
    assert made.status_code == 202, made.text
    both = await guest.http.post(PATH, files=files(picture), data={"user_photo_url": ready.person})
    assert (both.status_code, both.json()["code"]) == (422, "invalid_request")
    assert "either the file 'person' or the address 'user_photo_url'" in both.text
    neither = await guest.http.post(PATH, files=garment)
    assert neither.status_code == 422


@pytest.mark.parametrize("form", [True, False], ids=["form", "data URIs"])
async def test_sent_again_with_one_key_it_is_one_try_on_and_two_photos(
    gateway, picture, as_uris, objects_left, form
) -> None:
    guest = await gateway.guest()
    key = {"Idempotency-Key": "again"}

    async def send(**changed):
        if form:
            return await guest.http.post(PATH, files=files(picture), data=changed, headers=key)
        return await guest.http.post(PATH, json=as_uris | changed, headers=key)

    answers = await asyncio.gather(*(send() for _ in range(4)))
    assert {one.status_code for one in answers} == {202}
    assert len({one.json()["job_id"] for one in answers}) == 1
    other = await send(category="dress")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert len(await photos_of(guest)) == 2
    assert len(objects_left()) == 2


async def test_a_refused_try_on_stores_nothing(gateway, picture, as_uris, objects_left) -> None:
    guest = await gateway.guest()
    too_large = b"\xff\xd8\xff" + bytes(gateway.settings.uploads.max_bytes)
    for sent, status, code in (
        ({"files": files(picture, garment=("g.png", b"GIF89a" * 50, "image/png"))}, 415, "unsupported_media"),
        ({"files": files(picture, person=("p.png", b"", "image/png"))}, 400, "invalid_request"),
        ({"files": files(picture, person=("p.jpg", too_large, "image/jpeg"))}, 413, "image_too_large"),
        ({"files": files(picture), "data": {"model": "no-such"}}, 422, "model_unavailable"),
        ({"files": files(picture), "data": {"priority": "high"}}, 403, "forbidden_scope"),
        ({"files": files(picture), "data": {"seed": "many"}}, 422, "invalid_request"),
        ({"files": files(picture), "data": {"metadata": "{"}}, 422, "invalid_request"),
        ({"files": files(picture), "data": {"colour": "red"}}, 422, "invalid_request"),
        ({"files": files(picture) | {"cloth_clean_url": (None, "https://elsewhere.example/x.png")}}, 422, None),
        ({"json": as_uris | {"cloth_clean_url": "data:image/png;base64,AAA*"}}, 400, "invalid_request"),
        ({"json": as_uris | {"cloth_clean_url": "data:image/png,%89PNG"}}, 422, "invalid_request"),
        ({"json": as_uris | {"cloth_clean_url": "https://elsewhere.example/x.png"}}, 400, "foreign_url"),
        ({"json": as_uris | {"cloth_clean_url": "https://" + "x" * 3000}}, 422, "invalid_request"),
        ({"json": as_uris | {"cloth_clean_url": data_uri(b"x" * 7_000_000)}}, 413, "body_too_large"),
    ):
        answer = await guest.http.post(PATH, **sent)
        assert answer.status_code == status, (sent.keys(), answer.text)
        assert code in (None, answer.json()["code"])
        assert objects_left() == []
        assert await photos_of(guest) == []


async def test_without_a_token_the_answer_comes_before_the_body(gateway) -> None:
    address = urlsplit(gateway.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    kind, size = "multipart/form-data; boundary=x", gateway.settings.uploads.max_bytes
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert (await reader.readline()).split()[1] == b"401", "not a byte of it was sent"
    writer.close()


async def test_consent_rights_and_quotas_hold_for_photos_in_a_request(
    gateway_settings, serve, account, picture, store, objects_left
) -> None:
    limits = LimitSettings(guest_images=3, uploads_per_minute=5)
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        owner = await account(gateway, "acme", scopes=["keys", "tokens"])
        await owner.http.put("/v1/tenants/acme/consent", json={"version": "1", "text": "We keep it."})
        shop = gateway.bearer((await made_key(owner))["key"])
        minted = (await shop.http.post("/v1/tokens", json={"engines": ["timed"]})).json()
        ann = gateway.bearer(minted["access_token"], minted["user_id"])
        timed = {"model": "timed"}
        assert (await ann.http.post(PATH, files=files(picture), data=timed)).json()["code"] == "consent_required"
        await ann.http.post("/v1/consent", json={"version": "1"})
        puppet = await ann.http.post(PATH, files=files(picture), data={"model": "puppet"})
        assert (puppet.status_code, puppet.json()["code"]) == (403, "engine_not_allowed")
        assert objects_left() == []
        guest = await gateway.guest()
        assert (await guest.http.post(PATH, files=files(picture))).status_code == 202
        full = await guest.http.post(PATH, files=files(picture))
        assert (full.status_code, full.json()["code"]) == (403, "quota_exceeded")
        assert len(objects_left()) == 2, "of the second request neither photo stayed"
        limited = await guest.http.post(PATH, files=files(picture))
        assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")


async def test_a_file_is_what_its_bytes_say_whatever_was_declared(gateway, hands) -> None:
    guest = await gateway.guest()
    webp, avif = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (96, 96), "red").save(webp, "WEBP")
    Image.new("RGB", (96, 96), "red").save(avif, "AVIF")
    async with hands.working():
        for declared in ("image/jpeg", "image/jpg", "application/octet-stream", "image/avif"):
            url = await guest.upload(webp.getvalue(), kind="garment", content_type=declared)
            cut = await guest.http.post("/v1/segmentations", json={"image_url": url}, params={"wait": 20})
            assert cut.json()["status"] == "completed", cut.json()
    form = {"file": ("shirt.jpg", avif.getvalue(), "image/jpeg")}
    assert (await guest.http.post("/api/upload/cloth", files=form)).status_code == 202
