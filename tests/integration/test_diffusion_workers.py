"""The diffusion engines in real worker processes: small random checkpoints as they are published, real queue and store.

What these engines promise behind the seam is tested in `tests/models`; here it has to survive claiming, leases,
batching, storing and death.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from proteus import imaging, keys
from proteus.artefacts import Landmark, PersonParse
from proteus.engines import CARDS, KLEIN, EngineCard
from proteus.jobs import JobId, JobState, Stage
from proteus.marks import read_mark
from proteus.registry import WorkerCard, list_workers

pytest.importorskip("torch")
pytest.importorskip("diffusers")

from weaver.pipelines.fashn.network import TryOnConfig
from weaver.profile import keys_of
from workbench.bench.catvton_sizes import LEAN
from workbench.bench.checkpoints import write_catvton, write_fashn, write_klein

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

pytestmark = pytest.mark.slow

SMALL = TryOnConfig(hidden=64, heads=2, height=432, width=288, axes=(8, 12, 12), mixer=1, double=1, single=1)
"""A tenth of a second per step: whatever is to be done to a running job can be done."""

LEASE_SECONDS = "6"
"""Longer than the slowest step, the one that encodes, may be silent on a busy machine."""

BOTH = pytest.mark.parametrize("name", ["catvton", pytest.param("fashn", marks=pytest.mark.long)])


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `make weights` leaves it, with a small checkpoint of each engine."""
    folder = tmp_path_factory.mktemp("weights")
    write_catvton(folder / "catvton", size=LEAN)
    write_fashn(folder / "fashn", config=SMALL)
    return folder


async def weaver(fleet: Fleet, weights: Path, engines: str, worker_id: str = "w1", **environment: str) -> Process:
    settings = {
        "WEAVER_ENGINES": engines,
        "WEAVER_WEIGHTS_DIR": str(weights),
        "WEAVER_PROFILE_SECONDS": "0.1",
        "LEASE_SECONDS": LEASE_SECONDS,
        "OMP_NUM_THREADS": "1",
    }
    return await fleet.weaver(worker_id, **settings | environment)


