"""`person_index`: a photo has one parse for each person that was asked for, and a try-on uses its own person's."""

from __future__ import annotations


async def test_another_person_of_the_photo_is_parsed_once_and_used_from_then_on(ready, hands, objects_left) -> None:
    def parses() -> list[str]:
        return [key.split("/parse/")[1].split("/")[0] for key in objects_left() if key.endswith("/parse.json")]

    (own,) = parses()
    async with hands.working():
        first = await ready.snap(person_index=1)
        assert first["stage"] == "preparing"
        assert (await ready.guest.wait(first["job_id"]))["status"] == "completed"
        assert sorted(parses()) == [own, f"{own}-person-1"]
        again = await ready.snap(person_index=1)
        assert again["stage"] == "waiting", "nothing is prepared twice"
        assert (await ready.guest.wait(again["job_id"]))["status"] == "completed"
        entry = (await ready.guest.http.get(f"/vtons/{again['vton_id']}")).json()
        assert entry["options"]["person_index"] == 1
    assert sorted(parses()) == [own, f"{own}-person-1"]
    assert (await ready.snap())["stage"] == "waiting", "the tailor's own choice is still there"


async def test_a_number_that_no_photo_has_is_refused(ready) -> None:
    for wrong in (-1, 100, "1st"):
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment, "person_index": wrong}
        assert (await ready.guest.http.post("/v1/tryons", json=body)).status_code == 422
