"""What one attempt at a job used: the message in which workers report it, and its arithmetic.

A worker adds up what each job it holds uses. Heartbeats carry the sum so far, and the verdict that ends the attempt
carries the final one. So of a worker that dies only what it used after its last heartbeat is unknown.

Only the standard library is used here: the heartbeat's process imports it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

SECONDS_MOST: Final = 10_000_000.0
"""Longer than any job may live; a larger number is a fault."""

NAME_CHARS: Final = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What one attempt used so far, in seconds.

    Attributes:
        engine: What made it: an engine of the weaver, a task of the tailor.
        device: What it ran on: `cpu`, or the GPU's name; empty: unknown.
        gpu_seconds: Its share of each step: the step's time divided by the pictures of the batch. An engine without a
            GPU counts its own device in the same way. A preparation uses none.
        engine_seconds: All of the time of the steps that it took part in; of a preparation the time of its work.
        queue_seconds: From the moment when it could be claimed to the claim.
        store_seconds: Reading its inputs and storing its result.
        partial: It comes from a heartbeat: the attempt went on, and what it used afterwards is not in here.
    """

    engine: str = ""
    device: str = ""
    gpu_seconds: float = 0.0
    engine_seconds: float = 0.0
    queue_seconds: float = 0.0
    store_seconds: float = 0.0
    partial: bool = False

    @classmethod
    def read(cls, found: object) -> Usage | None:
        """Return the usage in what arrived; None: there is none, or this version cannot read it.

        Unknown names are ignored, missing ones have their defaults. A time that is no number makes the whole unknown:
        a part of it would look like the truth.
        """
        if not isinstance(found, Mapping):
            return None
        seconds = {name: found.get(name, 0.0) for name in _SECONDS}
        if not all(_is_time(one) for one in seconds.values()):
            return None
        return cls(
            engine=_name(found.get("engine")),
            device=_name(found.get("device")),
            partial=found.get("partial") is True,
            **{name: float(one) for name, one in seconds.items()},
        )

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values, times to the microsecond."""
        return {name: round(one, 6) if name in _SECONDS else one for name, one in asdict(self).items()}

    def plus(self, *, gpu: float = 0.0, engine: float = 0.0, store: float = 0.0) -> Usage:
        """Return it with further seconds."""
        return replace(
            self,
            gpu_seconds=self.gpu_seconds + gpu,
            engine_seconds=self.engine_seconds + engine,
            store_seconds=self.store_seconds + store,
        )


_SECONDS: Final = ("gpu_seconds", "engine_seconds", "queue_seconds", "store_seconds")

NO_USAGE: Final[Mapping[Any, Usage]] = {}
"""Of no job anything is known."""


def _is_time(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
        and 0 <= value <= SECONDS_MOST
    )


def _name(value: object) -> str:
    return value[:NAME_CHARS] if isinstance(value, str) else ""
