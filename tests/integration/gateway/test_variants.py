"""Variants of results: made once on demand, at one address an hour, and gone with the result."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image

from gateway.ledger.jobs import JobRow
from gateway.rules.admission import SHORT_LIST
from gateway.submitting.variants import LIFE_SECONDS, Wanted
from gateway.upkeep.erasure import AGAIN_AFTER
from hands import png, until
from proteus import imaging, object_keys
from proteus.keys import TAILOR
from proteus.marks import Mark, read_mark
from proteus.payloads import VariantWork
from proteus.picture_formats import sniff
from proteus.variants import VariantWidth

MARK = Mark(source_type="compositeWithTrainedAlgorithmicMedia", parameters={"engine": "timed", "seed": 7})
AVIF = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"


def picture(width: int = 768, height: int = 1024) -> bytes:
    """A smooth picture as a weaver stores it."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.dstack([rows % 256, columns % 256, (rows + columns) // 8 % 256]).astype(np.uint8)
    return imaging.encode(pixels, "png", mark=MARK)


def varies(answer: httpx.Response) -> list[str]:
    """What an answer depends on."""
    return [name.strip() for name in answer.headers.get("vary", "").split(",")]


class Made:
    """A guest's finished try-on, and ways to look at it."""

    def __init__(self, ready, hands, parts, job_id: str, row: JobRow) -> None:
        self.ready, self.hands, self.parts, self.job_id, self.row = ready, hands, parts, job_id, row
        assert row.result_key is not None
        self.key: str = row.result_key

    async def get(self, accept: str = "*/*", **query: object) -> httpx.Response:
        return await self.ready.guest.http.get(f"/v1/results/{self.job_id}/1", params=query, headers={"Accept": accept})

    async def fetched(self, answer: httpx.Response) -> httpx.Response:
        assert answer.status_code == 302, answer.text
        async with httpx.AsyncClient(verify=False) as client:
            return (await client.get(answer.headers["location"])).raise_for_status()

    def variants(self) -> list[str]:
        return sorted(found.key for found in self.hands.store.list("variants/"))


@pytest.fixture
async def made(ready, hands, parts) -> Made:
    snap = await ready.snap()
    async with hands.working():
        assert (await ready.guest.wait(snap["job_id"]))["status"] == "completed"
    async with parts.ledger.read() as reads:
        (row,) = (await reads.jobs.units_of([snap["job_id"]]))[snap["job_id"]]
    assert row.result_key
    hands.store.put(row.result_key, picture(), content_type="image/png")
    return Made(ready, hands, parts, snap["job_id"], row)


async def test_a_variant_is_made_once_by_the_tailor_and_has_one_address_an_hour(made: Made) -> None:
    async with made.hands.working(TAILOR):
        first = await made.get(w=320, format="webp")
    second = await made.get(w=320, format="webp")  # Nobody works any more: it is there.
    assert first.headers["location"] == second.headers["location"]
    fresh = int(second.headers["cache-control"].removeprefix("private, max-age="))
    assert 0 < fresh <= 3_600
    assert "Accept" not in varies(second)
    query = parse_qs(urlsplit(second.headers["location"]).query)
    assert query["X-Amz-Date"][0].endswith("0000Z")

    picture = await made.fetched(second)
    assert picture.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(picture.content)).size == (320, 427)
    assert picture.headers["cache-control"] == "public, immutable"
    assert picture.headers["expires"] == query["response-expires"][0]
    assert picture.headers["etag"]
    assert read_mark(picture.content) == MARK
    assert made.variants() == [object_keys.variant_key(made.key, width=320, quality="normal", format="webp")]


FORMATS = [
    ("*/*", {"w": 160}, ["jpeg"]),
    ("image/*,*/*;q=0.8", {"w": 320, "format": "auto"}, ["jpeg"]),
    ("image/webp,*/*", {"w": 160}, ["webp"]),
    ("image/avif;q=0,image/webp;q=0.1", {"w": 320}, ["webp"]),
    ("text/html", {"q": "low"}, ["jpeg"]),
    (AVIF, {"w": 480}, ["webp", "avif"]),
    ("*/*", {"w": 768, "format": "avif"}, ["webp", "avif"]),
    (AVIF, {"w": 480, "format": "jpeg", "q": "high"}, ["jpeg"]),
    ("*/*", {"w": 1024, "format": "png"}, ["png"]),
]
"""`Accept`, parameters, and the formats that come one after the other."""


