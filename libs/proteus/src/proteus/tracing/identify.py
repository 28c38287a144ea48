"""The numbers of a trace, made of its request's id: the same in every process."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_TRACE: Final = re.compile(r"[0-9a-f]{32}")


def trace_number(trace_id: str) -> int:
    """Return the 128-bit number of a trace: the id itself, if it is 32 hexadecimal digits, else a hash of it."""
    if _TRACE.fullmatch(trace_id) and (number := int(trace_id, 16)):
        return number
    return int.from_bytes(sha256(trace_id.encode()).digest()[:16]) or 1


def root_number(trace_id: str) -> int:
    """Return the 64-bit number of the span that the others of a trace hang on."""
    return int.from_bytes(sha256(b"root " + trace_id.encode()).digest()[:8]) or 1
