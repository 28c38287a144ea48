"""Fetches the weights of a starting worker, however long the source is away: attempts with a deadline, and pauses.

A source that is away is no fault of the worker's: it stays up, not ready, reports which source it waits for and why,
and goes on as soon as the source is back. A permanent refusal of the source is returned to the caller.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import structlog

from proteus.checked_settings import without_credentials
from proteus.errors import DependencyUnavailable, ModelUnavailable
from proteus.service.lifecycle import cancel, wait
from proteus.service.supervision import Pulse
from proteus.settings import StorageSettings
from proteus.worker.weights import WeightsOrder

log = structlog.get_logger()

ATTEMPT_SECONDS: Final = 60.0
"""An attempt may take so long, and a second more for each `SLOWEST_BYTES_PER_SECOND` received."""

SLOWEST_BYTES_PER_SECOND: Final = 100 * 1024
"""A slow connection is allowed, a stalled one is not."""

LOOK_SECONDS: Final = 1.0
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
"""How late a worker notices that its source is back."""


async def fetch_weights(
    orders: Sequence[WeightsOrder],
    storage: StorageSettings,
    stop: asyncio.Event,
    pulse: Pulse,
    *,
    on_wait: Callable[[str], None],
    attempt_seconds: float = ATTEMPT_SECONDS,
) -> Mapping[str, ModelUnavailable] | None:
    """Fetch the missing weights, one model after the other, and wait for as long as a source is away.

    Args:
        orders: The weights that are needed.
        storage: Endpoint and credentials of the object storage.
        stop: Ends the waiting.
        pulse: Turned while an attempt or a pause lasts.
        on_wait: Called with the reason of a wait; with an empty text when it is over.
        attempt_seconds: Of each attempt, beside the time for received bytes.

    Returns:
        Model -> why its source refused; None: `stop` was set first.
    """
    refused: dict[str, ModelUnavailable] = {}
    for order in orders:
        if not order.needed:
            continue
        on_wait(f"fetching {order.model}'s weights")
        answer = await _until_answered(order, storage, stop, pulse, on_wait=on_wait, attempt_seconds=attempt_seconds)
        if answer is None:
            return None
        if "refused" in answer:
            refused[order.model] = ModelUnavailable(answer["refused"])
    on_wait("")
    return refused


async def _until_answered(
    order: WeightsOrder,
    storage: StorageSettings,
    stop: asyncio.Event,
    pulse: Pulse,
    *,
    on_wait: Callable[[str], None],
    attempt_seconds: float,
) -> dict[str, Any] | None:
    pause_seconds, attempt = FIRST_PAUSE_SECONDS, 0
    while not stop.is_set():
        attempt += 1
        try:
            return await _attempt(order, storage, stop, pulse, attempt_seconds=attempt_seconds)
        except DependencyUnavailable as error:
            log.warning("weights_source_away", model=order.model, attempt=attempt, reason=error.message)
            on_wait(f"{error.message}, attempt {attempt}")
        pulse.turn()
        await wait(stop, seconds=pause_seconds * random.uniform(0.5, 1.0))
        pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
    return None


async def _attempt(
    order: WeightsOrder, storage: StorageSettings, stop: asyncio.Event, pulse: Pulse, *, attempt_seconds: float
) -> dict[str, Any] | None:
    """Make one attempt; None: `stop` was set.

    Raises:
        DependencyUnavailable: The source is away.
    """
    values = {**storage.model_dump(), "secret_key": storage.secret_key.get_secret_value()}
    message = {"order": asdict(order), "storage": values, "parent": os.getpid()}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "proteus.worker.weights_process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "HF_HUB_DISABLE_PROGRESS_BARS": "1"},
    )
    answering = asyncio.create_task(process.communicate(json.dumps(message).encode() + b"\n"))
    stopping = asyncio.create_task(stop.wait())
    start = time.monotonic()
    try:
        while not answering.done():
            pulse.turn()
            await asyncio.wait({answering, stopping}, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                return None
            came_bytes = _size_bytes(order.draft)
            if time.monotonic() - start > attempt_seconds + came_bytes / SLOWEST_BYTES_PER_SECOND:
                raise DependencyUnavailable(
                    f"{order.model}'s weights do not come from {without_credentials(order.source)} "
                    f"(TimeoutError: {came_bytes} bytes in {time.monotonic() - start:.0f} s)"
                )
        return _read(order, answering.result()[0], process.returncode)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await cancel(answering, stopping)


def _read(order: WeightsOrder, answer: bytes, status: int | None) -> dict[str, Any]:
    try:
        read: dict[str, Any] = json.loads(answer.splitlines()[-1])
    except (ValueError, IndexError):
        source = without_credentials(order.source)
        raise DependencyUnavailable(
            f"{order.model}'s weights cannot be fetched from {source} (the attempt ended with status {status})"
        ) from None
    if "away" in read:
        raise DependencyUnavailable(read["away"])
    return read


def _size_bytes(folder: Path) -> int:
    """Return the size of a folder whose files come and go meanwhile."""
    size_bytes = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                size_bytes += os.stat(os.path.join(parent, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return size_bytes
