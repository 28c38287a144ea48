"""Canaries at the claim: a share of an engine's jobs is for one version's workers, and nothing waits long for them."""

from __future__ import annotations

import pytest

from proteus.canary import PATIENCE_MS, CanaryPart, is_left, parts_of
from proteus.clock import ManualClock
from proteus.estimates import rank_of
from proteus.queue import Failure

OWN = {"puppet": CanaryPart(share=0.25, own=True)}
OTHER = {"puppet": CanaryPart(share=0.25, own=False)}
IDS = [f"job_{n}" for n in range(200)]
DRAWN = {one for one in IDS if rank_of(one) * 4096 % 1 < 0.25}


@pytest.fixture
async def filled(rig, make_order):
    await rig.queue.submit(*(make_order(one, rank=rank_of(one)) for one in IDS))
    return rig


async def test_the_canary_takes_the_share_that_is_drawn_and_the_others_take_the_rest(filled, hands, other_hands):
    assert 0.2 < len(DRAWN) / len(IDS) < 0.3
    canarys = await hands.claim(len(IDS), canaries=OWN)
    others = await other_hands.claim(len(IDS), canaries=OTHER)
    assert {job.id for job in canarys} == DRAWN
    assert {job.id for job in others} == set(IDS) - DRAWN
    assert await hands.claim(len(IDS), canaries=OWN) == []


async def test_without_a_canary_and_with_one_of_another_engine_everything_is_taken(filled, hands):
    (_, *rest) = IDS
    assert len(await hands.claim(1)) == 1
    assert len(await hands.claim(len(IDS), canaries={"catvton": CanaryPart(share=0.5, own=True)})) == len(rest)


@pytest.mark.parametrize(("share", "taken"), [(0.0, 0), (1.0, len(IDS))])
async def test_a_share_may_be_nothing_or_everything(filled, hands, share, taken):
    assert len(await hands.claim(len(IDS), canaries={"puppet": CanaryPart(share=share, own=True)})) == taken


async def test_what_failed_or_crashed_on_the_canary_is_tried_again_by_the_others(rig, make_order, hands, other_hands):
    failed, crashed = sorted(DRAWN)[:2]
    await rig.queue.submit(*(make_order(one, rank=rank_of(one)) for one in (failed, crashed)))
    assert await other_hands.claim(canaries=OTHER) == [], "the others leave it to the canary"
    jobs = {job.id: job for job in await hands.claim(canaries=OWN)}
    failure = Failure(id=failed, token=jobs[failed].token, code="engine_failed", message="it broke", retryable=True)
    await rig.queue.fail(hands.worker, [failure])
    await hands.crash(jobs[crashed])
    await rig.queue.reap()
    assert await hands.claim(canaries=OWN) == []
    found = [await other_hands.claim(1, canaries=OTHER)]
    await rig.queue.hand_back(other_hands.worker, {job.id: job.token for job in found[0]})
    assert {job.id for job in found[0]} <= {failed, crashed}
    assert found[0], "either may come first; one that crashed runs alone"


async def test_what_the_canary_handed_back_is_still_its_own(rig, make_order, hands, other_hands):
    one = min(DRAWN)
    await rig.queue.submit(make_order(one, rank=rank_of(one)))
    (job,) = await hands.claim(canaries=OWN)
    await rig.queue.hand_back(hands.worker, {job.id: job.token})
    assert await other_hands.claim(canaries=OTHER) == []
    assert [job.id for job in await hands.claim(canaries=OWN)] == [one]


async def test_what_has_waited_long_enough_is_anybodys(rig, make_order, other_hands):
    one = min(DRAWN)
    await rig.queue.submit(make_order(one, rank=rank_of(one)))
    assert await other_hands.claim(canaries=OTHER) == []
    clock = getattr(rig, "clock", None)
    if isinstance(clock, ManualClock):
        clock.advance(PATIENCE_MS / 1000 + 1)
    else:  # The server's clock cannot be moved; the moment from which the wait counts can.
        key = rig.queue.keys.job(one)
        await rig.redis.hset(key, "queued", int(await rig.redis.hget(key, "submitted")) - PATIENCE_MS - 1)
    assert [job.id for job in await other_hands.claim(canaries=OTHER)] == [one]


def test_the_parts_of_a_worker_are_of_its_engines_and_its_versions() -> None:
    canaries = {"catvton@2": 0.1, "puppet@1+b": 0.5, "fashn@9": 1.0}
    assert parts_of(canaries, {"catvton": "1", "puppet": "1+b"}) == {
        "catvton": CanaryPart(share=0.1, own=False),
        "puppet": CanaryPart(share=0.5, own=True),
    }
    assert not is_left(None, rank=0.0, failed=False, waited_ms=0)
