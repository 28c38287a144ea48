"""What a job used, as its row keeps it and as clients see it. Pure.

`gpu_seconds` is what a user answers for: attempts that made the picture, and those that the user cancelled. What other
attempts used (a worker was lost, the engine failed, the deadline passed) is `unbilled_seconds`: it is the deployment's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Final

from proteus.usage import Usage

_SECONDS: Final = ("gpu_seconds", "unbilled_seconds", "engine_seconds", "queue_seconds", "store_seconds")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobUsage:
    """The sum over a job's attempts.

    Attributes:
        known: Every attempt was reported; else the sums are the least.
        cost: Of `gpu_seconds`; None: no price was known.
        currency: Of the cost.
        idle_included: Whether the cost includes a share of the fleet's idle time.
    """

    gpu_seconds: float = 0.0
    unbilled_seconds: float = 0.0
    engine_seconds: float = 0.0
    queue_seconds: float = 0.0
    store_seconds: float = 0.0
    known: bool = True
    cost: float | None = None
    currency: str | None = None
    idle_included: bool = False

    @classmethod
    def read(cls, found: object) -> JobUsage | None:
        """Return what a row holds; None: nothing, or what this version cannot read."""
        if not isinstance(found, Mapping):
            return None
        seconds = {name: found.get(name, 0.0) for name in _SECONDS}
        if not all(_is_number(one) for one in seconds.values()):
            return None
        cost, currency = found.get("cost"), found.get("currency")
        priced = _is_number(cost) and isinstance(currency, str)
        return cls(
            **seconds,
            known=found.get("known") is not False,
            cost=cost if priced else None,
            currency=currency if priced else None,
            idle_included=found.get("idle_included") is True,
        )

    def write(self) -> dict[str, Any]:
        """Return it as the row keeps it."""
        return {name: round(one, 6) if isinstance(one, float) else one for name, one in asdict(self).items()}

    def with_attempt(
        self, used: Usage | None, *, billed: bool, cost: float | None, currency: str, idle_included: bool
    ) -> JobUsage:
        """Return it with a further attempt.

        Args:
            used: What the attempt used; None: nobody reported it.
            billed: The user answers for it.
            cost: Of its GPU seconds, if it is billed and a price is known.
            currency: Of the cost.
            idle_included: Whether the cost includes idle time.
        """
        known = self.known and used is not None
        used = used or Usage()
        return JobUsage(
            gpu_seconds=self.gpu_seconds + used.gpu_seconds * billed,
            unbilled_seconds=self.unbilled_seconds + used.gpu_seconds * (not billed),
            engine_seconds=self.engine_seconds + used.engine_seconds,
            queue_seconds=self.queue_seconds + used.queue_seconds,
            store_seconds=self.store_seconds + used.store_seconds,
            known=known,
            cost=self.cost if cost is None else (self.cost or 0.0) + cost,
            currency=self.currency if cost is None else currency,
            idle_included=self.idle_included if cost is None else idle_included,
        )


def in_all(jobs: Iterable[JobUsage | None]) -> JobUsage | None:
    """Return the sum over some jobs; None: of none anything was reported yet."""
    found = [job for job in jobs if job is not None]
    if not found:
        return None
    priced = [job for job in found if job.cost is not None]
    return JobUsage(
        **{name: round(sum(getattr(job, name) for job in found), 6) for name in _SECONDS},
        known=all(job.known for job in found),
        cost=round(sum(job.cost or 0.0 for job in priced), 6) if priced else None,
        currency=priced[0].currency if priced else None,
        idle_included=any(job.idle_included for job in priced),
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value) and value >= 0
