"""What text may enter: laws over all of Unicode, and the moments that a cursor or a query can name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gateway.rules.text import PathId, Seq, moment, plain, stored_url
from proteus.errors import NotFound

ANY_TEXT = st.text(st.characters())
"""Every code point; surrogates are among them."""


@given(ANY_TEXT)
def test_what_is_let_in_can_be_stored_and_the_rest_is_named(text: str) -> None:
    bad = [character for character in text if ord(character) < 32 or 0x7F <= ord(character) <= 0x9F]
    bad += [character for character in text if 0xD800 <= ord(character) <= 0xDFFF]
    if bad:
        with pytest.raises(ValueError, match=r"U\+[0-9A-F]{4}"):
            plain(text)
    else:
        assert plain(text).encode().decode() == text


@given(ANY_TEXT)
def test_an_id_is_let_in_or_not_found(text: str) -> None:
    adapter = TypeAdapter(PathId)
    try:
        found = adapter.validate_python(text)
    except (NotFound, ValidationError):
        return
    assert found == plain(text)


@given(st.one_of(ANY_TEXT, st.text("0123456789²٣ ", max_size=40)))
def test_the_number_of_an_event_fits_into_64_bits(text: str) -> None:
    try:
        found = TypeAdapter(Seq).validate_python(text)
    except ValidationError:
        return
    assert not found or 0 <= int(found) < 2**63


@pytest.mark.parametrize("url", ["http://[", "http://[::1/x", "http://\u2100.com/x", "http://a/%00", "http://a/\x7f"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence differs
        stored_url(url)


@given(st.datetimes(), st.integers(-1439, 1439))
def test_a_moment_is_one_of_utc_or_refused(at: datetime, minutes: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    try:
        found = moment(zoned)
    except ValueError:
        assert at.year in (1, 9999)
        return
    assert (found, found.tzinfo) == (zoned, UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        moment(datetime(2026, 1, 1))
