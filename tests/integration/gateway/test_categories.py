"""Categories: a garment goes to an engine that can put it on, or is refused before anything is made."""

from __future__ import annotations

import pytest

from hands import png
from proteus.artefacts import ACCESSORIES, CLOTHES
from proteus.keys import JOBS
from proteus.payloads import TryonWork


async def asked(ready, **options) -> tuple[int, str, str]:
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, **options}
    answer = await ready.guest.http.post("/v1/tryons", json=body)
    return answer.status_code, answer.json().get("code", ""), answer.text


async def test_what_an_engine_cannot_put_on_is_refused_and_what_it_can_is_made(ready, hands) -> None:
    for category in ACCESSORIES:
        status, code, text = await asked(ready, category=category, model="puppet")
        assert (status, code) == (422, "category_unsupported"), text
        assert f"puppet cannot put on the category '{category}', only {', '.join(CLOTHES)}" in text
    assert await hands.take_now(JOBS) is None
    for category in (*CLOTHES, *ACCESSORIES):
        assert (await asked(ready, category=category, model="timed"))[0] == 202
        work = TryonWork.read((job := await hands.take(JOBS)).body)
        assert work.garment_category == category
        await hands.finish(job)


@pytest.mark.parametrize("known_by", ["a correction", "the cut-out"])
async def test_a_garment_that_is_known_as_an_accessory_needs_an_engine_for_it(ready, hands, known_by) -> None:
    if known_by == "a correction":
        photo = (await ready.guest.http.get("/v1/images")).json()["items"]
        (garment,) = [one for one in photo if one["kind"] == "garment"]
        answer = await ready.guest.http.patch(f"/v1/images/{garment['image_id']}", json={"category": "hat"})
        assert answer.status_code == 200, answer.text
    else:
        address = await ready.guest.upload(png((81, 80)), kind="garment")
        async with hands.working():
            cut = {"image_url": address, "category": "hat"}
            made = (await ready.guest.http.post("/v1/segmentations", json=cut)).json()
            done = await ready.guest.http.get(f"/v1/segmentations/{made['job_id']}", headers={"Prefer": "wait=20"})
        ready.garment = done.json()["cloth_clean_url"]
    status, code, text = await asked(ready, model="puppet")
    assert (status, code) == (422, "category_unsupported"), text
    assert await hands.take_now(JOBS) is None
    assert (await asked(ready, model="puppet", category="upper"))[0] == 202  # Who names it corrects it.
    await hands.finish(await hands.take(JOBS))
    if known_by == "the cut-out":
        return
    await ready.guest.http.patch(f"/v1/images/{garment['image_id']}", json={"category": "hat"})
    assert (await asked(ready, model="timed"))[0] == 202
    assert TryonWork.read((await hands.take(JOBS)).body).garment_category == "hat"


async def test_an_outfit_with_an_accessory_is_refused_by_an_engine_that_cannot(ready, hands) -> None:
    other = await ready.guest.upload(png((82, 80)), kind="garment")
    garments = [{"cloth_clean_url": ready.garment, "category": "upper"}, {"image": other, "category": "bag"}]
    body = {"user_photo_url": ready.person, "garments": garments}
    for more in ({"model": "puppet"}, {"model": "catvton"}):
        answer = await ready.guest.http.post("/v1/tryons", json=body | more)
        assert (answer.status_code, answer.json()["code"]) == (422, "category_unsupported")
    assert await hands.take_now(JOBS) is None
    assert (await ready.guest.http.post("/v1/tryons", json=body | {"model": "timed"})).status_code == 202


async def test_the_engines_say_what_they_put_on(ready) -> None:
    models = {one["engine"]: one["categories"] for one in (await ready.guest.http.get("/v1/models")).json()["items"]}
    assert models["puppet"] == models["catvton"] == models["fashn"] == list(CLOTHES)
