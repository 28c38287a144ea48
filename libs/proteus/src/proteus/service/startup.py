"""Handles SIGTERM and SIGINT from the first instant: a process that is still importing ends at once.

A container's first process has no default action for a signal, so a SIGTERM that comes before a handler is set is lost,
and the process lives on until it is killed. Every service's `__main__` therefore imports only this module, calls
`hear_signals`, and imports the rest afterwards, inside `main`:

    from proteus.service.startup import hear_signals

    def main() -> int:
        hear_signals()
        from weaver.app import serve  # Heavy: the handlers are installed by now.
        ...

`proteus.service.lifecycle` takes the signals over once the service runs, and gives them back here when it has ended, so
that work at the exit cannot hold the process either. This module imports nothing heavy, and must not.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNAL_STATUS = 128
"""Added to the signal's number, as shells do: an interrupted start or migration must not look like a success."""


def hear_signals() -> None:
    """End the process at the next SIGTERM or SIGINT: at once, without a traceback, with the status 128 + number."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)


@contextmanager
def kept() -> Iterator[None]:
    """Import or load, in a `with` block, what stays as long as the process: the collector never looks through it.

    Otherwise it looks through it again and again while a million objects come, a sixth of the time to import an engine,
    and later in one piece, with everything waiting.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _end(number: int, _frame: FrameType | None) -> None:
    os._exit(SIGNAL_STATUS + number)
