"""Group commit: alone at once, together under load, and a bad one fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.submitting.group_commit import BATCH_MOST, BATCHES_AT_ONCE, GroupCommit
from proteus.errors import DependencyUnavailable


class Work:
    """Doubles numbers, a batch at a time, once it may."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def do(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        await self.may_go.wait()
        if -13 in items:
            raise ValueError("-13 cannot be done")
        if -99 in items:
            raise DependencyUnavailable("the database is away")
        return [2 * item for item in items]


async def test_a_lone_item_is_a_batch_of_its_own() -> None:
    work = Work()
    gathering = GroupCommit(work.do)
    assert [await gathering.do(n) for n in (1, 2)] == [2, 4]
    assert work.batches == [[1], [2]]


async def test_what_comes_meanwhile_shares_the_next_batches() -> None:
    work = Work()
    gathering = GroupCommit(work.do)
    work.may_go.clear()
    answers = [asyncio.create_task(gathering.do(n)) for n in range(2 * BATCH_MOST + BATCHES_AT_ONCE)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    work.may_go.set()
    assert await asyncio.gather(*answers) == [2 * n for n in range(2 * BATCH_MOST + BATCHES_AT_ONCE)]
    assert max(map(len, work.batches)) <= BATCH_MOST
    assert len(work.batches) <= BATCHES_AT_ONCE + 3
    assert [n for batch in work.batches for n in batch] == list(range(2 * BATCH_MOST + BATCHES_AT_ONCE))


async def test_an_item_that_cannot_be_done_fails_alone() -> None:
    gathering = GroupCommit(Work().do)
    answers = await asyncio.gather(*(gathering.do(n) for n in (12, -13, 14)), return_exceptions=True)
    assert (answers[0], answers[2]) == (24, 28)
    assert isinstance(answers[1], ValueError)


async def test_trouble_of_the_deployment_is_everybodys_and_is_not_tried_again_for_each() -> None:
    work = Work()
    gathering = GroupCommit(work.do)
    answers = await asyncio.gather(*(gathering.do(n) for n in (98, -99, 100)), return_exceptions=True)
    assert all(isinstance(answer, DependencyUnavailable) for answer in answers)
    assert len(work.batches) == 1


async def test_who_stops_waiting_stops_nobody() -> None:
    work = Work()
    gathering = GroupCommit(work.do)
    work.may_go.clear()
    gone = asyncio.create_task(gathering.do(1))
    stays = asyncio.create_task(gathering.do(2))
    await asyncio.sleep(0)
    gone.cancel()
    work.may_go.set()
    assert await stays == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert [n for batch in work.batches for n in batch] == [1, 2]
