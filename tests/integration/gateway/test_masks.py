"""Own masks: uploaded like a photo, tied to the photo by its size, named by the picture that was made with it."""

from __future__ import annotations

import httpx
import pytest

from hands import png
from proteus.keys import JOBS, TAILOR
from proteus.payloads import TryonWork


async def ingested(guest, hands, picture: bytes, *, kind: str = "mask") -> str:
    """Upload a picture and have it prepared; return its address."""
    address = await guest.upload(picture, kind=kind)
    async with hands.working(TAILOR):
        image_id = address.rpartition("/")[2]
        answer = await guest.http.post(f"/v1/images/{image_id}/uploaded")
        assert answer.status_code == 202, answer.text
        while (await record(guest, image_id))["preparation"]["status"] in ("queued", "running"):
            pass
    seen = await record(guest, image_id)
    assert seen["preparation"]["stages"] == {"ingest": "completed"}
    return address


async def record(guest, image_id: str) -> dict:
    return (await guest.http.get(f"/v1/images/{image_id}")).raise_for_status().json()


async def refused(ready, **options) -> tuple[int, str, str]:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, **options}
    answer = await ready.guest.http.post("/v1/tryons", json=body)
    return answer.status_code, answer.json()["code"], answer.text


async def test_a_picture_is_made_with_the_callers_own_mask_and_names_it(ready, hands, store) -> None:
    picture = png(mode="L")
    mask = await ingested(ready.guest, hands, picture)
    (image,) = [one async for one in masks(ready.guest)]
    job = await ready.snap(mask=mask, return_mask=True)
    taken = await hands.take(JOBS)
    work = TryonWork.read(taken.body)
    assert (work.mask_mode, work.return_mask) == ("provided", True)
    assert work.mask_key
    assert work.mask_key.startswith(f"images/{ready.guest.user_id}/")
    await hands.finish(taken, mask_key=work.mask_key)
    (made,) = (await ready.guest.wait(job["job_id"]))["results"]
    assert made["mask_url"] == f"/v1/results/{job['job_id']}/1/mask"
    ticket = (await ready.guest.http.get(made["mask_url"])).raise_for_status().json()
    async with httpx.AsyncClient() as plain:
        assert (await plain.get(ticket["download_url"])).content == store.get(work.mask_key)
    assert (image["width"], image["height"]) == (96, 128)


async def masks(guest):
    for one in (await guest.http.get("/v1/images")).raise_for_status().json()["items"]:
        if one["kind"] == "mask":
            yield one


@pytest.mark.parametrize(
    ("options", "mode", "returned"),
    [
        ({}, "auto", None),
        ({"mask_mode": "auto"}, "auto", None),
        ({"mask_mode": "free", "model": "timed"}, "free", None),
    ],
)
async def test_without_a_mask_of_ones_own_no_mask_is_named(ready, hands, options, mode, returned) -> None:
    job = await ready.snap(**options)
    taken = await hands.take(JOBS)
    work = TryonWork.read(taken.body)
    assert (work.mask_mode, work.mask_key, work.return_mask) == (mode, None, False)
    await hands.finish(taken)
    (made,) = (await ready.guest.wait(job["job_id"]))["results"]
    assert made.get("mask_url") is returned
    answer = await ready.guest.http.get(f"/v1/results/{job['job_id']}/1/mask")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_mask_that_does_not_fit_is_refused_before_a_gpu_is_spent(gateway, ready, hands) -> None:
    small = await ingested(ready.guest, hands, png((64, 64), mode="L"))
    not_ready = await ready.guest.upload(png((96, 130), mode="L"), kind="mask")
    stranger = await (await gateway.guest()).upload(png(mode="L"), kind="mask")
    cases = {
        "another size": ({"mask": small}, 400, "invalid_request", "The mask is 64x64 pixels, the photo 96x128."),
        "a photo": ({"mask": ready.person}, 400, "invalid_request", "kind person"),
        "not ingested": ({"mask": not_ready}, 409, "not_ready", "not ingested"),
        "a stranger's": ({"mask": stranger}, 404, "not_found", "no photo of yours"),
        "a mode beside it": ({"mask": small, "mask_mode": "auto"}, 422, "invalid_request", "mask_mode provided"),
        "no mask": ({"mask_mode": "provided"}, 422, "invalid_request", "needs the address"),
        "an engine that cannot": ({"mask_mode": "free", "model": "puppet"}, 400, "mask_mode_unsupported", "only auto"),
    }
    for name, (options, status, code, words) in cases.items():
        found = await refused(ready, **options)
        assert found[:2] == (status, code), f"{name}: {found}"
        assert words in found[2], name
    assert await hands.take_now(JOBS) is None


async def test_a_mask_fits_no_outfit(ready, hands) -> None:
    garments = [{"cloth_clean_url": ready.garment, "category": one} for one in ("lower", "upper")]
    body = {"user_photo_url": ready.person, "garments": garments, "mask": ready.person}
    answer = await ready.guest.http.post("/v1/tryons", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "a mask fits one photo" in answer.text


async def test_a_draft_keeps_its_mask(ready, hands) -> None:
    mask = await ingested(ready.guest, hands, png(mode="L"))
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "mask": mask, "return_mask": True}
    draft = (await ready.guest.http.post("/vtons", json=body)).raise_for_status().json()
    asked = {"vton_id": draft["vton_id"]}
    (await ready.guest.http.post("/catvton/transferOutfit", json=asked)).raise_for_status()
    work = TryonWork.read((await hands.take(JOBS)).body)
    assert (work.mask_mode, work.return_mask, bool(work.mask_key)) == ("provided", True, True)


async def test_the_engines_say_what_they_can(gateway, ready) -> None:
    models = (await ready.guest.http.get("/v1/models")).json()["items"]
    modes = {one["engine"]: one["mask_modes"] for one in models}
    assert modes["puppet"] == modes["catvton"] == ["auto", "provided"]
    assert modes["fashn"] == modes["klein"] == ["auto", "provided", "free"]
    shortcuts = {one["engine"]: (bool(one["shortcuts"]), one["approximate_cost"] < 1) for one in models}
    assert shortcuts == {"puppet": (False, False), "catvton": (True, True), "fashn": (True, True)} | {
        name: (False, False) for name in shortcuts if name in ("klein", "timed")
    }


async def test_an_approximate_picture_is_asked_for_by_its_quality(ready, hands) -> None:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "quality": "approximate"}
    (await ready.guest.http.post("/v1/tryons", json=body)).raise_for_status()
    assert TryonWork.read((await hands.take(JOBS)).body).quality == "approximate"
