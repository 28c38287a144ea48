"""The record of demand: what operators can ask about what was asked for."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from gateway.ledger.migrate import check
from proteus.estimates import rank_of

LONG_AGO = "2020-01-01T00:00:00Z"


@pytest.fixture
async def operator(gateway, account):
    return (await account(gateway, "ops", scopes=["admin"])).http


async def arrivals(operator, **asked):
    answer = await operator.get("/v1/queue/arrivals", params={"since": LONG_AGO, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_an_arrival_tells_when_and_how_and_nothing_of_whom(ready, hands, operator) -> None:
    async with hands.working():
        snap = await ready.snap(deadline_ms=600_000)
        await ready.guest.wait(snap["job_id"])
    first, second = (await arrivals(operator))["items"]
    assert second["rank"] == rank_of(snap["job_id"])
    assert (second["status"], second["degraded"], second["degradable"]) == ("completed", False, False)
    between = at(second["deadline_at"]) - at(second["created_at"])
    assert abs(between - timedelta(minutes=10)) <= timedelta(milliseconds=1), "each is rounded by itself"
    assert at(first["created_at"]) <= at(first["ready_at"]) <= at(first["started_at"]) <= at(first["finished_at"])
    said = json.dumps([first, second])
    assert ready.guest.user_id not in said
    assert "http" not in said
    assert snap["job_id"] not in said


async def test_a_picture_is_ready_when_the_last_it_needs_was_made(gateway, hands, operator, picture) -> None:
    guest = await gateway.guest()
    person, garment = await guest.upload(), await guest.upload(picture((80, 80)), kind="garment")
    snap = await guest.snap(person, garment)
    (waiting,) = (await arrivals(operator))["items"]
    assert (waiting["status"], waiting["ready_at"], waiting["started_at"]) == ("queued", None, None)
    async with hands.working():
        await guest.wait(snap["job_id"])
    (made,) = (await arrivals(operator))["items"]
    assert at(made["created_at"]) < at(made["ready_at"]) <= at(made["started_at"])


async def test_a_photo_that_is_there_already_holds_nothing_up(ready, operator) -> None:
    await ready.snap()
    second = (await arrivals(operator))["items"][1]
    assert second["ready_at"] == second["created_at"]


async def test_pages_follow_each_other_without_gap_or_repetition(ready, operator) -> None:
    for _ in range(4):
        await ready.snap()
    whole = (await arrivals(operator))["items"]
    found, cursor = [], None
    while True:
        page = await arrivals(operator, limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == whole
    assert len(whole) == 5
    assert [one["created_at"] for one in whole] == sorted(one["created_at"] for one in whole)


async def test_a_period_takes_its_beginning_and_leaves_its_end(ready, operator) -> None:
    await ready.snap()
    first, second = (await arrivals(operator))["items"]
    # The API rounds down to the millisecond.
    border = (at(second["created_at"])).isoformat()
    assert (await arrivals(operator, until=border))["items"] == [first]
    assert (await arrivals(operator, since=border))["items"] == [second]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"since": "2999-01-01T00:00:00Z"}, "in the future"),
        ({"since": "2020-01-02T00:00:00Z", "until": LONG_AGO}, "not after `since`"),
        ({"since": LONG_AGO, "cursor": "nonsense"}, "cursor is not one of ours"),
    ],
)
async def test_a_period_that_cannot_be_is_refused_in_a_sentence(operator, asked, said) -> None:
    answer = await operator.get("/v1/queue/arrivals", params=asked)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] == "invalid_request"
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "asked", [{}, {"since": "yesterday"}, {"since": "2020-01-01T00:00:00"}, {"since": LONG_AGO, "limit": 1001}]
)
async def test_words_that_are_no_time_are_refused(operator, asked) -> None:
    answer = await operator.get("/v1/queue/arrivals", params=asked)
    assert answer.json()["code"] == "invalid_request"


async def test_only_operators_see_what_others_asked_for(gateway) -> None:
    guest = await gateway.guest()
    answer = await guest.http.get("/v1/queue/arrivals", params={"since": LONG_AGO})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_scope")


def test_the_migrations_make_the_tables_of_the_code(gateway_settings) -> None:
    check(gateway_settings.database)