async def test_the_format_follows_the_parameters_and_for_auto_what_the_client_names(made: Made) -> None:
    """Only the last answer of each may be kept: those before stand in for it."""

    async def settles(accept: str, query: dict[str, object], kinds: list[str]) -> None:
        seen: list[str] = []

        async def settled() -> bool:
            answer = await made.get(accept, **query)
            kind = str(sniff((await made.fetched(answer)).content[:64]))
            seen.extend([kind] if seen[-1:] != [kind] else [])
            assert ("Accept" in varies(answer)) is (query.get("format", "auto") == "auto")
            assert (answer.headers["cache-control"] == "no-store") is (kind != kinds[-1])
            return kind == kinds[-1]

        await until(settled)
        assert seen == kinds

    async with made.hands.working(TAILOR):
        for case in FORMATS:
            await settles(*case)


async def test_while_no_tailor_works_the_original_is_answered_and_no_cache_keeps_it(made: Made) -> None:
    answers = await asyncio.gather(*(made.get(w=160, format="webp") for _ in range(4)))
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert (await made.fetched(answer)).content == picture()
    # Those who asked together share one job.
    assert (await made.hands.queues[TAILOR].stats()).waiting == 1


async def test_a_long_list_of_the_tailors_gets_no_variants_on_top(made: Made) -> None:
    variants = made.parts.variants
    wanted = Wanted(width=VariantWidth.W160, format="webp", quality="normal")
    variants._short_list.pushed(SHORT_LIST)
    found = await variants.find(made.key, wanted, trace_id="t")
    assert (found.key, found.is_variant, found.as_wanted) == (made.key, False, False)
    assert (await made.hands.queues[TAILOR].stats()).waiting == 0


async def test_what_is_not_on_the_ladder_is_refused_by_name(made: Made) -> None:
    wrong = {"w": (100, 0, -160, "x", 320.5, "", 2**70), "format": ("gif", "AVIF", ""), "q": ("75", "best", "")}
    for name, value in ((name, value) for name, values in wrong.items() for value in values):
        refused = await made.get(**{name: value})
        assert (refused.status_code, name in refused.text) == (422, True), refused.text
    refused = await made.get(format="png", q="low")
    assert (refused.status_code, "q=low says nothing of format=png" in refused.text) == (400, True)
    assert made.variants() == []


async def test_a_variant_is_its_owners_alone(made: Made, gateway) -> None:
    stranger = await gateway.guest()
    async with made.hands.working(TAILOR):
        assert (await made.get(w=160)).status_code == 302
    asked = f"/v1/results/{made.job_id}/1?w=160"
    assert (await stranger.http.get(asked)).status_code == 404
    del stranger.http.headers["Authorization"]
    assert (await stranger.http.get(asked)).status_code == 401


async def test_without_parameters_the_address_leads_to_the_result_as_ever(made: Made) -> None:
    answer = await made.get(AVIF)
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept" not in varies(answer)
    assert (await made.fetched(answer)).content == picture()
    ticket = (await made.get("application/json")).json()
    assert set(ticket) == {"download_url", "expires_at"}


async def test_the_result_itself_is_saved_under_a_name_whether_as_a_redirect_or_as_json(made: Made) -> None:
    redirected = (await made.get(download="true")).headers["location"]
    told = (await made.get("application/json", download="true")).json()["download_url"]
    shown = (await made.get("application/json")).json()["download_url"]
    async with httpx.AsyncClient(verify=False) as client:
        answers = [(await client.get(url)).raise_for_status() for url in (redirected, told, shown)]
    named = [
        answer.headers.get("content-disposition", "").partition(f'filename="{made.job_id}-1.')[:2] for answer in answers
    ]
    assert [bool(found) for _, found in named] == [True, True, False]


