"""What the shoppers ask for: try-ons at an even pace, a few of them poison, cancelled, urgent or in no hurry."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from workbench.chaos.scenario import Scenario
from workbench.chaos.shopper import Shopper

ASKERS: Final = 8
"""Requests under way at once."""

FIRST_POISON_SEED: Final = 2_000_000_000
TIGHT_MS: Final = 6_000
AMPLE_MS: Final = 120_000
LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class Order:
    """One accepted try-on, as its client knows it."""

    job_id: str
    user_id: str
    poison: str | None = None
    has_deadline: bool = False
    cancel: bool = False


def poison_seeds(scenario: Scenario) -> dict[str, int]:
    """Return the seed that stands for each kind of poison."""
    return {kind: FIRST_POISON_SEED + n for n, kind in enumerate(sorted(scenario.poison))}


class Load:
    """Sends jobs until there are enough and the faults are over.

    Args:
        unfinished: Tells how many accepted jobs are not over.
    """

    def __init__(
        self, scenario: Scenario, shoppers: Sequence[Shopper], *, rng: random.Random, unfinished: Callable[[], int]
    ) -> None:
        self.orders: list[Order] = []
        self.refused = 0
        """Submits with a deadline that admission said could not be met."""
        self.asked = 0
        self.cancels = 0
        self._scenario = scenario
        self._shoppers = shoppers
        self._rng = rng
        self._unfinished = unfinished
        self._room = asyncio.Semaphore(ASKERS)
        kinds = [kind for kind, many in scenario.poison.items() for _ in range(many)]
        rng.shuffle(kinds)
        # Early enough that the slowest of them, which is buried after four leases, is buried before the end.
        spread = range(10, int(scenario.jobs * 0.6))
        self._poison = dict(zip(sorted(rng.sample(spread, len(kinds))), kinds, strict=True))

    async def run(self, faults: asyncio.Task[None]) -> None:
        """Send; return when everything was answered."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            while len(self.orders) < self._scenario.jobs or not faults.done():
                due = start + self.asked / self._scenario.jobs_per_second
                if time.monotonic() < due or self._unfinished() >= self._scenario.backlog:
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                await self._room.acquire()
                group.create_task(self._order(self.asked, group))
                self.asked += 1

    async def _order(self, n: int, group: asyncio.TaskGroup) -> None:
        scenario, rng = self._scenario, self._rng
        shopper = self._shoppers[n % len(self._shoppers)]
        poison = self._poison.get(n)
        options: dict[str, Any] = {"model": "timed", "seed": n}
        cancel = deadline = False
        if poison:
            options["seed"] = poison_seeds(scenario)[poison]
        elif (lot := rng.random()) < scenario.cancel_share:
            cancel = True
        elif lot < scenario.cancel_share + scenario.deadline_share:
            deadline = True
            options["deadline_ms"] = rng.choice((TIGHT_MS, AMPLE_MS))
        elif lot < scenario.cancel_share + scenario.deadline_share + scenario.low_share:
            options["priority"] = "low"
        try:
            job_id = await shopper.snap(key=uuid4().hex, options=options)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 429:
                raise
            self.refused += 1
            return
        finally:
            self._room.release()
        self.orders.append(
            Order(job_id=job_id, user_id=shopper.user_id, poison=poison, has_deadline=deadline, cancel=cancel)
        )
        if cancel:
            group.create_task(self._cancel(shopper, job_id, rng.uniform(0.0, 1.5)))

    async def _cancel(self, shopper: Shopper, job_id: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        await shopper.cancel(job_id)
        self.cancels += 1
