"""Jobs that another version wrote, or a hand: each is read alone; what cannot be read fails, and ends no worker."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proteus.jobs import JobId, JobState
from workbench import assets

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

POSE = Path(__file__).parents[2] / ".proteus/models/pose"
LATER = {"colour": "red", "later": {"a": [1, {"b": None}]}, "trace_id": {"of": "another type"}}
"""Fields that this version does not know, and one that it only logs."""

BAD_FOR_A_WEAVER: dict[str, dict[str, Any]] = {
    "no person": {"person_key": None},
    "a number as a person": {"person_key": 5},
    "a list as a garment": {"garment_key": ["a", "b"]},
    "a garment without a name": {"garment_key": ""},
    "a category that is a list": {"garment_category": ["upper"]},
    "a quality of a later version": {"quality": "ultra"},
    "a quality that is a list": {"quality": ["best"]},
    "a seed that is a text": {"seed": "1"},
    "a seed without end": {"seed": 2**70},
    "options that are a list": {"options": [1]},
    "a parse that is a number": {"parse_key": 5},
    "a format of a later version": {"output_format": "tiff"},
    "a format that is a list": {"output_format": ["png"]},
    "no number": {"n": None},
    "a number that is an object": {"n": {"a": 1}},
    "nobody's": {"user_id": None},
    "a list as its user": {"user_id": ["u"]},
}
BAD_FOR_A_TAILOR: dict[str, dict[str, Any]] = {
    "an ingest of nothing": {"task": "ingest"},
    "an ingest of a number": {"task": "ingest", "incoming_key": 5},
    "an ingest of a list": {"task": "ingest", "incoming_key": ["a"]},
    "a cut of nothing": {"task": "cut"},
    "a cut of a number": {"task": "cut", "image_key": 7, "image_sha256": "a"},
    "a parse of an object": {"task": "parse", "image_key": {"key": "a"}, "image_sha256": "a"},
    "nobody's": {"task": "ingest", "incoming_key": "incoming/usr_1/nobody", "user_id": None},
}


async def test_a_weaver_reads_each_body_alone_and_the_good_ones_beside_it_are_woven(fleet: Fleet) -> None:
    await fleet.configure(batch_size=8)
    bad: list[JobId] = []
    for n, update in enumerate(BAD_FOR_A_WEAVER.values()):
        bad += await fleet.submit(f"bad-{n}", body_update=update)
        if n % 4 == 0:
            await fleet.submit(f"good-{n}", body_update=LATER)
    good = [JobId(f"job_good-{n}") for n in range(0, len(BAD_FOR_A_WEAVER), 4)]
    weaver = await fleet.weaver(curve="1:0.05,8:0.05", **fleet.long_lease)
    outcomes = {(view.state, view.crashes, view.attempts) for view in await fleet.settled(*good)}
    assert outcomes == {(JobState.COMPLETED, 0, 0)}
    for why, view in zip(BAD_FOR_A_WEAVER, await fleet.settled(*bad), strict=True):
        assert (view.state, view.code, view.attempts, view.crashes) == (JobState.FAILED, "invalid_request", 1, 0), why
    assert set(await fleet.queue.dead_letters()) == set(bad), "an operator sees them"
    assert weaver.popen.poll() is None
    assert weaver.stop() == 0


@pytest.mark.usefixtures("pose_folder")
async def test_a_tailor_reads_each_body_alone_and_the_good_ones_beside_it_are_done(fleet: Fleet) -> None:
    upload = (Path(assets.__file__).parent / "garment.jpg").read_bytes()
    await asyncio.to_thread(fleet.store.put, "incoming/usr_1/nobody", upload, content_type="image/jpeg")
    bad: list[Any] = []
    good: list[Any] = []
    for n, body in enumerate(BAD_FOR_A_TAILOR.values()):
        bad += await fleet.submit_to_tailor(f"bad-{n}", body)
        if n % 4 == 0:
            key = f"incoming/usr_1/good-{n}"
            await asyncio.to_thread(fleet.store.put, key, upload, content_type="image/jpeg")
            ingest = {"task": "ingest", "incoming_key": key, "content_type": "image/jpeg"}
            good += await fleet.submit_to_tailor(f"good-{n}", {**ingest, **LATER})
    tailor = fleet.start("tailor", "t1", POSE_MODEL_DIR=str(POSE), TAILOR_HTTP_PORT="0", **fleet.long_lease)

    async def over() -> list[Any] | None:
        views = [view for view in await fleet.tailor_queue.look(*good, *bad) if view is not None]
        return views if all(view.state.terminal for view in views) else None

    views = {view.id: view for view in await fleet.until(over, what="all are over")}
    assert {(views[one].state, views[one].crashes, views[one].attempts) for one in good} == {(JobState.COMPLETED, 0, 0)}
    for why, one in zip(BAD_FOR_A_TAILOR, bad, strict=True):
        view = views[one]
        assert (view.state, view.code, view.attempts, view.crashes) == (JobState.FAILED, "invalid_request", 1, 0), why
    assert set(await fleet.tailor_queue.dead_letters()) == set(bad)
    assert tailor.stop() == 0
