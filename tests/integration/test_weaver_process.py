"""A weaver as a process: it weaves, and however it dies or is stopped, its jobs go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proteus import imaging
from proteus.jobs import JobState

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]


async def test_a_job_becomes_a_marked_picture_under_a_fenced_key(fleet: Fleet) -> None:
    await fleet.weaver()
    (job_id,) = await fleet.submit("a")
    (view,) = await fleet.settled(job_id)
    assert view.state is JobState.COMPLETED
    assert view.result["result_key"] == f"results/usr_1/{job_id}/1-{view.token}.png"
    assert set(view.result["timings"]) == {"fetch_seconds", "weave_seconds", "store_seconds"}
    assert view.result["worker"] == "w1"
    data = fleet.store.get(view.result["result_key"])
    mark = imaging.read_mark(data)
    assert mark is not None
    assert mark.parameters["engine"] == "timed"
    assert imaging.load(data, "RGB").shape == (64, 48, 3)
