"""A batch of facts: each that can be recorded is recorded once, whichever of the others cannot be."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.jobs import JobRow
from gateway.recording import halving
from proteus.errors import DependencyUnavailable, InvalidRequest
from proteus.jobs import EventKind, JobId, JobState
from proteus.queue import QueueEvent


def facts(many: int) -> list[QueueEvent]:
    return [
        QueueEvent(
            entry_id="", kind=EventKind.EXPIRED, job_id=JobId(f"job_{n}"), token=1, state=JobState.EXPIRED, at_ms=0,
            data={},
        )
        for n in range(many)
    ]  # fmt: skip


class Book:
    """Takes a batch as a whole or not at all."""

    def __init__(self, bad: set[int], error: Exception) -> None:
        self.bad = {f"job_{n}" for n in bad}
        self.error = error
        self.written: list[str] = []

    async def settle(self, events: Sequence[QueueEvent]) -> list[JobRow]:
        if any(event.job_id in self.bad for event in events):
            raise self.error
        self.written += [event.job_id for event in events]
        return []


@given(many=st.integers(0, 40), bad=st.sets(st.integers(0, 39), max_size=6))
async def test_a_bad_fact_keeps_no_other_one_from_being_recorded_once(many, bad) -> None:
    book = Book(bad, InvalidRequest("The database refuses this number."))
    recorded = await halving.each(book.settle, facts(many))
    assert book.written == [f"job_{n}" for n in range(many) if n not in bad]
    assert [event.job_id for event in recorded] == book.written


async def test_while_the_database_is_away_nothing_is_taken_for_bad() -> None:
    book = Book({3}, DependencyUnavailable())
    with pytest.raises(DependencyUnavailable):
        await halving.each(book.settle, facts(8))
    assert book.written == []
