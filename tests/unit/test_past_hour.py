"""The hour behind the pictures of the Fleet page is one that a fleet can have had."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from workbench.past_hour import MOST_IN_BATCH, REFUSED_FROM, SECONDS, SEED, rows, worked

PICTURES, MINUTES = worked(random.Random(SEED))
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_pictures_come_are_taken_and_end_in_their_order_and_within_the_hour() -> None:
    for one in PICTURES:
        assert 0 <= one.came <= one.taken < one.ended < SECONDS
    assert [one.came for one in PICTURES] == sorted(one.came for one in PICTURES)


def test_no_weaver_makes_more_at_once_than_fits_into_a_batch() -> None:
    assert max(Counter((one.taken, one.ended) for one in PICTURES).values()) <= 2 * MOST_IN_BATCH
    assert max(minute["running"] for minute in MINUTES) == 2 * MOST_IN_BATCH


def test_the_rush_is_seen_in_every_chart() -> None:
    assert len(MINUTES) == SECONDS // 60
    assert {minute["ready"] for minute in MINUTES} == {1, 2}
    assert max(minute["waiting"] for minute in MINUTES) == REFUSED_FROM
    assert sum(minute["refused:queue_full"] for minute in MINUTES) > 0
    assert 0 < sum(one.failed for one in PICTURES) < len(PICTURES) / 20


def test_every_picture_is_a_row_of_its_own_with_its_times() -> None:
    made = list(rows({"id": "job_template", "result": {"engine": "timed"}, "tenant": "public"}, PICTURES, START))
    assert len({row["id"] for row in made}) == len(PICTURES)
    for row, one in zip(made, PICTURES, strict=True):
        assert row["tenant"] == "public"
        assert datetime.fromisoformat(row["finished_at"]) - START == timedelta(seconds=one.ended)
        assert row["created_at"] <= row["waiting_since"] <= row["started_at"] <= row["finished_at"]
        assert (row["result"] is None) == (row["error"] is not None) == one.failed
        if row["result"]:
            assert row["result"]["timings"]["weave_seconds"] == one.share


def test_the_engines_time_is_that_of_the_batches() -> None:
    batches = {(one.taken, one.ended) for one in PICTURES}
    assert sum(one.share for one in PICTURES) >= sum(ended - taken for taken, ended in batches) - 1e-6