@dataclass(frozen=True, kw_only=True)
class Shopper:
    """Someone with a photo and a garment, stored and parsed as the tailor leaves them."""

    user_id: str
    category: str
    size: tuple[int, int]
    seed: int

    def person(self) -> np.ndarray[Any, Any]:
        y, x = np.mgrid[0 : self.size[1], 0 : self.size[0]]
        return np.stack([x % 256, y % 256, (x + y + self.seed) % 256], axis=-1).astype(np.uint8)

    def mask(self) -> np.ndarray[Any, Any]:
        width, height = self.size
        mask = np.zeros((height, width), np.uint8)
        mask[height // 4 : height // 2, width // 3 : -width // 3] = 255
        return mask

    async def body(self, fleet: Fleet, **changes: Any) -> dict[str, Any]:
        """Store the pictures and return what a job's body says of them; `mask` and `cut` replace pictures."""
        folder, (width, height) = f"derived/{self.user_id}", self.size
        parse = PersonParse(
            image_key=f"images/{self.user_id}/person.png",
            width=width,
            height=height,
            parser="test",
            parser_version="1",
            pose_model="test",
            landmarks=tuple(
                Landmark(x=width * (0.4 + n % 2 * 0.2), y=height * n / 33, visibility=0.9) for n in range(33)
            ),
            person_mask_key=f"{folder}/body.png",
            agnostic_mask_keys={self.category: f"{folder}/mask.png"},
        )
        cut = np.full((90, 60, 4), (self.seed % 200, 120, 60, 255), np.uint8)
        pictures = {
            parse.image_key: self.person(),
            parse.person_mask_key: self.mask(),
            f"{folder}/mask.png": changes.pop("mask", self.mask()),
            f"{folder}/cut.png": changes.pop("cut", cut),
        }
        for key, picture in pictures.items():
            fleet.store.put(key, imaging.encode(picture, "png"), content_type="image/png")
        fleet.store.put(f"{folder}/parse.json", parse.model_dump_json().encode(), content_type="application/json")
        return {
            "user_id": self.user_id,
            "person_key": parse.image_key,
            "garment_key": f"{folder}/cut.png",
            "garment_category": self.category,
            "parse_key": f"{folder}/parse.json",
            "seed": self.seed,
            **changes,
        }


ANN = Shopper(user_id="usr_ann", category="upper", size=(200, 300), seed=5)
BEA = Shopper(user_id="usr_bea", category="lower", size=(260, 220), seed=6)


async def submit(fleet: Fleet, card: EngineCard, name: str, body: dict[str, Any], quality: Any, **fields: Any) -> JobId:
    (job_id,) = await fleet.submit(
        name,
        body_update={"engine": card.name, "quality": quality, **body},
        engine=card.name,
        batch_key=card.batch_key(quality),
        degraded_batch_key=card.batch_key("balanced", degraded=True),
        **fields,
    )
    return job_id


@asynccontextmanager
async def told(fleet: Fleet) -> AsyncIterator[list[dict[str, Any]]]:
    """Collect what is told of progress meanwhile."""
    heard: list[dict[str, Any]] = []
    async with fleet.redis.pubsub() as channel:
        await channel.subscribe(keys.PROGRESS)

        async def listen() -> None:
            async for message in channel.listen():
                if message["type"] == "message":
                    heard.append(json.loads(message["data"]))

        listening = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


def batches(process: Process) -> list[int]:
    lines = [json.loads(line) for line in process.log.read_text().splitlines() if line.startswith("{")]
    return [line["batch"] for line in lines if line["event"] == "claimed"]


@pytest.mark.long
@BOTH
async def test_pictures_of_two_users_woven_together_are_those_woven_alone(
    fleet: Fleet, weights: Path, name: str
) -> None:
    card = CARDS[name]
    ann, bea = await ANN.body(fleet), await BEA.body(fleet)
    await fleet.configure(batch_size=2)
    pair = [await submit(fleet, card, "ann", ann, "fast"), await submit(fleet, card, "bea", bea, "fast")]
    async with told(fleet) as heard:
        process = await weaver(fleet, weights, name)
        views = await fleet.settled(*pair)
    assert batches(process) == [2, 2]
    for shopper, view in zip((ANN, BEA), views, strict=True):
        assert view.state is JobState.COMPLETED, view
        key = f"results/{shopper.user_id}/{view.id}/1-{view.token}-[0-9a-f]{{8}}.png"
        assert re.fullmatch(key, view.result["result_key"])
        data = fleet.store.get(view.result["result_key"])
        picture, mark = imaging.load(data, "RGB"), read_mark(data)
        assert picture.shape == shopper.person().shape
        assert (picture != shopper.person()).any(axis=-1)[shopper.mask() > 0].mean() > 0.9
        assert mark is not None
        assert mark.source_type == "compositeWithTrainedAlgorithmicMedia"
        assert mark.parameters["engine"] == name
        assert mark.parameters["seed"] == shopper.seed
        assert mark.parameters["steps"] == card.presets["fast"].steps
        steps = [
            (one["step"], one["steps"]) for one in heard if one["job_id"] == view.id and one["stage"] == "denoising"
        ]
        assert steps == sorted(set(steps))
        assert {of for _, of in steps} == {card.presets["fast"].steps}
    for view, body in zip(views, (ann, bea), strict=True):
        (alone,) = await fleet.settled(await submit(fleet, card, f"{view.id}-alone", body, "fast"))
        pictures = [
            imaging.load(fleet.store.get(key), "RGB") for key in (view.result["result_key"], alone.result["result_key"])
        ]
        assert np.abs(pictures[0].astype(int) - pictures[1]).max() <= 1
    assert batches(process) == [2, 2, 1, 1]


@pytest.mark.long
@BOTH
async def test_a_cancelled_and_a_late_job_end_between_two_steps_and_the_worker_goes_on(
    fleet: Fleet, weights: Path, name: str
) -> None:
    card, body = CARDS[name], await ANN.body(fleet)
    await weaver(fleet, weights, name, WEAVER_PROFILE_SECONDS="0")  # costs unknown: nothing is shed at the claim
    unwanted = await submit(fleet, card, "unwanted", body, "best")
    async with told(fleet) as heard:
        await fleet.running(unwanted)
        await fleet.queue.cancel(unwanted)
        (canceled,) = await fleet.settled(unwanted)
    seconds, _ = await fleet.redis.time()
    late = await submit(fleet, card, "late", body, "best", deadline_ms=(seconds + 3) * 1000)
    await fleet.running(late)
    (expired,) = await fleet.settled(late)
    assert (canceled.state, expired.state) == (JobState.CANCELED, JobState.EXPIRED)
    assert expired.code == "deadline_exceeded"
    assert max(one["step"] for one in heard) < 40, "of 50: it ended long before its last step"
    assert list(fleet.store.list("results/")) == []
    (after,) = await fleet.settled(await submit(fleet, card, "after", body, "fast"))
    assert after.state is JobState.COMPLETED


@pytest.mark.long
@BOTH
async def test_what_cannot_be_woven_fails_with_its_reason_and_its_batch_mates_complete(
    fleet: Fleet, weights: Path, name: str
) -> None:
    card = CARDS[name]
    bad = {
        "small": await shopper("small").body(fleet, mask=np.full((9, 9), 255, np.uint8)),
        "empty": await shopper("empty").body(fleet, mask=np.zeros((300, 200), np.uint8)),
        "torn": await shopper("torn").body(fleet),
        "seed": await shopper("seed").body(fleet, seed=2**70),
    }
    cut = bad["torn"]["garment_key"]
    fleet.store.put(cut, fleet.store.get(cut)[:60], content_type="image/png")
    await fleet.configure(batch_size=8)
    mates = [await submit(fleet, card, "ann", await ANN.body(fleet), "fast")]
    ids = {key: await submit(fleet, card, key, body, "fast") for key, body in bad.items()}
    mates.append(await submit(fleet, card, "bea", await BEA.body(fleet), "fast"))
    process = await weaver(fleet, weights, name)
    views = await fleet.settled(*mates, *ids.values())
    assert batches(process) == [6] * 6
    assert [view.state for view in views] == [JobState.COMPLETED] * 2 + [JobState.FAILED] * 4
    codes = {view.id.removeprefix("job_"): view.code for view in views[2:]}
    assert codes == {
        "small": "invalid_request",
        "empty": "photo_rejected",
        "torn": "image_unreadable",
        "seed": "invalid_request",
    }
    assert {view.attempts for view in views[:2]} == {0}, "nobody's picture was begun twice"


def shopper(name: str) -> Shopper:
    return Shopper(user_id=f"usr_{name}", category="upper", size=(200, 300), seed=1)


@pytest.mark.long
@BOTH
async def test_a_worker_killed_while_denoising_loses_no_job(fleet: Fleet, weights: Path, name: str) -> None:
    card, body = CARDS[name], await ANN.body(fleet)
    first = await weaver(fleet, weights, name, "w1", WEAVER_PROFILE_SECONDS="0")
    job_id = await submit(fleet, card, "kill", body, "balanced")
    running = await fleet.running(job_id)
    first.send(signal.SIGKILL)
    assert running.stage is Stage.DENOISING
    await weaver(fleet, weights, name, "w2", WEAVER_PROFILE_SECONDS="0")
    (view,) = await fleet.settled(job_id)
    assert (view.state, view.crashes, view.result["worker"]) == (JobState.COMPLETED, 1, "w2")
    assert view.token > running.token
    assert [found.key for found in fleet.store.list("results/")] == [view.result["result_key"]]


@pytest.mark.long
async def test_a_worker_of_both_engines_weaves_each_job_with_its_own_and_degrades_it_when_told(
    fleet: Fleet, weights: Path
) -> None:
    body = await ANN.body(fleet)
    await fleet.configure(batch_size=2, degraded_mode=1)
    await weaver(fleet, weights, "catvton,fashn")
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    assert card.engines == ("catvton", "fashn")
    assert set(card.seconds_per_batch) == {key for name in card.engines for key in keys_of(CARDS[name])}
    jobs = {name: await submit(fleet, CARDS[name], name, body, "best", may_degrade=True) for name in card.engines}
    for name, job_id in jobs.items():
        (view,) = await fleet.settled(job_id)
        wanted = CARDS[name].degraded
        assert wanted is not None
        assert (view.result["engine"], view.result["degraded"]) == (name, True)
        assert view.result["notes"]["steps"] == wanted.steps
        mark = read_mark(fleet.store.get(view.result["result_key"]))
        assert mark is not None
        assert mark.parameters["degraded"] is True
        if name == "catvton":
            assert view.result["notes"]["canvas"] == "384x512"
    degraded = [CARDS[name].batch_key("balanced", degraded=True) for name in card.engines]
    await fleet.until(lambda: corrected(fleet, card, degraded), what="the card tells what the jobs really cost")


async def corrected(fleet: Fleet, before: WorkerCard, batch_keys: list[str]) -> bool:
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    return all(card.seconds_per_batch[key] != before.seconds_per_batch[key] for key in batch_keys)


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_a_picture_that_kleins_gate_refuses_is_made_by_the_other_engine_of_the_fleet(
    fleet: Fleet, weights: Path
) -> None:
    """Random weights paint noise, which the gate of the shipped engine does not show."""
    write_klein(weights / "klein")
    body = await ANN.body(fleet)
    process = await weaver(fleet, weights, "klein", WEAVER_PROFILE_SECONDS="0")
    (alone,) = await fleet.settled(await submit(fleet, KLEIN, "alone", body, "fast"))
    assert (alone.state, alone.code) == (JobState.FAILED, "quality_too_low")
    assert "the background changed" in alone.message
    await weaver(fleet, weights, "fashn", "w2")
    (made,) = await fleet.settled(await submit(fleet, KLEIN, "replaced", body, "fast"))
    assert made.state is JobState.COMPLETED, made
    assert made.result["engine"] == "fashn"
    assert [one["code"] for one in made.result["warnings"]] == ["engine_replaced"]
    mark = read_mark(fleet.store.get(made.result["result_key"]))
    assert mark is not None
    assert mark.parameters["engine"] == "fashn"
    assert batches(process) == [1, 1]
