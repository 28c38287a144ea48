"""What is remembered of keys and logins: for how long, and what a flood of invented ones costs."""

from __future__ import annotations

import asyncio

import pytest

from gateway.accounts.grants import ACTIVE_SECONDS, FRESH_SECONDS, LOOKUPS_AT_ONCE, LOOKUPS_WAITING_MOST, Grants
from proteus.clock import ManualClock
from proteus.errors import DependencyUnavailable, Overloaded


class Book:
    """The ledger, as grants see it."""

    def __init__(self) -> None:
        self.live = {"key_a": "A"}
        self.questions: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = self.most_at_once = 0
        self.away = False

    async def ask(self, ids):
        self.questions.append(list(ids))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.open.wait()
            if self.away:
                raise DependencyUnavailable("away")
            return {one: self.live[one] for one in ids if one in self.live}
        finally:
            self.at_once -= 1


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_a_grant_is_asked_for_once_and_ends_with_the_next_refresh(clock) -> None:
    book = Book()
    grants = Grants(book.ask, now=clock.now)
    assert [await grants.find("key_a") for _ in range(3)] == ["A"] * 3
    assert book.questions == [["key_a"]]
    del book.live["key_a"]
    await grants.refresh()
    assert await grants.find("key_a") is None
    assert not grants.still("key_a")


async def test_what_was_asked_longer_than_a_second_ago_serves_no_request(clock) -> None:
    book = Book()
    grants = Grants(book.ask, now=clock.now)
    await grants.find("key_a")
    del book.live["key_a"]
    clock.advance(FRESH_SECONDS + 0.01)
    assert grants.look("key_a") is None
    assert await grants.find("key_a") is None


async def test_while_the_ledger_is_away_requests_are_refused_and_what_is_open_stays_for_a_moment(clock) -> None:
    book = Book()
    grants = Grants(book.ask, now=clock.now)
    await grants.find("key_a")
    book.away = True
    clock.advance(FRESH_SECONDS + 1)
    with pytest.raises(DependencyUnavailable):
        await grants.find("key_a")
    with pytest.raises(DependencyUnavailable):
        await grants.refresh()
    assert grants.still("key_a")
    clock.advance(10)
    assert not grants.still("key_a")


async def test_a_grant_that_nobody_uses_is_forgotten(clock) -> None:
    book = Book()
    grants = Grants(book.ask, now=clock.now)
    await grants.find("key_a")
    clock.advance(ACTIVE_SECONDS + 1)
    await grants.refresh()
    assert book.questions == [["key_a"]], "nothing is left to ask about"


async def test_callers_of_one_grant_share_one_question(clock) -> None:
    book = Book()
    book.open.clear()
    grants = Grants(book.ask, now=clock.now)
    waiting = [asyncio.create_task(grants.find("key_a")) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    book.open.set()
    assert [await one for one in waiting[1:]] == ["A"] * 19
    assert book.questions == [["key_a"]]


async def test_invented_grants_take_few_connections_and_the_rest_of_them_are_turned_away(clock) -> None:
    book = Book()
    grants = Grants(book.ask, now=clock.now)
    await grants.find("key_a")
    book.open.clear()
    waiting = [asyncio.create_task(grants.find(f"key_{n}")) for n in range(3 * LOOKUPS_WAITING_MOST)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert grants.look("key_a") == "A", "who is known is served meanwhile"
    book.open.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert book.most_at_once == LOOKUPS_AT_ONCE
    assert sum(isinstance(one, Overloaded) for one in answers) == 2 * LOOKUPS_WAITING_MOST
    assert [one for one in answers if not isinstance(one, Overloaded)] == [None] * LOOKUPS_WAITING_MOST
