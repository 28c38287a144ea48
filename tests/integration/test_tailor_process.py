"""A tailor as a process: uploads become photos, cut-outs and parses; what is refused leaves nothing."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from PIL import Image

from no_torch import without_torch
from proteus import imaging
from proteus.artefacts import GarmentCut, IngestedImage, PersonParse
from proteus.blurhash import blurhash
from proteus.jobs import JobState
from proteus.queue import JobView
from proteus.service.http_protocol import HEADERS_BYTES_MOST
from proteus.service.machine import RESERVE_BYTES, memory_limit_bytes
from proteus.service.security_headers import SECURITY_HEADERS
from workbench import assets
from workbench.stack.ports import free_port

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[2]
POSE = ROOT / ".proteus" / "models" / "pose"
ASSETS = Path(assets.__file__).parent

pytestmark = pytest.mark.usefixtures("pose_folder")


async def tailor(fleet: Fleet, worker_id: str = "t1", **environment: str) -> Any:
    process = fleet.start("tailor", worker_id, **{"POSE_MODEL_DIR": str(POSE), "TAILOR_HTTP_PORT": "0"} | environment)
    await fleet.ready(process, fleet.tailor_queue)
    return process


async def do(fleet: Fleet, name: str, body: Mapping[str, Any]) -> JobView:
    (job_id,) = await fleet.submit_to_tailor(name, body)

    async def ended() -> JobView | None:
        (view,) = await fleet.tailor_queue.look(job_id)
        assert view is not None
        return view if view.state.terminal else None

    view: JobView = await fleet.until(ended, what=f"{job_id} ends")
    return view


async def ingest(fleet: Fleet, name: str, data: bytes, content_type: str = "image/jpeg") -> JobView:
    key = f"incoming/usr_1/img_{name}"
    fleet.store.put(key, data, content_type=content_type)
    return await do(fleet, name, {"task": "ingest", "incoming_key": key, "content_type": content_type})


def stored(fleet: Fleet) -> list[str]:
    """Everything in the bucket but the pictures of the fixture."""
    return sorted(
        found.key for found in fleet.store.list("") if "usr_1/person" not in found.key and "garment" not in found.key
    )


async def test_a_photo_and_a_garment_become_what_a_weaver_needs(fleet: Fleet, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    await tailor(fleet, HOME=str(scratch), TMPDIR=str(scratch))
    person = IngestedImage(**(await ingest(fleet, "p", (ASSETS / "person.jpg").read_bytes())).result["image"])
    garment = IngestedImage(**(await ingest(fleet, "g", (ASSETS / "garment.jpg").read_bytes())).result["image"])
    assert len(list(fleet.store.list("incoming/"))) == 2, "they stay until somebody has recorded the ingest"
    assert imaging.load(fleet.store.get(person.key), "RGB").shape == (person.height, person.width, 3)

    made = await do(
        fleet,
        "cut",
        {"task": "cut", "image_key": garment.key, "image_sha256": garment.sha256, "category": "auto"},
    )
    assert made.state is JobState.COMPLETED, made
    cut = GarmentCut(**made.result["cut"])
    assert made.result["result_key"] == cut.cut_key
    pixels = imaging.load(fleet.store.get(cut.cut_key), "RGBA")
    assert pixels.shape == (cut.height, cut.width, 4)
    ground = Image.new("RGBA", (cut.width, cut.height), "white")
    seen = Image.alpha_composite(ground, Image.fromarray(pixels)).convert("RGB")
    assert made.result["blurhash"] == blurhash(np.asarray(seen))
    assert cut.category == "upper"

    made = await do(fleet, "parse", {"task": "parse", "image_key": person.key, "image_sha256": person.sha256})
    assert made.state is JobState.COMPLETED, made
    parse = PersonParse(**fleet.store.get_json(made.result["result_key"]))
    assert imaging.load(fleet.store.get(parse.person_mask_key), "L").shape == (person.height, person.width)
    # A weaver of an older version refuses other names there.
    assert set(parse.agnostic_mask_keys) == {"upper", "lower", "overall", "dress"}
    assert set(parse.layer_mask_keys) == {"inner", "outer"}
    assert list(scratch.rglob("*")) == [], "nothing is written beside the store"


def png(mode: str = "RGB", size: tuple[int, int] = (80, 80), **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG", **options)
    return out.getvalue()


def bomb() -> bytes:
    """A valid PNG header that promises 1.6 gigapixels, and not much behind it."""
    small = png("1", (80, 80))
    header = struct.pack(">II", 40_000, 40_000) + small[24:29]
    return small[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + small[33:]


def animated() -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (80, 80), (shade, 0, 0)) for shade in (0, 90, 180)]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    return out.getvalue()


def jpeg() -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(out, "JPEG")
    return out.getvalue()


REFUSED = [
    ("not an image", lambda: b"%PDF-1.7 no picture at all", "image/png", "unsupported_media"),
    ("zero bytes", lambda: b"", "image/png", "image_unreadable"),
    ("truncated", lambda: jpeg()[:2000], "image/jpeg", "image_unreadable"),
    ("a bomb", bomb, "image/png", "image_too_large"),
    ("too small", lambda: png(size=(20, 20)), "image/png", "image_too_small"),
    ("animated", animated, "image/webp", "unsupported_media"),
    ("too many bytes", lambda: jpeg() + b"\0" * (21 * 1024 * 1024), "image/jpeg", "image_too_large"),
]


async def test_a_refused_upload_has_a_code_and_leaves_nothing_under_any_prefix(fleet: Fleet) -> None:
    process = await tailor(fleet)
    for n, (why, make, content_type, code) in enumerate(REFUSED):
        view = await ingest(fleet, f"bad{n}", make(), content_type)
        assert (view.state, view.code) == (JobState.FAILED, code), why
        assert stored(fleet) == [], why
    missing = await do(
        fleet, "none", {"task": "ingest", "incoming_key": "incoming/usr_1/none", "content_type": "image/png"}
    )
    assert (missing.state, missing.code) == (JobState.FAILED, "upload_missing")
    assert await fleet.tailor_queue.dead_letters() == [], "no operator can mend what a user sent"
    assert process.stop() == 0


async def test_a_picture_without_what_is_asked_for_fails_with_its_own_code(fleet: Fleet) -> None:
    await tailor(fleet)
    blank = IngestedImage(**(await ingest(fleet, "blank", png(size=(300, 300)), "image/png")).result["image"])
    body = {"image_key": blank.key, "image_sha256": blank.sha256}
    person = await do(fleet, "noone", {"task": "parse", **body})
    garment = await do(fleet, "nothing", {"task": "cut", "category": "auto", **body})
    assert (person.code, garment.code) == ("no_person_detected", "no_garment_detected")
    unknown = await do(fleet, "unknown", {"task": "parse", **body, "image_key": "images/usr_1/gone.png"})
    assert (unknown.state, unknown.code) == (JobState.FAILED, "not_found")
    torn = fleet.store.get(blank.key)[:60]
    fleet.store.put("images/usr_1/torn.png", torn, content_type="image/png")
    damaged = await do(fleet, "damaged", {"task": "parse", "image_key": "images/usr_1/torn.png", "image_sha256": "a"})
    assert (damaged.state, damaged.code) == (JobState.FAILED, "image_unreadable")
    assert set(await fleet.tailor_queue.dead_letters()) == {"seg_unknown", "seg_damaged"}, "what we lost or broke"


async def test_an_upload_after_ingest_changes_nothing_that_is_read(fleet: Fleet) -> None:
    await tailor(fleet)
    first = await ingest(fleet, "once", jpeg())
    before = fleet.store.get(first.result["image"]["key"])
    fleet.store.put("incoming/usr_1/img_once", png(), content_type="image/png")
    again = await do(fleet, "once", {"task": "ingest", "incoming_key": "incoming/usr_1/img_once"})
    assert again.result == first.result
    assert fleet.store.get(first.result["image"]["key"]) == before


async def test_an_ingest_done_twice_is_one_photo(fleet: Fleet) -> None:
    await tailor(fleet)
    first = await ingest(fleet, "one", jpeg())
    second = await ingest(fleet, "two", jpeg())
    assert first.result == second.result
    assert len([key for key in stored(fleet) if key.startswith("images/")]) == 1


@pytest.mark.long
async def test_a_killed_tailors_jobs_are_done_by_another_one(fleet: Fleet) -> None:
    victim = await tailor(fleet)
    photo = IngestedImage(**(await ingest(fleet, "k", (ASSETS / "garment.jpg").read_bytes())).result["image"])
    body = {"task": "cut", "image_key": photo.key, "image_sha256": photo.sha256, "category": "auto"}
    jobs = [asyncio.create_task(do(fleet, f"k{n}", body)) for n in range(12)]

    async def working() -> bool:
        return await fleet.redis.zcard(fleet.tailor_queue.keys.leases) == 2

    await fleet.until(working, what="both slots are taken")
    victim.send(signal.SIGSTOP)  # So that what it holds is what it holds when it dies.
    held = await fleet.redis.zcard(fleet.tailor_queue.keys.leases)
    victim.send(signal.SIGKILL)
    await tailor(fleet, "t2")
    views = await asyncio.gather(*jobs)
    assert {view.state for view in views} == {JobState.COMPLETED}
    assert sum(view.crashes for view in views) >= held  # More if a crowded machine let the second one's lease run out.


@pytest.fixture(scope="module")
def segformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SegFormer with random weights and its export, as `make weights` leaves them."""
    pytest.importorskip("torch")
    from workbench.bench.checkpoints import write_segformer
    from workbench.weights_cli import export_segformer

    folder = write_segformer(tmp_path_factory.mktemp("models") / "segformer")
    export_segformer(folder)
    return folder


