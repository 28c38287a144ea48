"""The Python client against a real gateway: every way to give a picture, every way to follow, every way to end."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from proteus_client import AsyncProteus, Invalid, JobEnded, NotAPicture, NotFound, Refused, ServerUnreachable, TryOn
from proteus_client.client import By

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("by", ["stream", "socket", "poll"])
async def test_pictures_come_as_files_bytes_or_addresses_and_jobs_are_followed_every_way(
    gateway, hands, picture, tmp_path, by: By
) -> None:
    person, garment = tmp_path / "person.png", picture((80, 80))
    person.write_bytes(picture())
    told: list[str] = []
    async with hands.working(), AsyncProteus(gateway.url, by=by) as proteus:
        assert proteus.token, "it became a guest"
        first = await proteus.tryon(
            person, io.BytesIO(garment), category="upper", seed=7, on_progress=lambda job: told.append(job.status),
            idempotency_key="order-4711",
        )  # fmt: skip
        address = await proteus.upload(garment, kind="garment")
        again = await proteus.tryon(str(person), address, num_samples=2)
        body = first.job.model_dump()
        photo = await proteus.image(address)
        cut = await proteus.cut_out(address)
        on_cut_out = await proteus.tryon(str(person), str(cut.results[0].cloth_clean_url))
        on_result = await proteus.tryon(str(on_cut_out.result.url), garment)
        assert (await proteus.status(first.job_id)).model_dump() == body
        with pytest.raises(NotFound) as missing:
            await proteus.status("job_nowhere")
        assert (missing.value.code, bool(missing.value.request_id)) == ("not_found", True)
        with pytest.raises(Invalid, match="/body/category"):
            await proteus.tryon(address, address, category="glove")  # type: ignore[arg-type]
    assert (told[-1], photo.kind, on_result.job.status) == ("completed", "garment", "completed")
    assert (first.result.seed, len(again.pictures)) == (7, 2)
    for done, n in ((first, None), (again, 2)):
        assert done.save(tmp_path / "new" / "look.png", n=n).read_bytes() == done.picture
        assert done.picture.startswith(b"\x89PNG")
    with pytest.raises(IndexError, match="1 to 2"):
        again.save(tmp_path / "x.png", n=3)


async def test_a_key_of_ones_own_makes_two_calls_one_try_on(gateway, ready, hands) -> None:
    async with hands.working(), AsyncProteus(gateway.url, token=ready.guest.token) as proteus:
        looks = await asyncio.gather(
            *(proteus.tryon(ready.person, ready.garment, idempotency_key="order-4711") for _ in range(3))
        )
    assert len({look.job_id for look in looks}) == 1
    assert all(isinstance(look, TryOn) for look in looks)


async def test_a_failed_and_a_cancelled_try_on_are_errors_with_what_the_server_said(gateway, ready, hands) -> None:
    async with AsyncProteus(gateway.url, token=ready.guest.token) as proteus:
        submitted = await proteus.submit(ready.person, ready.garment)
        following = asyncio.create_task(proteus.follow(submitted.job_id))
        await proteus.cancel(submitted.job_id)
        with pytest.raises(JobEnded) as ended:
            await following
        assert (ended.value.code, ended.value.job.status) == ("canceled", "canceled")
        async with hands.working():
            # The tailor may be faster than the submit, which then refuses at once.
            with pytest.raises((JobEnded, Invalid), match="header is broken") as failed:
                await proteus.tryon(b"\xff\xd8\xff" + bytes(200), ready.garment)
        assert failed.value.code == "image_unreadable"  # type: ignore[attr-defined] # both have it


async def test_what_is_no_picture_is_refused_before_anything_is_sent(tmp_path) -> None:
    (tmp_path / "empty.jpg").touch()
    async with AsyncProteus("http://127.0.0.1:9", token="t") as proteus:
        for garment in (b"", b"GIF89a", tmp_path / "empty.jpg", io.BytesIO(b"no")):
            with pytest.raises(NotAPicture):
                await proteus.upload(garment, kind="garment")
        with pytest.raises(FileNotFoundError):
            await proteus.upload(tmp_path / "none.jpg", kind="garment")
        with pytest.raises(ServerUnreachable):
            await proteus.status("job_1")


async def test_a_socket_without_a_valid_token_is_refused_as_a_request_is(gateway) -> None:
    with pytest.raises(Refused) as refused:
        async with AsyncProteus(gateway.url, token="none", by="socket"):
            raise AssertionError("it opened")
    assert refused.value.code == "unauthorized"


async def test_llms_txt_is_the_repositorys_and_names_every_route(gateway) -> None:
    guest = await gateway.guest()
    answer = await guest.http.get("/llms.txt")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.text == (ROOT / "llms.txt").read_text()
    described = (await guest.http.get("/openapi.json")).json()["paths"]
    lines = set(answer.text.splitlines())
    assert {
        f"- `{method.upper()} {path}`: {operation['summary']}"
        for path, operations in described.items()
        for method, operation in operations.items()
    } <= lines
