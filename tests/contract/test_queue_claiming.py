"""What a claim takes from the list, what it leaves there, and what it throws out. For both implementations."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proteus import keys
from proteus.errors import InvalidRequest
from proteus.jobs import JobState
from proteus.queue import JobQueue, Verdict
from proteus.queue.policy import FOREIGN_MOST


def ids(jobs: Any) -> list[str]:
    return [job.id for job in jobs]


async def test_jobs_are_claimed_in_the_order_they_came(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(5)))
    assert ids(await hands.claim(free=3)) == ["job_0", "job_1", "job_2"]
    assert ids(await hands.claim(free=3)) == ["job_3", "job_4"]


async def test_a_claimed_job_brings_all_that_was_submitted(rig, hands, make_order):
    order = make_order("job_a", degraded_batch_key="puppet/small", deadline_ms=await rig.now_ms() + 60_000)
    await rig.queue.submit(order)
    (job,) = await hands.claim()
    assert (job.payload, job.body, job.engine) == (order.payload, order.body, "puppet")
    assert (job.batch_key, job.degraded, job.solo, job.attempts) == ("puppet/1", False, False, 0)
    assert job.deadline_ms == order.deadline_ms


async def test_the_element_of_the_list_is_the_payload_and_nothing_else(rig, make_order):
    order = make_order("job_a")
    await rig.queue.submit(order)
    (element,) = await rig.waiting()
    assert json.loads(element) == order.payload
    assert list(json.loads(element)) == ["id", "user_photo_url", "cloth_clean_url", "created_at"]


async def test_a_batch_has_one_key_and_the_others_keep_their_order(rig, hands, make_order):
    for n, key in enumerate("abacbb"):
        await rig.queue.submit(make_order(f"job_{n}", key=key))
    assert ids(await hands.claim()) == ["job_0", "job_2"]
    assert [json.loads(one)["id"] for one in await rig.waiting()] == ["job_1", "job_3", "job_4", "job_5"]
    assert ids(await hands.claim()) == ["job_1", "job_4", "job_5"]


async def test_a_worker_that_names_a_key_gets_only_that(rig, hands, make_order):
    for n, key in enumerate("abab"):
        await rig.queue.submit(make_order(f"job_{n}", key=key))
    assert ids(await hands.claim(key="b")) == ["job_1", "job_3"]


CANVAS = "catvton/1/768x1024"


async def test_pictures_of_one_canvas_run_together_whatever_their_steps(rig, hands, make_order):
    for n, steps in enumerate((12, 50, 20)):
        await rig.queue.submit(make_order(f"job_{n}", key=f"{CANVAS}/{steps}", canvas_key=CANVAS))
    await rig.queue.submit(make_order("job_small", key="catvton/1/384x512/20", canvas_key="catvton/1/384x512"))
    jobs = await hands.claim()
    assert [(job.id, job.batch_key, job.shared_key) for job in jobs] == [
        (f"job_{n}", f"{CANVAS}/{steps}", CANVAS) for n, steps in enumerate((12, 50, 20))
    ]


async def test_a_degraded_picture_runs_with_those_of_the_canvas_it_is_made_on(rig, hands, make_order):
    may = {"may_degrade": True, "rank": 0.0, "canvas_key": "f/g1.5"}
    here = {"degraded_batch_key": "f/g1.5/20", "degraded_canvas_key": "f/g1.5"}
    there = {"degraded_batch_key": "small/20", "degraded_canvas_key": "small"}
    await rig.queue.submit(
        make_order("job_here", key="f/g1.5/30", **may, **here),
        make_order("job_there", key="f/g1.5/30", **may, **there),
        make_order("job_never", key="f/g1.5/50", canvas_key="f/g1.5"),
    )
    assert ids(await hands.claim(degraded_fraction=1.0)) == ["job_here", "job_never"]
    (job,) = await hands.claim(degraded_fraction=1.0)
    assert (job.id, job.batch_key, job.shared_key, job.degraded) == ("job_there", "small/20", "small", True)


async def test_a_job_of_a_version_without_the_canvas_key_runs_with_its_like(rig, hands, make_order):
    """An older gateway submitted it: only its batch key says with whom it may run."""
    old = {"degraded_batch_key": f"{CANVAS}/5", "may_degrade": True, "rank": 0.5}
    await rig.queue.submit(
        make_order("job_old", key=f"{CANVAS}/20", **old),
        make_order("job_new", key=f"{CANVAS}/20", canvas_key=CANVAS),
        make_order("job_too", key=f"{CANVAS}/20", **old),
    )
    jobs = await hands.claim()
    assert [(job.id, job.shared_key) for job in jobs] == [(one, f"{CANVAS}/20") for one in ("job_old", "job_too")]
    assert ids(await hands.claim(key=CANVAS)) == ["job_new"]
    await rig.queue.hand_back(hands.worker, {job.id: job.token for job in jobs})
    assert {(job.batch_key, job.shared_key) for job in await hands.claim(degraded_fraction=1.0)} == {
        (f"{CANVAS}/5", f"{CANVAS}/5")
    }


async def test_an_older_worker_finds_the_keys_that_it_compares(redis, make_order):
    """Its scripts read `key` and `dkey`."""
    queue = JobQueue(redis, keys.JOBS)
    more = {"canvas_key": CANVAS, "degraded_batch_key": f"{CANVAS}/5", "degraded_canvas_key": CANVAS}
    await queue.submit(make_order("job_a", key=f"{CANVAS}/20", **more), make_order("job_b", key="ingest"))
    assert await redis.hmget(queue.keys.job("job_a"), "key", "dkey") == [f"{CANVAS}/20", f"{CANVAS}/5"]
    assert await redis.hmget(queue.keys.job("job_b"), "key", "ckey", "dckey") == ["ingest", None, None]


async def test_who_joins_has_waited_and_is_not_before_its_turn(rig, hands, make_order):
    await rig.queue.submit(
        make_order("job_a", key="a/1", canvas_key="a"), make_order("job_b", key="b/1", canvas_key="b")
    )
    await rig.queue.submit(make_order("job_c", key="a/2", canvas_key="a"))
    assert ids(await hands.claim(key="a", waited_ms=3_600_000)) == [], "an idle worker may be about to take it"
    assert ids(await hands.claim(key="a", overtake_ms=0)) == ["job_a"], "another key's has waited too long already"
    assert ids(await hands.claim(key="a", overtake_ms=3_600_000)) == ["job_c"]


async def test_jobs_for_other_engines_are_left_where_they_are(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", engine="catvton"), make_order("job_b"))
    assert ids(await hands.claim()) == ["job_b"]
    assert ids(await hands.claim(engines=["catvton", "fashn"])) == ["job_a"]


async def test_no_more_than_the_scan_cap_is_looked_at(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}", key="a") for n in range(10)), make_order("job_far", key="b"))
    assert await hands.claim(key="b", scan_cap=10) == []
    assert ids(await hands.claim(key="b", scan_cap=11)) == ["job_far"]


async def test_jobs_of_an_engine_nobody_offers_keep_no_others_from_their_workers(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}", engine="catvton") for n in range(250)))
    await rig.queue.submit(*(make_order(f"job_p{n}") for n in range(3)))
    assert ids(await hands.claim()) == ["job_p0", "job_p1", "job_p2"]
    assert len(await rig.waiting()) == 250


async def test_engines_offered_together_are_served_in_the_order_of_their_jobs(rig, hands, make_order):
    for n, engine in enumerate(["puppet", "catvton", "puppet", "catvton"]):
        await rig.queue.submit(make_order(f"job_{n}", engine=engine, key=engine, high=n == 3))
    both = ["puppet", "catvton"]
    assert ids(await hands.claim(free=1, engines=both)) == ["job_3"]
    assert ids(await hands.claim(free=1, engines=both)) == ["job_0"]
    assert ids(await hands.claim(free=1, engines=both)) == ["job_1"]
    assert ids(await hands.claim(free=1, engines=both)) == ["job_2"]


async def test_a_position_is_exact_however_long_the_list_is(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}", engine=["puppet", "catvton"][n % 2]) for n in range(2_500)))
    (view,) = await rig.queue.look("job_2499")
    assert (view.position, view.position_of_engine) == (2_499, 1_249)


async def test_the_key_is_the_effective_one_after_degradation(rig, hands, make_order):
    def order(job_id, rank, *, may=True):
        return make_order(job_id, key="big", degraded_batch_key="small", may_degrade=may, rank=rank)

    await rig.queue.submit(
        order("job_0", 0.1), order("job_1", 0.9), order("job_2", 0.3), order("job_3", 0.1, may=False)
    )
    degraded = await hands.claim(degraded_fraction=0.5)
    assert [(job.id, job.batch_key, job.degraded) for job in degraded] == [
        ("job_0", "small", True),
        ("job_2", "small", True),
    ]
    full = await hands.claim(degraded_fraction=0.5)
    assert [(job.id, job.batch_key, job.degraded) for job in full] == [("job_1", "big", False), ("job_3", "big", False)]


async def test_a_job_without_a_degraded_form_is_not_degraded(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a", may_degrade=True, rank=0.0))
    (job,) = await hands.claim(degraded_fraction=1.0)
    assert (job.batch_key, job.degraded) == ("puppet/1", False)


async def test_high_priority_jobs_form_a_prefix_in_their_own_order(rig, hands, make_order):
    await rig.queue.submit(make_order("job_n1"), make_order("job_h1", high=True), make_order("job_n2"))
    await rig.queue.submit(make_order("job_h2", high=True), make_order("job_h3", high=True))
    assert ids(await hands.claim()) == ["job_h1", "job_h2", "job_h3", "job_n1", "job_n2"]


async def test_a_high_priority_job_queues_behind_a_long_prefix(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_n{n}") for n in range(40)))
    await rig.queue.submit(*(make_order(f"job_h{n}", high=True) for n in range(37)))
    assert ids(await hands.claim(free=100)) == [f"job_h{n}" for n in range(37)] + [f"job_n{n}" for n in range(40)]


async def test_a_returned_job_goes_before_the_high_priority_prefix(rig, hands, make_order):
    await rig.queue.submit(make_order("job_n"))
    (job,) = await hands.claim()
    await rig.queue.submit(make_order("job_h", high=True))
    await rig.queue.hand_back(hands.worker, {job.id: job.token})
    await rig.queue.submit(make_order("job_h2", high=True), make_order("job_n2"))
    assert ids(await hands.claim()) == ["job_n", "job_h", "job_h2", "job_n2"]


async def test_what_cannot_meet_its_deadline_is_shed_before_it_is_claimed(rig, hands, make_order):
    soon = await rig.now_ms() + 60_000
    await rig.queue.submit(make_order("job_late", deadline_ms=soon), make_order("job_fine"))
    claim = await rig.queue.claim(hands.worker, free=2, engines=["puppet"], estimate_ms=120_000)
    assert (ids(claim.jobs), list(claim.expired)) == (["job_fine"], ["job_late"])
    (view,) = await rig.queue.look("job_late")
    assert (view.state, view.code) == (JobState.EXPIRED, "deadline_exceeded")


async def test_an_estimate_says_nothing_about_jobs_of_another_key(rig, hands, make_order):
    soon = await rig.now_ms() + 60_000
    await rig.queue.submit(make_order("job_a", key="a"), make_order("job_b", key="b", deadline_ms=soon))
    claim = await rig.queue.claim(hands.worker, free=2, engines=["puppet"], estimate_ms=120_000)
    assert (ids(claim.jobs), list(claim.expired)) == (["job_a"], [])
    assert ids(await hands.claim()) == ["job_b"]


async def test_a_waiting_job_expires_at_its_deadline_even_if_no_worker_comes(rig, make_order):
    await rig.queue.submit(make_order("job_a", deadline_ms=await rig.now_ms() - 1), make_order("job_b"))
    assert await rig.queue.reap() == 1
    assert [json.loads(one)["id"] for one in await rig.waiting()] == ["job_b"]
    assert (await rig.queue.look("job_a"))[0].state is JobState.EXPIRED


@pytest.mark.parametrize(
    "element",
    [
        '{"id": "job_stranger", "user_photo_url": "x", "cloth_clean_url": "y", "created_at": 1}',
        "not json {",
        '{"id": 7}',
        '["id"]',
        "null",
        '"job_a"',
        "",
        '{"id": "job_big", "blob": "' + "x" * 20_000 + '"}',
    ],
    ids=["stranger", "malformed", "number", "array", "null", "string", "empty", "huge"],
)
async def test_a_payload_with_no_job_behind_it_is_set_aside(rig, hands, make_order, element):
    await rig.push_by_hand(element)
    await rig.queue.submit(make_order("job_a"))
    assert ids(await hands.claim()) == ["job_a"]
    assert await rig.waiting() == []
    assert await rig.queue.peek_foreign(10) == [element]
    await rig.queue.drop_foreign(element)
    assert await rig.queue.peek_foreign(10) == []


async def test_foreign_payloads_come_oldest_first(rig, hands):
    for n in range(3):
        await rig.push_by_hand(f'{{"id": "stranger_{n}"}}')
    await hands.claim()
    assert [json.loads(one)["id"] for one in await rig.queue.peek_foreign(2)] == ["stranger_0", "stranger_1"]


async def test_the_list_of_foreign_payloads_has_an_end_and_keeps_the_oldest(rig, hands):
    for n in range(FOREIGN_MOST + 5):
        await rig.push_by_hand(f'{{"id": "stranger_{n}"}}')
    while await rig.waiting():
        await hands.claim()
    kept = await rig.queue.peek_foreign(FOREIGN_MOST + 99)
    assert len(kept) == FOREIGN_MOST
    assert [json.loads(kept[at])["id"] for at in (0, -1)] == ["stranger_0", f"stranger_{FOREIGN_MOST - 1}"]


async def test_a_foreign_payload_nobody_can_adopt_becomes_a_dead_letter_with_a_reason(rig, hands):
    await rig.push_by_hand("nonsense")
    await hands.claim()
    letter = await rig.queue.bury_foreign("nonsense", code="invalid_request", message="not JSON")
    assert await rig.queue.bury_foreign("nonsense", code="invalid_request", message="not JSON") == letter
    assert await rig.queue.peek_foreign(10) == []
    assert await rig.queue.dead_letters() == [letter]
    (view,) = await rig.queue.look(letter)
    assert (view.state, view.code, view.message) == (JobState.FAILED, "invalid_request", "not JSON")


async def test_a_second_element_of_the_same_job_runs_nothing_twice(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (element,) = await rig.waiting()
    await rig.push_by_hand(element)
    assert ids(await hands.claim()) == ["job_a"]
    assert await hands.claim() == []
    assert await rig.waiting() == []
    assert await rig.queue.peek_foreign(10) == []


async def test_a_stale_element_of_a_retrying_job_does_not_run_it_early(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    (element,) = await rig.waiting()
    (job,) = await hands.claim()
    await rig.push_by_hand(element)
    assert await rig.queue.cancel("job_a") == [Verdict.FLAGGED]
    await rig.queue.hand_back(hands.worker, {job.id: job.token})
    assert await hands.claim() == []
    assert (await rig.queue.look("job_a"))[0].state is JobState.CANCELED


async def test_nothing_free_or_nothing_offered_claims_nothing(rig, hands, make_order):
    await rig.queue.submit(make_order("job_a"))
    assert await hands.claim(free=0) == []
    assert await hands.claim(engines=[]) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [({"epoch": 0}, "epoch"), ({"rank": 1.0}, "rank")],
)
async def test_a_submission_out_of_range_is_refused(rig, make_order, change, words):
    with pytest.raises(InvalidRequest, match=words):
        await rig.queue.submit(make_order("job_a", **change))
    assert await rig.waiting() == []


async def test_position_counts_the_jobs_ahead(rig, hands, make_order):
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(3)))
    assert [view.position for view in await rig.queue.look("job_0", "job_1", "job_2")] == [0, 1, 2]
    await hands.claim(free=1)
    assert [view.position for view in await rig.queue.look("job_0", "job_1", "job_2")] == [None, 0, 1]
    assert await rig.queue.look("job_unknown") == [None]


async def test_stats_read_depth_work_in_flight_and_waits(rig, hands, make_order):
    assert (await rig.queue.stats()).mean_wait_ms == 0
    await rig.queue.submit(*(make_order(f"job_{n}") for n in range(300)))
    await hands.claim(free=5)
    stats = await rig.queue.stats()
    assert (stats.waiting, stats.running, stats.retrying, stats.dead, stats.busy_workers) == (295, 5, 0, 0, 1)
    assert 0 <= stats.mean_wait_ms <= stats.oldest_waiting_ms + 1