async def test_json_and_downloads_lead_to_variants_too(made: Made) -> None:
    async with made.hands.working(TAILOR):
        told = await made.get("application/json, image/webp", w=160)
        saved = await made.get(w=160, format="webp", download="true")
    assert told.headers["cache-control"] == "no-store"
    async with httpx.AsyncClient(verify=False) as client:
        assert sniff((await client.get(told.json()["download_url"])).content[:64]) == "webp"
    assert (await made.fetched(saved)).headers["content-disposition"] == f'attachment; filename="{made.job_id}-1.webp"'


async def test_statuses_name_a_thumbnail_and_it_is_there(made: Made) -> None:
    (shown,) = (await made.ready.guest.http.get(f"/api/status/{made.job_id}")).json()["results"]
    assert shown["thumbnail_url"] == f"/v1/results/{made.job_id}/1?w=320"
    async with made.hands.working(TAILOR):
        answer = await made.ready.guest.http.get(shown["thumbnail_url"], headers={"Accept": "image/webp"})
    assert Image.open(io.BytesIO((await made.fetched(answer)).content)).width == 320


async def test_a_cut_out_has_variants_that_keep_its_transparency(made: Made, ready, hands) -> None:
    photo = await ready.guest.upload(png((120, 90)), kind="garment")
    cut = (await ready.guest.http.post("/v1/segmentations", json={"image_url": photo})).json()["job_id"]
    async with hands.working(TAILOR):
        (shown,) = (await ready.guest.wait(cut))["results"]
        answer = await ready.guest.http.get(shown["thumbnail_url"])
    assert sniff((await made.fetched(answer)).content[:64]) == "png"


@pytest.mark.parametrize("how", ["try-on", "photo", "user"])
async def test_variants_go_with_the_result(made: Made, how: str) -> None:
    async with made.hands.working(TAILOR):
        await asyncio.gather(*(made.get(w=width, format="jpeg") for width in (160, 320)))
    assert len(made.variants()) == 2
    async with made.parts.ledger.read() as reads:
        entry = await reads.tryons.find(made.job_id, user_id=made.ready.guest.user_id)
        assert entry is not None
        image = await reads.images.find(entry.person_image_id, user_id=entry.user_id)
    assert image is not None
    if how == "try-on":
        await made.parts.eraser.tryon(entry)
    elif how == "photo":
        await made.parts.eraser.image(image)
    else:
        await made.parts.eraser.user(entry.user_id)
    assert made.variants() == []


async def test_a_variant_that_comes_after_the_deletion_goes_as_well(made: Made) -> None:
    await made.get(w=160, format="webp")
    job = await made.hands.take(TAILOR)
    await made.ready.guest.http.delete(f"/v1/tryons/{made.job_id}")
    # The tailor had read the result before: it finds out when it looks again.
    made.hands.store.delete(made.key)
    await made.hands.finish(job)
    assert made.variants() == []
    (view,) = await made.hands.queues[TAILOR].look(job.id)
    assert view is not None
    assert (view.state, view.code) == ("failed", "not_found")
    # One that a tailor stored and could not take back: the prefix is emptied once more.
    late = object_keys.variant_key(made.key, width=480, quality="normal", format="webp")
    made.hands.store.put(late, b"late", content_type="image/webp")
    async with made.parts.ledger.read() as reads:
        now = await reads.now()
    assert timedelta(seconds=2 * LIFE_SECONDS) <= AGAIN_AFTER
    await made.parts.eraser.run_due(now + AGAIN_AFTER + timedelta(minutes=1))
    assert made.variants() == []


async def test_the_counts_of_rows_and_queue_agree_while_variants_wait_and_run(made: Made) -> None:
    await made.get(w=160, format="webp")
    queue = made.parts.queues[TAILOR]
    assert await queue.count() == 0
    job = await made.hands.take(TAILOR)
    assert isinstance(VariantWork.read(job.body), VariantWork)
    assert await queue.count() == 0