def from_bucket(fleet: Fleet, folder: Path, tmp_path: Path, *, leave_out: str = "") -> dict[str, str]:
    """Put a model into the bucket; return what a tailor without PyTorch and without weights needs to fetch it."""
    for file in folder.rglob("*"):
        if file.is_file() and file.suffix != leave_out:
            key = f"models/{file.relative_to(folder.parent).as_posix()}"
            fleet.store.put(key, file.read_bytes(), content_type="application/octet-stream")
    return {
        **without_torch(tmp_path),
        "TAILOR_PARSER": folder.name,
        "TAILOR_WEIGHTS_DIR": str(tmp_path / "weights"),
        "TAILOR_WEIGHTS_SOURCE": f"s3://{fleet.store.settings.bucket}/models",
    }


async def test_a_tailor_without_torch_serves_segformer_from_a_bucket(
    fleet: Fleet, segformer: Path, tmp_path: Path
) -> None:
    process = await tailor(fleet, **from_bucket(fleet, segformer, tmp_path))
    assert process.said("weights_fetched")
    person = IngestedImage(**(await ingest(fleet, "p", (ASSETS / "person.jpg").read_bytes())).result["image"])
    made = await do(fleet, "parse", {"task": "parse", "image_key": person.key, "image_sha256": person.sha256})
    assert made.state is JobState.COMPLETED, made
    parse = PersonParse(**fleet.store.get_json(made.result["result_key"]))
    assert parse.parser == "segformer"

    # Random weights find no garment, and the job says so.
    garment = IngestedImage(**(await ingest(fleet, "g", (ASSETS / "garment.jpg").read_bytes())).result["image"])
    body = {"image_key": garment.key, "image_sha256": garment.sha256, "category": "auto"}
    assert (await do(fleet, "cut", {"task": "cut", **body})).code == "no_garment_detected"


