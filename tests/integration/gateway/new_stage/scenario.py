"""What holds with a stage `quality` between cut and try-on; `test_a_new_stage` runs it over edited sources."""

from __future__ import annotations

from hands import png
from proteus.keys import JOBS, TAILOR
from proteus.stages import JobKind


async def cut_out(guest, hands, picture: bytes) -> str:
    """Upload a garment and have it cut out, and nothing more."""
    photo = await guest.upload(picture, kind="garment")
    asked = (await guest.http.post("/v1/segmentations", json={"image_url": photo})).json()
    async with hands.working(TAILOR):
        done = await guest.wait(asked["job_id"])
    return str(done["results"][0]["cloth_clean_url"])


async def test_a_picture_waits_for_the_stage_and_the_next_one_finds_it_done(ready, hands, parts) -> None:
    guest = ready.guest
    garment = await cut_out(guest, hands, png((90, 90)))

    # The fast submit sees that the judgement is missing: the picture waits for it, and for it alone.
    first = await guest.snap(ready.person, garment)
    assert first["stage"] == "preparing"
    async with parts.ledger.read() as reads:
        (need,) = (await reads.needs.of([first["job_id"]]))[first["job_id"]]
    assert (need.kind, need.stage, need.variant.split("/")[0]) == (JobKind("quality"), "waiting", "auto")

    # Its body is composed of what its work names: the result of the stage before among it.
    job = await hands.take(TAILOR)
    assert (job.id, job.engine, job.body["task"], job.body["job_type"]) == (need.id, "quality", "quality", "segment")
    assert parts.photos._store.url_of(job.body["cut_key"]) == garment
    assert await hands.finish(job) == {"score": 1.0}

    # Recorded, it releases the picture, and stays what it is for the next submit.
    assert (await hands.finish(await hands.take(JOBS)))["result_key"]
    assert (await guest.wait(first["job_id"]))["status"] == "completed"
    async with parts.ledger.read() as reads:
        judged = (await reads.jobs.by_ids([need.id]))[need.id]
    assert (judged.state, judged.result) == ("completed", {"score": 1.0})
    second = await guest.snap(ready.person, garment)
    assert second["stage"] == "waiting"


async def test_what_the_stage_refuses_fails_the_picture_with_its_words(ready, hands) -> None:
    garment = await cut_out(ready.guest, hands, png((400, 96)))
    async with hands.working():
        snap = await ready.guest.snap(ready.person, garment)
        ended = await ready.guest.wait(snap["job_id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "photo_rejected")
    assert "four times as wide as high" in ended["error"]["message"]
