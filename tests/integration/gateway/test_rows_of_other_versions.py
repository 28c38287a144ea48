"""Rows that another version wrote, or an operator's hand: every reading of them is an answer, and lists are whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from proteus.keys import JOBS
from proteus.queue import Failure

ODD: dict[str, list[Any]] = {
    "jobs.error": [[], {"code": "a", "message": None}, {"reason": "other", "code": 7}],
    "jobs.result": ["words", {"result_key": 7}, {"result_key": "a", "timings": []}],
    "tryons.options": [[], {"engine": "later", "quality": "later"}, {"engine": 7, "quality": None, "seed": "odd"}],
    "tryons.metadata": [[], {"a": 1}],
    "events.data": [[], {"seq": "x", "status": 7}],
}


@pytest.mark.parametrize(
    "where",
    [
        "jobs.error", "tryons.options",
        *(pytest.param(one, marks=pytest.mark.long) for one in ("jobs.result", "tryons.metadata", "events.data")),
    ],
)  # fmt: skip
async def test_whatever_stands_in_a_row_every_reading_of_it_is_an_answer(
    gateway, ready, hands, parts, tokens, where
) -> None:
    ids = [(await ready.snap())["job_id"] for _ in range(2)]
    await hands.finish(await hands.take())
    failing = await hands.take()
    failure = Failure(id=failing.id, token=failing.token, code="engine_failed", message="m", retryable=False)
    await hands.queues[JOBS].fail(hands.worker, [failure])
    for job_id in ids:
        await ready.guest.wait(job_id)
    operator = gateway.bearer(tokens.mint(ready.guest.user_id, tenant="ops", scopes=["admin"], seconds=600)).http
    table, column = where.split(".")
    wrong = []
    for value in ODD[where]:
        async with parts.ledger.write() as writes:
            await writes.users._connection.execute(
                text(f"UPDATE {table} SET {column} = CAST(:value AS jsonb)"), {"value": json.dumps(value)}
            )
        for client in (ready.guest.http, operator):
            for path in PATHS:
                for job_id in ids[:2] if "{" in path else ids[:1]:
                    asked = path.format(job_id=job_id)
                    async with client.stream("GET", asked, headers={"Last-Event-ID": "0"}) as answer:
                        # A picture that failed in its engine is told as such.
                        if answer.status_code >= 500 and b"engine_failed" not in await answer.aread():
                            wrong.append(f"{column} = {value}: {asked}: {answer.status_code}")
        listed = (await ready.guest.http.get("/v1/tryons")).json().get("items", ())
        if not {one["job_id"] for one in listed} >= set(ids):
            wrong.append(f"{column} = {value}: the list lacks some")
    assert not wrong, "\n".join(wrong)


PATHS = (
    "/api/status/{job_id}", "/v1/tryons/{job_id}", "/v1/results/{job_id}/1", "/v1/tryons", "/vtons", "/v1/images",
    "/v1/tryons/{job_id}/events", "/v1/events", "/v1/queue/jobs", "/v1/queue/dead", "/v1/queue/arrivals", "/v1/queue",
)  # fmt: skip
