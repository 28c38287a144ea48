"""The whole loop through the gateway: upload, cut, snap, result; on the founding routes, with the socket open."""

from __future__ import annotations

import httpx


async def test_a_photo_and_a_garment_become_a_try_on(gateway, hands) -> None:
    guest = await gateway.guest()
    async with guest.listening() as heard, hands.working():
        person = await guest.upload()
        garment = await guest.upload(kind="garment")
        cut = await guest.http.post("/segformer/segmentOutfitPic", json={"image_url": garment})
        assert cut.status_code == 202
        assert cut.json()["job_type"] == "segment"
        cut = await guest.wait(cut.json()["job_id"])
        assert cut["cloth_clean_url"] == cut["results"][0]["cloth_clean_url"]

        snap = await guest.snap(person, cut["cloth_clean_url"], seed=7)
        assert snap["status"] == "queued"
        assert snap["eta"]["p50_seconds"] > 0
        done = await guest.wait(snap["job_id"])
        assert done["status"] == "completed"
        assert done["results"][0]["seed"] == 7
        assert done["vton_id"] == snap["job_id"].replace("job_", "vton_")
        assert done["timings"]["weave_seconds"] == 0.02

        redirect = await guest.http.get(done["results"][0]["url"])
        assert redirect.status_code == 302
        async with httpx.AsyncClient() as plain:
            picture = await plain.get(redirect.headers["location"])
        assert picture.content.startswith(b"\x89PNG")

        await heard.until(lambda h: any(e["job_id"] == snap["job_id"] and e["status"] == "completed" for e in h.jobs))
    assert [event["seq"] for event in heard.jobs] == list(range(1, len(heard.jobs) + 1))
    statuses = [event["status"] for event in heard.jobs if event["job_id"] == snap["job_id"]]
    assert statuses[-1] == "completed"
    assert statuses.count("completed") == 1
