"""The same submit sent twice with one Idempotency-Key: one answer, one job, nothing left over. On every submit."""

from __future__ import annotations

import asyncio
import hashlib
import json

import asyncpg


async def images_of(guest) -> list[str]:
    return [item["image_id"] for item in (await guest.http.get("/v1/images")).json()["items"]]


def form(picture: bytes, boundary_of: str = "a.png") -> dict[str, object]:
    return {"files": {"file": (boundary_of, picture, "image/png")}}


async def test_an_upload_sent_again_is_answered_by_its_first_cut_and_stores_nothing(
    gateway, objects_left, picture
) -> None:
    guest = await gateway.guest()
    key = {"Idempotency-Key": "again"}
    first = await guest.http.post("/api/upload/cloth", headers=key, **form(picture()))
    kept = (objects_left(), await images_of(guest))
    for _ in range(2):
        again = await guest.http.post("/api/upload/cloth", headers=key, **form(picture()))
        assert (again.status_code, again.json()["job_id"]) == (202, first.json()["job_id"])
    assert (objects_left(), await images_of(guest)) == kept
    assert len(kept[1]) == 1


async def test_another_file_or_category_under_the_same_key_is_a_conflict_and_stores_nothing(
    gateway, objects_left, picture
) -> None:
    guest = await gateway.guest()
    key = {"Idempotency-Key": "other"}
    assert (await guest.http.post("/api/upload/cloth", headers=key, **form(picture()))).status_code == 202
    kept = (objects_left(), await images_of(guest))
    changed = bytearray(picture())
    changed[-1] ^= 1
    for asked in (form(bytes(changed)), form(picture()) | {"data": {"category": "dress"}}):
        other = await guest.http.post("/api/upload/cloth", headers=key, **asked)
        assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (objects_left(), await images_of(guest)) == kept


async def test_uploads_with_one_key_at_once_make_one_job_and_keep_one_photo(gateway, objects_left, picture) -> None:
    guest = await gateway.guest()
    key = {"Idempotency-Key": "at once"}
    answers = await asyncio.gather(
        *(guest.http.post("/api/upload/cloth", headers=key, **form(picture())) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert len(await images_of(guest)) == 1
    assert len(objects_left()) == 1


async def test_a_vton_sent_again_is_the_same_entry(gateway, ready) -> None:
    http = ready.guest.http
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "metadata": {"look": "1"}}
    key = {"Idempotency-Key": "entry"}
    answers = await asyncio.gather(*(http.post("/vtons", json=body, headers=key) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["vton_id"] for answer in answers}) == 1
    assert len({answer.headers["location"] for answer in answers}) == 1
    other = await http.post("/vtons", json=body | {"metadata": {"look": "2"}}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    entries = (await http.get("/vtons")).json()["items"]
    assert [entry["status"] for entry in entries].count("draft") == 1


async def test_every_submit_replays_and_refuses_another_body(ready) -> None:
    http = ready.guest.http
    for path in ("/api/snap", "/v1/tryons", "/v1/segmentations", "/segformer/segmentOutfitPic"):
        key = {"Idempotency-Key": path}
        if "seg" in path:
            body, other = {"image_url": ready.person}, {"image_url": ready.person, "category": "dress"}
        else:
            body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
            other = body | {"seed": 7}
        first = await http.post(path, json=body, headers=key)
        again = await http.post(path, json=body, headers=key)
        assert first.json()["job_id"] == again.json()["job_id"]
        refused = await http.post(path, json=other, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")


async def test_a_key_that_another_version_kept_is_known_and_this_ones_form_is_known_to_it(
    gateway, ready, picture, database_url
) -> None:
    """v0.1.0 keeps the path that the client used and a JSON body; of a form the path alone."""

    def as_before(path: str, body: bytes = b"") -> str:
        return hashlib.sha256(f"POST {path}\n".encode() + body).hexdigest()

    async def kept(connection: asyncpg.Connection) -> str:
        return str(await connection.fetchval("SELECT request_hash FROM idempotency WHERE key = 'k'"))

    body = json.dumps({"user_photo_url": ready.person, "cloth_clean_url": ready.garment}).encode()
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    http = ready.guest.http
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    try:
        first = await http.post("/api/snap", headers=headers, content=body)
        assert await kept(connection) == as_before("/api/snap", body)
        for name in ("/api/snap", "/v1/tryons"):
            await connection.execute("UPDATE idempotency SET request_hash = $1 WHERE key = 'k'", as_before(name, body))
            for path in ("/api/snap", "/v1/tryons"):
                again = await http.post(path, headers=headers, content=body)
                assert (again.status_code, again.json()["job_id"]) == (202, first.json()["job_id"])
        assert (await http.post("/api/snap", headers=headers, content=body + b" ")).status_code == 409
        await connection.execute("DELETE FROM idempotency")
        cut = await http.post("/api/upload/cloth", headers={"Idempotency-Key": "k"}, **form(picture()))
        await connection.execute("UPDATE idempotency SET request_hash = $1", as_before("/api/upload/cloth"))
        again = await http.post("/api/upload/cloth", headers={"Idempotency-Key": "k"}, **form(picture()))
        assert again.json()["job_id"] == cut.json()["job_id"]
    finally:
        await connection.close()
