"""Outfits: a chain of pictures, each on the one before; and a result as the next person's photo."""

from __future__ import annotations

import pytest

from hands import png
from proteus.errors import NoPersonDetected
from proteus.keys import JOBS, TAILOR
from proteus.payloads import TryonWork
from proteus.queue import Failure
from waiting import until


@pytest.fixture
async def wardrobe(gateway, hands):
    """A guest with a person's photo and three garments, uploaded."""
    guest = await gateway.guest()
    person = await guest.upload()
    garments = [await guest.upload(png((80 + n, 80)), kind="garment") for n in range(3)]
    return guest, person, garments


def wish(person, garments, layers):
    worn = [{"image": url, "category": layer} for url, layer in zip(garments, layers, strict=True)]
    return {"user_photo_url": person, "garments": worn}


async def submitted(guest, body):
    answer = await guest.http.post("/v1/tryons", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()["job_id"]


async def test_garments_are_put_on_from_below_outwards_each_on_the_picture_before(
    gateway, wardrobe, hands, store, parts
) -> None:
    guest, person, garments = wardrobe
    job_id = await submitted(guest, wish(person, garments, ["outer", "lower", "upper"]))
    async with hands.working(TAILOR):
        works = []
        for _ in range(3):
            job = await hands.take()
            works.append((job, TryonWork.read(job.body)))
            if len(works) == 2:
                running = await until(lambda: _running(guest, job_id), what="the second picture's run")
            await hands.finish(job)
        status = await guest.wait(job_id)
    assert status["status"] == "completed"
    assert [one["garment"] for one in status["results"]] == [2, 3, 1]
    assert [work.garment_category for _, work in works] == ["lower", "upper", "outer"]
    assert [job.id for job, _ in works] == [job_id, f"{job_id}:2", f"{job_id}:3"]
    assert [one["status"] for one in running["results"]] == ["completed", "running", "queued"]
    async with parts.ledger.read() as reads:
        units = (await reads.jobs.units_of([job_id]))[job_id]
        photos = await reads.images.made_by([unit.id for unit in units])
    by_maker = {photo.made_by: photo.key for photo in photos}
    assert [work.person_key for _, work in works[1:]] == [by_maker[units[0].id], by_maker[units[1].id]]
    assert all(work.parse_key for _, work in works)
    assert len({work.parse_key for _, work in works}) == len({work.person_key for _, work in works})
    listed = (await guest.http.get("/v1/images")).json()["items"]
    assert len(listed) == 4, "the pictures between are no photos of the guest's list"
    await guest.http.delete(f"/v1/tryons/{job_id}")
    left = [found.key for area in ("results/", "incoming/") for found in store.list(f"{area}{guest.user_id}")]
    assert left == []
    async with parts.ledger.read() as reads:
        assert await reads.images.made_by([unit.id for unit in units]) == []


async def _running(guest, job_id):
    seen = (await guest.http.get(f"/v1/tryons/{job_id}")).json()
    return seen if seen["results"][1]["status"] == "running" else None


async def test_what_was_put_on_stays_when_a_later_garment_fails_and_the_answer_says_which(
    gateway, wardrobe, hands
) -> None:
    guest, person, garments = wardrobe
    async with guest.listening() as heard, hands.working(TAILOR):
        job_id = await submitted(guest, wish(person, garments, ["upper", "outer", "lower"]))
        await hands.finish(await hands.take())
        second = await hands.take()
        failure = Failure(
            id=second.id, token=second.token, code=NoPersonDetected.code, message="Nobody is there.", retryable=False
        )
        await hands.queues[JOBS].fail(hands.worker, [failure])
        status = await guest.wait(job_id)
        await heard.until(lambda seen: any(one["status"] == "failed" for one in seen.jobs))
    event = next(one for one in heard.jobs if one["status"] == "failed")
    for seen in (status, event):
        assert (seen["status"], seen["error"]["code"]) == ("failed", "outfit_incomplete")
        assert "Nobody is there." in seen["error"]["message"]
        assert (seen["failed_garment"], seen["partial"]) == (1, True)
        assert [one["status"] for one in seen["results"]] == ["completed", "failed", "failed"]
    kept = await guest.http.get(status["results"][0]["url"])
    assert kept.status_code == 302
    next_one = {"user_photo_url": status["results"][0]["url"], "cloth_clean_url": garments[0]}
    async with hands.working():
        again = await guest.http.post("/v1/tryons", json=next_one)
        assert again.status_code == 202, again.text
        assert (await guest.wait(again.json()["job_id"]))["status"] == "completed"


async def test_a_result_is_a_persons_photo_for_its_owner_alone_and_only_once_it_is_there(
    gateway, wardrobe, hands, parts
) -> None:
    guest, person, garments = wardrobe
    async with hands.working(TAILOR):
        first = (await guest.snap(person, garments[0]))["job_id"]
        url = f"/v1/results/{first}/1"
        taken = await hands.take()
        early = await guest.http.post("/api/snap", json={"user_photo_url": url, "cloth_clean_url": garments[1]})
        assert (early.status_code, early.json()["code"]) == (409, "not_ready")
        await hands.finish(taken)
        await guest.wait(first)
    async with hands.working():
        for address in (url, f"{gateway.url}{url}", url):
            job = await guest.snap(address, garments[1])
            assert (await guest.wait(job["job_id"]))["status"] == "completed"
        async with parts.ledger.read() as reads:
            [photo] = await reads.images.made_by([first])
        assert photo.key
        stranger = await gateway.guest()
        theirs = await stranger.upload(kind="garment")
        for address in (url, "/v1/results/job_none/1", f"/v1/results/{first}/2"):
            asked = {"user_photo_url": address, "cloth_clean_url": theirs}
            refused = await stranger.http.post("/api/snap", json=asked)
            assert refused.status_code == 404
        await guest.http.delete(f"/v1/tryons/{first}")
        async with parts.ledger.read() as reads:
            assert await reads.images.made_by([first]), "another try-on is made with it"


async def test_an_outfit_that_nobody_can_wear_is_refused_and_one_garment_is_an_ordinary_try_on(wardrobe, hands) -> None:
    guest, person, garments = wardrobe
    for layers in (["upper", "upper", "lower"], ["dress", "lower", "outer"], ["auto", "lower", "outer"]):
        refused = await guest.http.post("/v1/tryons", json=wish(person, garments, layers))
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    both = wish(person, garments[:1], ["upper"]) | {"cloth_clean_url": garments[0]}
    many = wish(person, garments, ["lower", "upper", "outer"]) | {"num_samples": 2}
    for body in (both, many, {"user_photo_url": person}, {"user_photo_url": person, "garments": []}):
        assert (await guest.http.post("/v1/tryons", json=body)).status_code == 422
    twice = wish(person, [garments[0]] * 2, ["lower", "upper"])
    assert (await guest.http.post("/v1/tryons", json=twice)).status_code == 400
    async with hands.working():
        job_id = await submitted(guest, wish(person, garments[:1], ["outer"]))
        status = await guest.wait(job_id)
    assert [one.get("garment") for one in status["results"]] == [None]
    assert (status["status"], "partial" in status) == ("completed", False)


async def test_a_canceled_outfit_keeps_what_is_on_and_starts_nothing_more(wardrobe, hands, parts) -> None:
    guest, person, garments = wardrobe

    async def nothing_waits():
        async with parts.ledger.read() as reads:
            return not await reads.jobs.alive_of_user(guest.user_id)

    async with hands.working(TAILOR):
        job_id = await submitted(guest, wish(person, garments, ["lower", "upper", "outer"]))
        await hands.finish(await hands.take())
        await until(lambda: _first_done(guest, job_id), what="the first picture")
        ended = (await guest.http.post(f"/v1/tryons/{job_id}/cancel")).json()
        status = await guest.wait(job_id)
        await until(nothing_waits, what="the end of all preparations")
    assert (status["status"], status["partial"], status["failed_garment"]) == ("canceled", True, 2)
    assert [one["status"] for one in status["results"]] == ["completed", "canceled", "canceled"]
    assert ended["job_id"] == job_id
    assert await hands.take_now(JOBS) is None


async def _first_done(guest, job_id):
    return (await guest.http.get(f"/v1/tryons/{job_id}")).json()["results"][0]["status"] == "completed"
