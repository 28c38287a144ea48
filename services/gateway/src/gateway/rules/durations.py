"""Durations as clients write them in `Cancel-After`: seconds, or numbers with units. Pure."""

from __future__ import annotations

import re
from typing import Final

_UNITS_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)", re.ASCII)
_SECONDS: Final = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)

DURATION_LENGTH_MOST: Final = 40
DEADLINE_MS_LEAST: Final = 100
DEADLINE_MS_MOST: Final = 86_400_000


def duration_ms(text: str) -> int:
    """Return a duration in milliseconds: `90` (seconds), `90s`, `1m30s`, `1.5h`, `500ms`.

    Raises:
        ValueError: It is not written like that, or lies outside of the deadlines that a try-on may have.
    """
    parts = _PART.findall(text)
    if _SECONDS.fullmatch(text):
        parts = [(text, "s")]
    elif "".join(number + unit for number, unit in parts) != text or not parts:
        raise ValueError("must be seconds or a duration like 90, 90s, 1m30s or 500ms")
    found = round(sum(float(number) * _UNITS_MS[unit] for number, unit in parts))
    if not DEADLINE_MS_LEAST <= found <= DEADLINE_MS_MOST:
        raise ValueError("must lie between 100ms and 24h")
    return found
