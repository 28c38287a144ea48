"""`POST /segment` of the tailor: a picture in, a transparent picture or a clear problem out."""

from __future__ import annotations

import asyncio
import io
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from prometheus_client import CollectorRegistry

from proteus import imaging
from tailor.bench import WAITING_PER_SLOT, Bench
from tailor.http import Bodies, Door, make_app
from tailor.metrics import Metrics
from tailor.parsers.classic import ClassicParser
from tailor.parsers.contract import GarmentMask, PersonMasks, Pixels
from tailor.pose import PoseModel
from waiting import PATIENCE_SECONDS
from workbench import assets

GARMENT = (Path(assets.__file__).parent / "garment.jpg").read_bytes()


def client_of(
    bench: Bench | None,
    *,
    not_ready: str | None = None,
    overdue: str | None = None,
    bodies: Bodies | None = None,
    door: Door | None = None,
) -> httpx.AsyncClient:
    app = make_app(
        lambda: bench,
        metrics=Metrics(CollectorRegistry()),
        not_ready=lambda: not_ready,
        overdue=lambda: overdue,
        bodies=bodies,
        door=door,
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://tailor")


@pytest.fixture(scope="module")
def bench(pose_folder: Path) -> Bench:
    return Bench([ClassicParser(PoseModel(pose_folder))], pose_model=PoseModel.name)


@pytest.fixture
async def http(bench: Bench) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(bench) as client:
        yield client


@pytest.mark.parametrize("as_form", [False, True])
async def test_a_garment_comes_back_cut_out_with_what_was_found(http: httpx.AsyncClient, as_form: bool) -> None:
    if as_form:
        answer = await http.post("/segment", files={"image": ("garment.jpg", GARMENT, "image/jpeg")})
    else:
        answer = await http.post("/segment", content=GARMENT, headers={"Content-Type": "image/jpeg"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    cut = imaging.load(answer.content, "RGBA")
    left, top, right, bottom = (int(side) for side in answer.headers["x-proteus-bounding-box"].split(","))
    assert cut.shape == (bottom - top, right - left, 4)
    assert cut[..., 3].min() == 0
    assert answer.headers["x-proteus-category"] == "upper"
    assert 0 < float(answer.headers["x-proteus-confidence"]) <= 1
    assert answer.headers["x-proteus-worn"] == "false"
    assert answer.headers["x-proteus-parser"].startswith("classic/")


async def test_a_large_form_is_read_without_a_file_under_tmp(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    large = GARMENT + bytes(5 * 1024 * 1024)
    answer = await http.post("/segment", files={"image": ("garment.jpg", large, "image/jpeg")})
    assert answer.status_code == 200, answer.text


def png(size: tuple[int, int] = (300, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 200, 200)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"", "image/png", 400, "image_unreadable"),
        (b"no picture", "image/png", 415, "unsupported_media"),
        (GARMENT[:5000], "image/jpeg", 400, "image_unreadable"),
        (GARMENT + b"\0" * (21 * 1024 * 1024), "image/jpeg", 413, "image_too_large"),
        (png((20, 20)), "image/png", 400, "image_too_small"),
        (png(), "image/png", 422, "no_garment_detected"),
        (b"--x\r\nnonsense", "multipart/form-data; boundary=x", 400, "invalid_request"),
        (b"--x--\r\n", "multipart/form-data", 400, "invalid_request"),
    ],
)
async def test_bad_input_is_a_problem_with_a_code(
    http: httpx.AsyncClient, body: bytes, content_type: str, status: int, code: str
) -> None:
    answer = await http.post("/segment", content=body, headers={"Content-Type": content_type})
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["detail"]


async def test_a_form_without_a_file_and_an_unknown_category_are_refused(http: httpx.AsyncClient) -> None:
    without = await http.post("/segment", data={"category": "upper"}, files={"note": (None, "hello")})
    assert (without.status_code, without.json()["code"]) == (400, "invalid_request")
    unknown = await http.post("/segment?category=glove", content=GARMENT)
    assert (unknown.status_code, unknown.json()["code"]) == (400, "invalid_request")
    assert "query.category" in unknown.json()["detail"]
    assert "glove" in unknown.json()["detail"]


class SlowParser:
    """A parser behind the seam that waits until it is let go."""

    name, version = "slow", "1"

    def __init__(self) -> None:
        self.go = threading.Event()

    def find_garment(self, photo: Pixels, *, category: str) -> GarmentMask:
        self.go.wait(10)
        return GarmentMask(alpha=np.full(photo.shape[:2], 255, np.uint8), category="upper", confidence=1.0, worn=False)

    def find_person(self, photo: Pixels, *, index: int | None = None) -> PersonMasks:
        raise NotImplementedError


async def test_more_requests_than_can_wait_are_told_to_come_again() -> None:
    parser = SlowParser()
    async with client_of(Bench([parser], pose_model="none")) as http:
        asked = [asyncio.create_task(http.post("/segment", content=png())) for _ in range(6)]
        done, waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        (refused,) = [one.result() for one in done]
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert refused.headers["retry-after"] == "1"
        parser.go.set()
        assert {(await one).status_code for one in waiting} == {200}


async def test_probes_say_when_the_tailor_drains() -> None:
    async with client_of(Bench([SlowParser()], pose_model="none"), not_ready="the tailor is draining") as http:
        assert (await http.get("/healthz")).status_code == 200
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.text) == (503, "the tailor is draining\n")
        assert (await http.get("/metrics")).status_code == 200


async def test_liveness_names_a_loop_that_does_not_turn() -> None:
    async with client_of(None, overdue="loops that stopped turning: work") as http:
        answer = await http.get("/healthz")
        assert (answer.status_code, answer.text) == (503, "loops that stopped turning: work\n")


async def test_a_tailor_that_loads_its_parser_answers_probes_and_refuses_pictures_for_now() -> None:
    async with client_of(None, not_ready="the tailor is loading") as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        refused = await http.post("/segment", content=GARMENT)
        assert (refused.status_code, refused.json()["code"], refused.json()["retryable"]) == (503, "not_loaded", True)
        assert refused.headers["retry-after"] == "1"


class HalfSent:
    """Bodies that stop in the middle until `end` is set."""

    def __init__(self, size_bytes: int = 10) -> None:
        self.size_bytes, self.end, self.sent = size_bytes, asyncio.Event(), 0

    async def body(self) -> AsyncIterator[bytes]:
        yield b"x" * self.size_bytes
        self.sent += 1
        await self.end.wait()

    async def all_sent(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.sent < count:  # noqa: ASYNC110 - it ends with the sends, in this same loop
                await asyncio.sleep(0)


async def test_half_sent_bodies_do_not_stop_an_honest_request(bench: Bench) -> None:
    many = 2 * bench.slots * (1 + WAITING_PER_SLOT)
    half = HalfSent()
    async with client_of(bench) as client:
        stuck = [asyncio.create_task(client.post("/segment", content=half.body())) for _ in range(many)]
        await half.all_sent(many)
        answer = await client.post("/segment", content=GARMENT)
        half.end.set()
        assert {answer.status_code for answer in await asyncio.gather(*stuck)} <= {415, 429}
    assert answer.status_code == 200, answer.text


async def test_a_body_that_stands_still_is_given_up(bench: Bench) -> None:
    async with client_of(bench, bodies=Bodies(seconds=0.05)) as client:
        answer = await client.post("/segment", content=HalfSent().body())
    assert (answer.status_code, answer.json()["detail"]) == (408, "only 10 bytes of the body came in time")


async def test_bodies_in_flight_share_a_memory_and_give_it_back(bench: Bench) -> None:
    half = HalfSent(size_bytes=len(GARMENT))
    async with client_of(bench, bodies=Bodies(memory_bytes=2 * len(GARMENT) - 1)) as client:
        stuck = asyncio.create_task(client.post("/segment", content=half.body()))
        await half.all_sent(1)
        refused = await client.post("/segment", content=GARMENT)
        half.end.set()
        await stuck
        served = await client.post("/segment", content=GARMENT)
    assert (refused.status_code, refused.json()["retryable"]) == (429, True)
    assert served.status_code == 200, served.text


@pytest.mark.parametrize("sent", ["", "Bearer wrong", "Bearer", "secret", "Basic secret", "Bearer s\u00e9cret"])
async def test_a_caller_without_the_deployments_token_gets_401(bench: Bench, sent: str) -> None:
    async with client_of(bench, door=Door(token="secret", host="0.0.0.0")) as client:
        answer = await client.post("/segment", content=GARMENT, headers={"Authorization": sent.encode()})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert (await client.get("/healthz")).status_code == 200


async def test_a_caller_with_the_deployments_token_is_served(bench: Bench) -> None:
    async with client_of(bench, door=Door(token="secret", host="0.0.0.0")) as client:
        answer = await client.post("/segment", content=GARMENT, headers={"Authorization": "Bearer secret"})
        assert answer.status_code == 200


async def test_a_tailor_beyond_loopback_without_a_token_serves_nobody(bench: Bench) -> None:
    async with client_of(bench, door=Door(host="0.0.0.0")) as client:
        answer = await client.post("/segment", content=GARMENT)
        assert (answer.status_code, answer.json()["code"]) == (503, "segment_closed")


@pytest.mark.parametrize("codec", ["undefined", "punycode", "utf-7"])
async def test_no_caller_names_the_codec_in_which_its_form_is_read(bench: Bench, codec: str) -> None:
    field = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n'
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + GARMENT + b"\r\n--x--\r\n"
    kind = f"multipart/form-data; charset={codec}; boundary=x"
    async with client_of(bench) as client:
        answer = await client.post("/segment", content=field + file, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--y\r\n\r\n", b"--x\r\nno header\r\n\r\n", b"--x\r\n" + b"A: b\r\n" * 99]
)
async def test_a_form_that_is_none_is_refused(bench: Bench, body: bytes) -> None:
    async with client_of(bench) as client:
        answer = await client.post(
            "/segment", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
