"""Moments as people name them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus_cli.moments import moment

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("45s", timedelta(seconds=45)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1.5h", timedelta(minutes=90)),
        ("1d", timedelta(days=1)),
        ("2026-02-03T11:00:00Z", timedelta(hours=1)),
        ("2026-02-03T12:00:00+02:00", timedelta(hours=2)),
        ("2026-02-03T12:00Z", timedelta(0)),
    ],
)
def test_a_moment_is_so_long_ago_or_a_time(text: str, ago: timedelta) -> None:
    assert moment(text, now=NOW) == NOW - ago


def test_a_time_without_a_zone_is_this_machines() -> None:
    assert moment("2026-02-02T10:00", now=NOW) == datetime(2026, 2, 2, 10).astimezone()


@pytest.mark.parametrize("text", ["yesterday", "2", "h", "-2h", "2 h 3", "", "2026-13-01", "9" * 20 + "d"])
def test_what_names_no_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no time: say 45s, 30m, 2h"):
        moment(text, now=NOW)


def test_the_future_has_not_happened() -> None:
    with pytest.raises(ValueError, match="in the future"):
        moment("2026-02-03T12:00:01Z", now=NOW)


@given(st.text(max_size=30))
def test_any_words_name_a_past_moment_or_are_refused(text: str) -> None:
    try:
        assert moment(text, now=NOW) <= NOW
    except ValueError as error:
        assert "is no time" in str(error) or "in the future" in str(error)  # noqa: PT017