@pytest.mark.long
async def test_a_tailor_without_torch_and_without_the_export_says_how_to_make_it(
    fleet: Fleet, segformer: Path, tmp_path: Path
) -> None:
    environment = from_bucket(fleet, segformer, tmp_path, leave_out=".onnx")
    process = fleet.start("tailor", "t1", POSE_MODEL_DIR=str(POSE), TAILOR_HTTP_PORT="0", **environment)
    assert await asyncio.to_thread(process.popen.wait, 60) == 1
    [said] = [json.loads(line) for line in process.log.read_text().splitlines() if '"cannot_work"' in line]
    assert "finds no exported network" in said["reason"]
    assert "`make weights MODEL=segformer ACCEPT=1`" in said["reason"]
    assert not process.said("Traceback")


async def test_a_tailor_without_memory_for_one_slot_refuses_to_start_and_says_why(fleet: Fleet) -> None:
    process = fleet.start(
        "tailor", "t1", POSE_MODEL_DIR=str(POSE), TAILOR_HTTP_PORT="0", TAILOR_IMAGE_BYTES_MOST=str(1 << 50)
    )
    assert await asyncio.to_thread(process.popen.wait, 60) == 1
    [line] = [line for line in process.log.read_text().splitlines() if "cannot_work" in line]
    assert "TAILOR_SLOTS: not even 1 fits" in line
    assert "raise the memory limit" in line


async def test_a_tailors_port_sends_security_headers_and_leads_to_no_foreign_host(fleet: Fleet) -> None:
    port = free_port()
    await tailor(fleet, TAILOR_HTTP_HOST="127.0.0.1", TAILOR_HTTP_PORT=str(port))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for path, status in (("/healthz", 200), ("/metrics", 200), ("/openapi.json", 200), ("/docs", 404)):
            answer = await http.get(path)
            assert answer.status_code == status
            assert [answer.headers.get(name) for name, _ in SECURITY_HEADERS] == [
                value for _, value in SECURITY_HEADERS
            ]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * (HEADERS_BYTES_MOST + 1))
    assert (await reader.read()).startswith(b"HTTP/1.1 431")
    writer.close()


async def test_a_tailor_leaves_out_slots_that_its_memory_has_no_room_for_and_works(fleet: Fleet) -> None:
    free = memory_limit_bytes() - RESERVE_BYTES - 1024**3
    process = await tailor(fleet, TAILOR_IMAGE_BYTES_MOST=str(free * 2 // 3))
    assert process.said("slots_lowered")
    made = await ingest(fleet, "g", (ASSETS / "garment.jpg").read_bytes())
    assert made.state is JobState.COMPLETED
    assert process.stop() == 0


async def test_an_upload_that_takes_too_much_memory_is_refused_with_the_bytes_and_the_limit(fleet: Fleet) -> None:
    process = await tailor(fleet, TAILOR_IMAGE_BYTES_MOST=str(64 * 1024 * 1024))
    view = await ingest(fleet, "big", png("RGBA", (5000, 4000)), "image/png")
    assert (view.state, view.code) == (JobState.FAILED, "image_too_large")
    assert "5000 x 4000 RGBA" in str(view)
    assert "67108864 are the most" in str(view)
    assert process.stop() == 0
