"""Old rows go a batch at a time, each in a transaction of its own: none holds locks, or a snapshot, for long."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.ledger.engine import Ledger
from gateway.ledger.session import Writes

ROWS: Final = 2_000
"""Rows of one batch: some tens of milliseconds, also where each takes others with it."""

BATCHES: Final = 250
"""Batches of one round: half a million rows; the rest go in the next one."""


async def in_batches(ledger: Ledger, forget: Callable[[Writes, int], Awaitable[int]]) -> int:
    """Delete until fewer than a batch were left; return how many rows went.

    Args:
        forget: Deletes so many rows at most and returns how many.
    """
    gone = 0
    for _ in range(BATCHES):
        async with ledger.write() as writes:
            found = await forget(writes, ROWS)
        gone += found
        if found < ROWS:
            break
    return gone
