"""How long one call to a server may take: 5 s where a client waits for the answer, 10 s in a background loop.

`proteus.service.supervision` marks code that runs in a loop; all other code is the edge. Every call to a server takes
its deadline from here, so that the same code gives up quickly for a client and waits longer in a loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

EDGE_CALL_SECONDS: Final = 5.0
LOOP_CALL_SECONDS: Final = 10.0

_IN_LOOP: ContextVar[bool] = ContextVar("in_loop", default=False)


def in_loop() -> bool:
    """Tell whether the caller runs in a background loop."""
    return _IN_LOOP.get()


def call_seconds() -> float:
    """Return the deadline of a call made now, in this context."""
    return LOOP_CALL_SECONDS if in_loop() else EDGE_CALL_SECONDS


@contextmanager
def as_loop() -> Iterator[None]:
    """Mark the code inside the block, and the tasks it starts, as a background loop."""
    mark = _IN_LOOP.set(True)
    try:
        yield
    finally:
        _IN_LOOP.reset(mark)
