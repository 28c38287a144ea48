"""Waiting for something to become true, with a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come: it says that something hangs, and nothing about speed."""

T = TypeVar("T")


async def until(
    condition: Callable[[], Awaitable[T]], *, seconds: float = PATIENCE_SECONDS, what: str = "the condition"
) -> T:
    """Return the first truthy answer; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (answer := await condition()):
        assert time.monotonic() < deadline, f"{what} did not come true within {seconds} s"
        await asyncio.sleep(0.02)
    return answer
