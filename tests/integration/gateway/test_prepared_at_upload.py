"""A photo is prepared as soon as it is uploaded: once, in order, whoever asks, whatever falls."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import httpx
import pytest

from hands import png, until
from proteus.keys import TAILOR
from proteus.queue import Completion


def id_of(image_url: str) -> str:
    return image_url.rpartition("/")[2]


async def uploaded(guest: Any, image_url: str, **body: Any) -> httpx.Response:
    answer: httpx.Response = await guest.http.post(f"/v1/images/{id_of(image_url)}/uploaded", json=body or None)
    return answer


async def record(guest: Any, image_url: str) -> dict[str, Any]:
    return dict((await guest.http.get(f"/v1/images/{id_of(image_url)}")).raise_for_status().json())


async def pair(guest: Any) -> tuple[str, str]:
    """Upload a person and a garment, and have both prepared."""
    person, garment = await guest.upload(), await guest.upload(png((80, 80)), kind="garment")
    for image in (person, garment):
        assert (await uploaded(guest, image)).status_code == 202
    return person, garment


async def jobs_of(parts: Any, *images: str) -> list[str]:
    async with parts.ledger.read() as reads:
        return sorted(job.kind for job in await reads.jobs.of_images([id_of(image) for image in images]))


async def test_both_photos_are_ready_side_by_side_before_anybody_submits(gateway, hands, parts) -> None:
    """Ingest beside ingest, then cut beside parse, then the picture: the order that the bar of time rests on."""
    guest = await gateway.guest()
    person, garment = await pair(guest)
    first = [await hands.take(TAILOR) for _ in range(2)]
    assert [job.engine for job in first] == ["ingest", "ingest"]
    await asyncio.gather(*(hands.finish(job) for job in first))
    second = [await hands.take(TAILOR) for _ in range(2)]
    assert {job.engine for job in second} == {"cut", "parse"}
    snap = await guest.snap(person, garment)
    assert (snap["status"], snap["stage"]) == ("queued", "preparing")
    assert await hands.take_now(TAILOR) is None, "the submit finds everything begun"
    await asyncio.gather(*(hands.finish(job) for job in second))
    await hands.finish(await hands.take())
    assert (await guest.wait(snap["job_id"]))["status"] == "completed"
    assert await jobs_of(parts, person, garment) == ["cut", "ingest", "ingest", "parse"]


async def test_the_record_shows_how_far_the_preparation_is_and_what_was_found(gateway, hands) -> None:
    guest = await gateway.guest()
    garment = await guest.upload(png((80, 80)), kind="garment")
    before = (await record(guest, garment))["preparation"]
    assert (before["status"], before["stages"], before["cut"]) == ("none", {}, None)
    asked = (await uploaded(guest, garment)).json()["preparation"]
    assert (asked["status"], asked["stages"]) == ("queued", {"ingest": "queued", "cut": "queued"})
    ingest = await hands.take(TAILOR)
    await until(lambda: _is(guest, garment, "running"))
    await hands.finish(ingest)
    cut = await hands.take(TAILOR)
    await hands.finish(cut)
    await until(lambda: _is(guest, garment, "completed"))
    ready = (await record(guest, garment))["preparation"]
    assert ready["stages"] == {"ingest": "completed", "cut": "completed"}
    assert (ready["cut"]["category"], ready["cut"]["confidence"]) == ("upper", 0.9)
    assert [one["category"] for one in ready["cut"]["categories"]] == ["upper", "dress"]
    assert [(one["code"], one["subject"]) for one in ready["warnings"]] == [("low_resolution", "garment")]
    assert all(one["message"] and one["hint"] for one in ready["warnings"])
    assert ready["job_id"] == cut.id
    shown = await guest.http.get(ready["cut"]["url"], headers={"Accept": "application/json"})
    assert shown.status_code == 200
    person = await guest.upload(png((70, 90)))
    assert (await guest.snap(person, ready["cut"]["cloth_clean_url"]))["status"] == "queued"
    listed = (await guest.http.get("/v1/images")).json()["items"]
    assert [item["preparation"]["status"] for item in listed] == ["queued", "completed"]


async def _is(guest: Any, image: str, status: str) -> bool:
    return bool((await record(guest, image))["preparation"]["status"] == status)


async def test_a_parsed_photo_says_who_is_in_it_and_what_each_garment_may_change(gateway, hands) -> None:
    guest, stranger = await gateway.guest(), await gateway.guest()
    person, garment = await pair(guest)
    area = f"/v1/images/{id_of(person)}/area"
    early = await guest.http.get(area, params={"category": "upper"})
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    async with hands.working():
        await until(lambda: _is(guest, person, "completed"))
    found = (await record(guest, person))["preparation"]
    assert (found["people"], found["person_index"]) == (2, 1)
    addresses = []
    for category in ("upper", "lower", "dress", "overall", "inner", "outer"):
        answer = await guest.http.get(area, params={"category": category})
        assert answer.headers["cache-control"] == "no-store"
        addresses.append(answer.json()["download_url"])
    assert ["agnostic-dress" in one for one in addresses] == [False, False, True, False, False, False]
    async with httpx.AsyncClient() as plain:
        assert (await plain.get(addresses[0])).content == png(mode="L")
    for who, image, category, status in (
        (guest, person, "hat", 422),
        (guest, garment, "upper", 400),
        (stranger, person, "upper", 404),
    ):
        answer = await who.http.get(f"/v1/images/{id_of(image)}/area", params={"category": category})
        assert answer.status_code == status, answer.text


async def test_twice_and_at_once_is_once(gateway, hands, parts, redis) -> None:
    guest = await gateway.guest()
    person = await guest.upload()
    answers = await asyncio.gather(*(uploaded(guest, person) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert all(answer.json()["retryable"] for answer in answers if answer.status_code == 409)
    assert (await uploaded(guest, person)).status_code == 202
    assert await jobs_of(parts, person) == ["ingest", "parse"]
    assert await redis.llen(TAILOR) == 1
    async with hands.working():
        await until(lambda: _is(guest, person, "completed"))
    assert (await uploaded(guest, person)).json()["preparation"]["status"] == "completed"
    assert await jobs_of(parts, person) == ["ingest", "parse"]


async def test_before_the_put_it_is_refused_and_afterwards_it_works(gateway, parts) -> None:
    guest = await gateway.guest()
    asked = {"kind": "person", "content_type": "image/png", "size_bytes": len(png())}
    ticket = (await guest.http.get("/images/presignedUpUrl", params=asked)).json()
    early = await uploaded(guest, ticket["image_url"])
    assert (early.status_code, early.json()["code"]) == (409, "upload_missing")
    assert await jobs_of(parts, ticket["image_url"]) == []
    async with httpx.AsyncClient() as plain:
        (await plain.put(ticket["upload_url"], headers=ticket["headers"], content=png())).raise_for_status()
    assert (await uploaded(guest, ticket["image_url"])).status_code == 202


async def test_another_users_photo_and_a_deleted_one_are_not_found(gateway, hands, redis) -> None:
    guest, other = await gateway.guest(), await gateway.guest()
    person = await guest.upload()
    foreign = await uploaded(other, person)
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")
    assert (await other.http.patch(f"/v1/images/{id_of(person)}", json={"category": "upper"})).status_code == 404
    assert (await uploaded(guest, person)).status_code == 202
    job = await hands.take(TAILOR)
    assert (await guest.http.delete(f"/v1/images/{id_of(person)}")).status_code == 204
    late = await hands.queues[TAILOR].complete(hands.worker, [Completion(id=job.id, token=job.token, result={})])
    assert late == ["refused"], "the tailor's work on a deleted photo counts no more"
    gone = await uploaded(guest, person)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")
    assert await redis.llen(TAILOR) == 0


async def test_a_tailor_that_dies_leaves_the_preparation_to_another(gateway, hands, parts) -> None:
    guest = await gateway.guest()
    person = await guest.upload()
    await uploaded(guest, person)
    await hands.take(TAILOR)  # And nobody hears of it again: its lease runs out.
    async with hands.working():
        await until(lambda: _is(guest, person, "completed"))
    assert await jobs_of(parts, person) == ["ingest", "parse"]


async def test_a_refused_photo_says_why_and_is_not_tried_again(gateway, hands, parts) -> None:
    guest = await gateway.guest()
    broken = await guest.upload(b"no picture " * 20)
    await uploaded(guest, broken)
    async with hands.working():
        await until(lambda: _is(guest, broken, "failed"))
    again = await uploaded(guest, broken)
    assert again.status_code == 202
    assert again.json()["preparation"]["error"]["code"] == "unsupported_media"
    assert await jobs_of(parts, broken) == ["ingest", "parse"]


async def test_with_redis_away_the_preparation_is_kept_and_pushed_later(gateway, hands, redis, parts) -> None:
    from refusing import refusing

    guest = await gateway.guest()
    person = await guest.upload()
    async with refusing(redis, "full"):
        assert (await uploaded(guest, person)).status_code == 202
    async with hands.working():
        await until(lambda: _is(guest, person, "completed"))
    assert await jobs_of(parts, person) == ["ingest", "parse"]


async def test_behind_a_long_list_it_is_held_and_a_submit_lets_it_in(gateway, hands, parts, redis) -> None:
    guest = await gateway.guest()
    crowd = [await guest.upload(png((64 + n, 64))) for n in range(8)]
    for image in crowd:
        await uploaded(guest, image)
    assert await redis.llen(TAILOR) == 8
    await (
        gateway.services.fleet.refresh()
    )  # It is read once a second: what was pushed during a reading may be missing from it.
    person, garment = await pair(guest)
    assert (await record(guest, person))["preparation"]["stages"] == {"ingest": "queued", "parse": "queued"}
    assert await redis.llen(TAILOR) == 8, "nobody waits for these two"
    assert await parts.promoter.promote() == 0
    await guest.snap(person, garment)
    assert await redis.llen(TAILOR) == 10
    async with hands.working():
        await until(lambda: _is(guest, crowd[-1], "completed"))


async def test_what_is_held_comes_in_when_the_list_is_short(gateway, hands, redis) -> None:
    guest = await gateway.guest()
    crowd = [await guest.upload(png((64 + n, 64))) for n in range(12)]
    for image in crowd:
        await uploaded(guest, image)
        await gateway.services.fleet.refresh()
    assert await redis.llen(TAILOR) == 8
    async with hands.working():
        for image in crowd:
            await until(partial(_is, guest, image, "completed"))


@pytest.mark.parametrize("by", ["image", "submit", "uploaded"])
async def test_a_corrected_category_is_kept_for_the_photo(gateway, hands, parts, by) -> None:
    guest = await gateway.guest()
    garment = await guest.upload(png((80, 80)), kind="garment")
    person = await guest.upload()
    first = await uploaded(guest, garment, **({"category": "dress"} if by == "uploaded" else {}))
    assert first.status_code == 202
    async with hands.working():
        await until(lambda: _is(guest, garment, "completed"))
        cut = (await record(guest, garment))["preparation"]["cut"]
        if by == "image":
            answer = await guest.http.patch(f"/v1/images/{id_of(garment)}", json={"category": "dress"})
            assert answer.json()["category"] == "dress"
        elif by == "submit":
            snap = await guest.snap(person, cut["cloth_clean_url"], category="dress")
            await guest.wait(snap["job_id"])
    assert (await record(guest, garment))["category"] == "dress"
    again = await guest.snap(person, cut["cloth_clean_url"])
    if by != "submit":
        async with hands.working(TAILOR):
            await until(lambda: _is(guest, person, "completed"))
    job = await hands.take()
    assert job.body["garment_category"] == "dress", "`auto` means what the user said"
    assert job.id == again["job_id"]
    later = await guest.snap(person, garment)
    job = await hands.take()
    assert (job.id, job.body["garment_category"]) == (later["job_id"], "dress")
    assert await jobs_of(parts, garment) == ["cut", "ingest"], "a flat garment is not cut again for its name"
    await guest.http.patch(f"/v1/images/{id_of(garment)}", json={"category": "auto"})
    assert (await record(guest, garment))["category"] is None


async def test_a_persons_photo_has_no_category(gateway) -> None:
    guest = await gateway.guest()
    answer = await guest.http.patch(f"/v1/images/{id_of(await guest.upload())}", json={"category": "dress"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


async def test_a_result_says_what_may_be_wrong_and_how_good_it_is_wherever_it_is_shown(gateway, hands) -> None:
    """By the submit that waits for preparations and by the one that finds them: status, list and event agree."""
    guest = await gateway.guest()
    async with guest.listening() as heard, hands.working():
        person, garment = await pair(guest)
        first = await guest.snap(person, garment)
        done = await guest.wait(first["job_id"])
        cut = (await record(guest, garment))["preparation"]["cut"]
        await until(partial(_is, guest, person, "completed"))
        assert [one["code"] for one in (await record(guest, person))["preparation"]["warnings"]] == ["low_resolution"]
        second = await guest.snap(person, cut["cloth_clean_url"])
        again = await guest.wait(second["job_id"])
        await heard.until(lambda h: {e["job_id"] for e in h.jobs if e["status"] == "completed"} >= {done["job_id"]})
    listed = (await guest.http.get("/v1/tryons")).json()["items"]
    told = [one["results"][0] for one in (done, again, *listed)]
    told += [e["results"][0] for e in heard.jobs if e["job_id"] == done["job_id"] and e["status"] == "completed"]
    assert len(told) == 5
    for result in told:
        assert [(one["code"], one["subject"]) for one in result["warnings"]] == [("low_resolution", "garment")]
        assert result["quality_score"] == 0.9
