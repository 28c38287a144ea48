"""`Cancel-After` is seconds or a duration with units; anything else is refused with a sentence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.durations import DEADLINE_MS_LEAST, DEADLINE_MS_MOST, duration_ms


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("90", 90_000), ("90s", 90_000), ("1m30s", 90_000), ("1.5m", 90_000), ("500ms", 500), ("0.1", 100),
        ("24h", 86_400_000), ("23h59m60s", 86_400_000), ("1h1ms", 3_600_001),
    ],
)  # fmt: skip
def test_seconds_and_units_are_read(text: str, milliseconds: int) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "s", "1 m", "-5", "+5", "1e3", "5d", "1m30", "m1", "NaN", "inf", "1..5", "٣", "0x10", "9" * 400]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be seconds or a duration"):
        duration_ms(text)


@pytest.mark.parametrize("text", ["0", "99ms", "0.0001", "24.001h", "86401", "999999999h"])
def test_a_duration_outside_of_the_deadlines_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="between 100ms and 24h"):
        duration_ms(text)


@given(st.text(alphabet="0123456789.hms -", max_size=40))
def test_any_text_is_a_deadline_or_a_value_error(text: str) -> None:
    try:
        found = duration_ms(text)
    except ValueError:
        return
    assert DEADLINE_MS_LEAST <= found <= DEADLINE_MS_MOST
