"""A weaver as a process: batches, drains, cancellations, bad jobs and a store that is away."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proteus import imaging, keys
from proteus.jobs import EPOCH_TOKENS, JobState, WorkerId
from proteus.marks import read_mark
from proteus.registry import list_workers, set_drained

if TYPE_CHECKING:
    from conftest import Fleet, Process  # type: ignore[import-not-found]

SLOW = "1:6,8:6"
"""Three quarters of a second a step: four of them are a lease, so there is time for whatever is to be done to a job."""


async def test_a_job_becomes_a_marked_picture_under_a_fenced_key(fleet: Fleet, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    weaver = await fleet.weaver(HOME=str(scratch), TMPDIR=str(scratch))
    (job_id,) = await fleet.submit("a")
    (view,) = await fleet.settled(job_id)
    assert view.state is JobState.COMPLETED
    assert re.fullmatch(f"results/usr_1/{job_id}/1-{view.token}-[0-9a-f]{{8}}.png", view.result["result_key"])
    assert set(view.result["timings"]) == {"fetch_seconds", "weave_seconds", "store_seconds"}
    assert view.result["worker"] == "w1"
    data = fleet.store.get(view.result["result_key"])
    mark = read_mark(data)
    assert mark is not None
    assert (mark.source_type, mark.parameters["engine"]) == ("composite", "timed")
    assert imaging.load(data, "RGB").shape == (64, 48, 3)
    assert weaver.stop() == 0
    assert await list_workers(fleet.redis, fleet.queue.keys) == []
    assert list(scratch.rglob("*")) == [], "nothing is written beside the store"


async def test_a_picture_has_its_jobs_label_or_the_deployments_and_one_that_cannot_be_drawn_is_none_of_its_own(
    fleet: Fleet,
) -> None:
    ids = []
    for name, body in {
        "old": {}, "null": {"label": None}, "none": {"label": ""}, "own": {"label": "By Acme"},
        "newer": {"label": "人工知能"}, "other": {"label": {"text": "x"}},
    }.items():  # fmt: skip
        ids += await fleet.submit(name, body_update=body)
    await fleet.weaver(MARKS_LABEL="AI")
    views = await fleet.settled(*ids)
    assert {view.state for view in views} == {JobState.COMPLETED}
    old, null, none, own, newer, other = (
        imaging.load(fleet.store.get(view.result["result_key"]), "RGB") for view in views
    )
    assert (null == old).all()
    assert (newer == old).all()
    assert (other == old).all()
    assert (own[:40] == none[:40]).all()
    assert (old[:40] == none[:40]).all()
    for one, another in ((old, none), (own, none), (own, old)):
        assert (one[40:] != another[40:]).any()


async def test_jobs_that_wait_together_are_woven_together_in_few_round_trips(fleet: Fleet) -> None:
    await fleet.configure(batch_size=8)
    ids = await fleet.submit(*[f"b{n}" for n in range(32)])
    weaver = await fleet.weaver(LOG_LEVEL="INFO")
    views = await fleet.settled(*ids)
    assert {view.state for view in views} == {JobState.COMPLETED}
    assert max(await batches(weaver)) == 8
    claims = await calls(fleet, "claim")
    assert claims + await calls(fleet, "complete") < len(ids)


async def test_a_drained_weaver_finishes_what_it_holds_and_leaves_the_rest(fleet: Fleet) -> None:
    weaver = await fleet.weaver(curve="1:1.5,8:1.5", **fleet.long_lease)
    (held,) = await fleet.submit("held")
    await fleet.running(held)
    await set_drained(fleet.redis, fleet.queue.keys, WorkerId(weaver.id), drained=True)

    async def shown(state: str) -> bool:
        cards = await list_workers(fleet.redis, fleet.queue.keys)
        return [card.state for card in cards] == [state]

    await fleet.until(lambda: shown("draining"))
    (left,) = await fleet.submit("left")
    (view,) = await fleet.settled(held)
    assert view.state is JobState.COMPLETED
    (waits,) = await fleet.queue.look(left)
    assert waits is not None
    assert (waits.state, waits.token % EPOCH_TOKENS) == (JobState.QUEUED, 0), "nobody ever claimed it"
    await set_drained(fleet.redis, fleet.queue.keys, WorkerId(weaver.id), drained=False)
    (view,) = await fleet.settled(left)
    assert view.state is JobState.COMPLETED
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    assert card.state == "ready"


async def batches(weaver: Process) -> list[int]:
    lines = [json.loads(line) for line in weaver.log.read_text().splitlines() if line.startswith("{")]
    return [line["batch"] for line in lines if line["event"] == "claimed"]


async def calls(fleet: Fleet, verb: str) -> int:
    """Count how often a script left its mark: claims and completions that brought something."""
    kind = {"claim": "claimed", "complete": "completed"}[verb]
    entries: Any = await fleet.redis.xrange(fleet.queue.keys.events)
    return len({entry_id.partition("-")[0] for entry_id, fields in entries if fields["kind"] == kind})


async def held(fleet: Fleet, job_id: Any) -> None:
    """Wait until a worker has the job and works on it."""

    async def running() -> bool:
        view = await fleet.state(job_id)
        return view.state is JobState.RUNNING and view.stage is not None

    await fleet.until(running, what=f"{job_id} runs")


async def test_a_drained_weaver_finishes_what_runs_and_hands_back_what_has_not_started(fleet: Fleet) -> None:
    await fleet.configure(batch_size=4)
    ids = await fleet.submit(*[f"d{n}" for n in range(4)], options={"oom_above": 1})
    weaver = await fleet.weaver(curve="1:2,8:2", **fleet.long_lease)
    await fleet.running(ids[0])
    weaver.send(signal.SIGTERM)
    assert await asyncio.to_thread(weaver.popen.wait, 30) == 0
    views = await fleet.queue.look(*ids)
    states = [view.state for view in views if view]
    assert JobState.COMPLETED in states
    assert JobState.QUEUED in states
    assert JobState.RUNNING not in states
    assert all(view.crashes == 0 and view.attempts == 0 for view in views if view)
    assert await fleet.redis.zcard(fleet.queue.keys.busy) == 0


async def test_a_running_job_is_cancelled_at_its_next_step_and_its_mate_goes_on(fleet: Fleet) -> None:
    await fleet.configure(batch_size=2)
    ids = await fleet.submit("c1", "c2")
    await fleet.weaver(curve=SLOW)
    for job_id in ids:
        await fleet.running(job_id)
    await fleet.queue.cancel(ids[0])
    canceled, mate = await fleet.settled(*ids)
    assert (canceled.state, mate.state) == (JobState.CANCELED, JobState.COMPLETED)
    assert len(list(fleet.store.list("results/"))) == 1


async def test_a_job_past_its_deadline_is_dropped_while_it_runs(fleet: Fleet) -> None:
    await fleet.weaver(curve=SLOW, WEAVER_PROFILE_SECONDS="0")
    seconds, _ = await fleet.redis.time()
    (job_id,) = await fleet.submit("late", deadline_ms=(seconds + 3) * 1000)
    (view,) = await fleet.settled(job_id)
    assert (view.state, view.code) == (JobState.EXPIRED, "deadline_exceeded")
    assert list(fleet.store.list("results/")) == []


async def test_a_batch_that_does_not_fit_is_halved_and_the_size_is_remembered(fleet: Fleet) -> None:
    await fleet.configure(batch_size=8)
    ids = await fleet.submit(*[f"o{n}" for n in range(16)], options={"oom_above": 2})
    weaver = await fleet.weaver()
    views = await fleet.settled(*ids)
    assert {view.state for view in views} == {JobState.COMPLETED}
    assert all(view.attempts == 0 for view in views)
    assert weaver.log.read_text().count("batch_halved") == 2  # 8 -> 4 -> 2; never again


async def test_one_bad_job_never_fails_its_batch_mates(fleet: Fleet) -> None:
    await fleet.configure(batch_size=8)
    good = await fleet.submit(*[f"g{n}" for n in range(5)])
    refused = await fleet.submit("refused", options={"poison": "refuse"})
    alone = await fleet.submit("alone", options={"poison": "fail"})
    raising = await fleet.submit("raising", options={"poison": "raise"})
    missing = await fleet.submit("missing", body_update={"person_key": "images/usr_1/gone.png"})
    malformed = [
        (await fleet.submit(f"malformed{n}", body_update=update))[0]
        for n, update in enumerate(({"output_format": "gif"}, {"n": None}, {"garment_category": None}))
    ]
    await fleet.weaver()
    every = [*good, *refused, *alone, *raising, *missing, *malformed]
    views = {view.id: view for view in await fleet.settled(*every)}
    assert {views[job_id].code for job_id in malformed} == {"invalid_request"}
    assert {views[job_id].state for job_id in good} == {JobState.COMPLETED}
    assert {views[job_id].attempts for job_id in good} == {0}
    assert [views[job_id].code for job_id in (*refused, *alone)] == ["photo_rejected", "photo_rejected"]
    assert views[missing[0]].code == "not_found"
    assert set(await fleet.queue.dead_letters()) == {*raising, *missing, *malformed}, "refused photos are no operator's"
    assert (views[raising[0]].code, views[raising[0]].attempts) == ("engine_failed", fleet.policy.max_attempts)


@pytest.mark.long
async def test_a_store_that_is_away_for_a_moment_costs_no_job_and_no_attempt(fleet: Fleet) -> None:
    async with Gate(fleet.environment["OBJECT_STORAGE_ENDPOINT"]) as gate:
        await fleet.weaver(OBJECT_STORAGE_ENDPOINT=gate.endpoint, LEASE_SECONDS="6")
        await gate.shut()
        (job_id,) = await fleet.submit("away")
        await held(fleet, job_id)
        # Longer than a lease: a worker that waits for the store is not stuck.
        await asyncio.sleep(9)
        await gate.open()
        (view,) = await fleet.settled(job_id)
    assert (view.state, view.attempts, view.crashes) == (JobState.COMPLETED, 0, 0)


class Gate:
    """A TCP proxy in front of the store that can be shut."""

    def __init__(self, target: str) -> None:
        host, port = target.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._port = 0
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Gate:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.shut()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        assert self._server is not None
        self._server.close()
        for line in self._lines.values():
            line.transport.abort()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        there, back = await asyncio.open_connection(*self._target)
        try:
            await asyncio.gather(pump(reader, back), pump(there, writer))
        finally:
            del self._lines[task]
            for line in (writer, back):
                line.close()
                with contextlib.suppress(ConnectionError):
                    await line.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_the_card_tells_what_a_batch_costs(fleet: Fleet) -> None:
    await fleet.weaver(curve="1:0.08,2:0.1,8:0.16", WEAVER_PROFILE_SECONDS="6")
    (card,) = await list_workers(fleet.redis, fleet.queue.keys)
    costs = card.seconds_per_batch["timed/1/384x512/8"]
    assert 0.07 < costs["1"] <= costs["2"] <= costs["8"] < 0.5
    assert set(card.seconds_per_batch) == {"timed/1/384x512/4", "timed/1/384x512/8", "timed/1/384x512/3"}
    assert card.largest_measured("timed/1/384x512/8") >= 1, "three whole batches fit into its budget"
    assert card.batch_spread == {}, "nothing was woven yet"
    assert card.engines == ("timed",)


async def test_an_engine_that_is_not_there_is_one_sentence_and_an_exit_status(fleet: Fleet) -> None:
    process = fleet.start("weaver", "w1", WEAVER_ENGINES="catvton", PROTEUS_LICENCE_POLICY="commercial")
    assert await asyncio.to_thread(process.popen.wait, 30) == 1
    assert process.said("refused by licence_policy")
    assert not process.said("Traceback")


async def test_the_weaver_reads_the_arbitrators_values_and_survives_nonsense(fleet: Fleet) -> None:
    await fleet.configure(batch_size="many", degraded_mode="1", degraded_fraction="x", state="[")
    await fleet.weaver()
    ids = await fleet.submit("n1", "n2", degraded_batch_key="timed/1/384x512/3", may_degrade=True, rank=0.5)
    views = await fleet.settled(*ids)
    assert {view.state for view in views} == {JobState.COMPLETED}
    assert {view.result["degraded"] for view in views} == {True}
    assert await fleet.redis.get(keys.BATCH_SIZE) == "many"


async def test_weights_with_a_name_of_their_own_are_a_version_that_gets_its_share(fleet: Fleet) -> None:
    await fleet.configure(state=json.dumps({"canaries": {"timed@1+b": 0.25}}), batch_size=4)
    drawn, others = [0.1 / 4096, 0.2 / 4096], [0.3 / 4096, 0.6 / 4096, 0.9 / 4096]
    ranks = [*drawn, *others]
    ids = [(await fleet.submit(f"c{number}", rank=rank))[0] for number, rank in enumerate(ranks)]
    # The trial comes first: what it leaves can only be what it may not have.
    trial, usual = await fleet.weaver("trial", WEAVER_WEIGHTS_VERSION="b"), await fleet.weaver("usual")
    views = await fleet.settled(*ids)
    made = [(view.result["engine_version"], view.result["worker"]) for view in views]
    assert made == [("1+b", trial.id)] * len(drawn) + [("1", usual.id)] * len(others)
    cards = await list_workers(fleet.redis, fleet.queue.keys)
    assert {card.id: card.version("timed") for card in cards} == {trial.id: "1+b", usual.id: "1"}
    mark = read_mark(fleet.store.get(views[0].result["result_key"]))
    assert mark is not None
    assert mark.parameters["engine_version"] == "1+b"
