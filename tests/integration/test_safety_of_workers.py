"""A tailor and a weaver with a safety model: what they block, what they store, and how they fail closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from proteus import keys
from proteus.jobs import JobId, JobState, WorkerId
from proteus.payloads import TryonWork
from proteus.queue import JobView, MemoryJobQueue, Submission
from proteus.service.lifecycle import CANNOT_WORK
from proteus.storage import ObjectStore
from proteus.worker.claims import Claims
from proteus.worker.safety import SafetyCheck, SafetyModel
from safety_models import GREY, PINK, RED, painted, write_model
from weaver.delivery import Delivery
from weaver.metrics import Metrics
from weaver.open_batch import BatchItem
from weaver.pipelines.contract import Finished, WeaveJob
from weaver.pipelines.timed import TimedEngine
from weaver.progress import ProgressReporter
from workbench.stack.ports import free_port
from worker_parts import worker_parts

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

POSE = Path(__file__).parents[2] / ".proteus" / "models" / "pose"


async def ingested(fleet: Fleet, name: str, colour: tuple[int, int, int], **body: Any) -> JobView:
    key = f"incoming/usr_1/{name}"
    fleet.store.put(key, painted(colour), content_type="image/png")
    (job_id,) = await fleet.submit_to_tailor(name, {"task": "ingest", "incoming_key": key, **body})

    async def ended() -> JobView | None:
        (view,) = await fleet.tailor_queue.look(job_id)
        return view if view and view.state.terminal else None

    view: JobView = await fleet.until(ended, what=f"{job_id} ends")
    return view


def photos(fleet: Fleet) -> list[str]:
    return [found.key for area in ("incoming/usr_1", "images/usr_1") for found in fleet.store.list(area)]


async def started(fleet: Fleet, worker_id: str, **environment: str) -> None:
    settings = {"POSE_MODEL_DIR": str(POSE), "TAILOR_HTTP_PORT": "0", "TAILOR_SLOTS": "1"}
    await fleet.ready(fleet.start("tailor", worker_id, **settings | environment), fleet.tailor_queue)


@pytest.mark.usefixtures("pose_folder")
async def test_a_tailor_blocks_by_level_keeps_nothing_and_refuses_what_it_cannot_examine(
    fleet: Fleet, tmp_path: Path
) -> None:
    model = write_model(tmp_path / "safety")
    before, port = set(photos(fleet)), free_port()
    http = {"TAILOR_HTTP_HOST": "127.0.0.1", "TAILOR_HTTP_PORT": str(port)}
    await started(fleet, "t1", SAFETY_LEVEL="standard", SAFETY_WEIGHTS_DIR=str(model.parent), **http)
    for n, (colour, body) in enumerate(
        (
            (RED, {}),
            (RED, {"kind": "garment"}),
            (RED, {"safety": "strict"}),
            (PINK, {"safety": "strict"}),
            (RED, {"safety": "extreme"}),
        )
    ):
        view = await ingested(fleet, f"bad{n}", colour, **body)
        assert (view.state, view.code, view.attempts) == (JobState.FAILED, "content_blocked", 1), (colour, body)
        assert set(photos(fleet)) == before, "neither a photo nor the upload"
    for n, (colour, body) in enumerate(((GREY, {}), (PINK, {}), (RED, {"safety": "off"}))):
        view = await ingested(fleet, f"good{n}", colour, **body)
        assert view.state is JobState.COMPLETED, (colour, body, view)
    async with httpx.AsyncClient() as client:
        said = await client.post(f"http://127.0.0.1:{port}/segment", content=painted(RED))
        assert (said.status_code, said.json()["code"]) == (422, "content_blocked")
    assert await fleet.tailor_queue.dead_letters() == []


@pytest.mark.usefixtures("pose_folder")
async def test_a_model_that_fails_is_tried_again_and_then_the_job_fails_by_name(fleet: Fleet, tmp_path: Path) -> None:
    before = set(photos(fleet))
    await started(
        fleet, "t1", SAFETY_LEVEL="strict", SAFETY_WEIGHTS_DIR=str(write_model(tmp_path / "safety", "raises").parent)
    )
    assert (await ingested(fleet, "grey", GREY)).state is JobState.COMPLETED
    kept = set(photos(fleet)) - before
    view = await ingested(fleet, "red", RED)
    assert (view.state, view.code) == (JobState.FAILED, "safety_unavailable")
    assert view.attempts == fleet.policy.max_attempts
    assert {key for key in set(photos(fleet)) - before - kept if key.startswith("images/")} == set()
    assert await fleet.tailor_queue.dead_letters() == ["seg_red"], "an operator can let it try again"


@pytest.mark.slow
@pytest.mark.usefixtures("pose_folder")
@pytest.mark.parametrize("module", [pytest.param("tailor", marks=pytest.mark.long), "weaver"])
async def test_a_worker_whose_level_has_no_sound_model_ends_and_its_jobs_wait(module, fleet, tmp_path) -> None:
    broken = write_model(tmp_path / "safety", thresholds={"strict": {"red": 2}})
    for environment, reason in (
        ({"SAFETY_LEVEL": "strict"}, "SAFETY_WEIGHTS_DIR names no folder"),
        ({"SAFETY_LEVEL": "off", "SAFETY_WEIGHTS_DIR": str(broken.parent)}, "thresholds.strict.red is 2"),
        ({"SAFETY_LEVEL": "high"}, "SAFETY_LEVEL is 'high'"),
    ):
        settings = {"POSE_MODEL_DIR": str(POSE), "TAILOR_HTTP_PORT": "0", "WEAVER_ENGINES": "timed"}
        process = fleet.start(module, f"{module}-1", **settings, **environment)
        assert await asyncio.to_thread(process.popen.wait, 60) in (1, CANNOT_WORK)
        said = [json.loads(line) for line in process.log.read_text().splitlines() if '"cannot_work"' in line]
        assert reason in said[0]["reason"]


@pytest.mark.slow
async def test_a_weaver_says_at_start_how_pictures_are_examined(fleet: Fleet, tmp_path: Path) -> None:
    off = await fleet.weaver("w1")
    on = await fleet.weaver(
        "w2", SAFETY_LEVEL="strict", SAFETY_WEIGHTS_DIR=str(write_model(tmp_path / "safety").parent)
    )
    for process, level, model in ((off, "off", "none"), (on, "strict", "colours 1")):
        lines = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
        (said,) = [line for line in lines if line["event"] == "safety"]
        assert (said["safety_level"], said["model"]) == (level, model)


def items_of(jobs: Sequence[Any], colours: Sequence[tuple[int, int, int]]) -> list[BatchItem]:
    items = []
    for job, colour in zip(jobs, colours, strict=True):
        image = np.full((32, 24, 3), colour, np.uint8)
        inputs = WeaveJob(id=job.id, person=image, garment=np.zeros((8, 6, 4), np.uint8), garment_category="upper")
        items.append(BatchItem(job=job, inputs=inputs, outcome=Finished(id=job.id, picture=image)))
    return items


@pytest.mark.parametrize(("kind", "code"), [("colours", "content_blocked"), ("nan", "safety_unavailable")])
@pytest.mark.parametrize("own", [None, "strict"])
async def test_a_blocked_picture_is_not_stored_and_its_batch_mates_are(
    kind: Any, code: str, own: Any, store: ObjectStore, tmp_path: Path
) -> None:
    queue, worker = MemoryJobQueue(), WorkerId("w1")
    names = ["job_red", "job_grey"]
    works = [
        TryonWork(
            user_id="u", tryon_job_id=name, n=1, person_key="p", garment_key="g", garment_category="upper", safety=own
        )
        for name in names
    ]
    await queue.submit(
        *(
            Submission(
                id=JobId(name),
                epoch=1,
                payload={"id": name},
                body=work.write(),
                engine="timed",
                batch_key="timed/1/384x512/8",
            )
            for name, work in zip(names, works, strict=True)
        )
    )
    claims = Claims(queue, worker)
    jobs = await claims.take(2, engines=["timed"])
    check = SafetyCheck("off" if own else "standard", SafetyModel(write_model(tmp_path, kind)))
    delivery = Delivery(
        {"timed": TimedEngine({1: 0.0})},
        replace(worker_parts(claims, keys.JOBS, store=store, policy=queue.policy), safety=check),
        progress=ProgressReporter(queue),
        metrics=Metrics(CollectorRegistry()),
        patience_seconds=5,
    )
    await delivery.deliver(items_of(jobs, [RED, GREY] if jobs[0].id == "job_red" else [GREY, RED]))
    assert [found.key.split("/")[2] for found in store.list("results/")] == ["job_grey"]
    red, grey = await queue.look(*(JobId(name) for name in names))
    assert grey is not None
    assert red is not None
    assert (grey.state, red.code) == (JobState.COMPLETED, code)
    assert red.state.terminal == (code == "content_blocked"), "one is final, the other comes again"
