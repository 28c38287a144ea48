"""The load: try-ons at an even pace, a few of them poison, cancelled, urgent or of low priority."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx

from workbench.chaos.scenario import FIRST_ENGINE, SECOND_ENGINE, Scenario
from workbench.chaos.shopper import Shopper

ASKERS: Final = 8
"""Concurrent requests."""

FIRST_POISON_SEED: Final = 2_000_000_000
TIGHT_MS: Final = 6_000
AMPLE_MS: Final = 120_000
LOOK_SECONDS: Final = 0.05
PICTURES: Final = (1, 2, 4, 4)
MEAN_PICTURES: Final = sum(PICTURES) / len(PICTURES)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One accepted try-on, as its client knows it; each of its pictures is a job."""

    job_id: str
    user_id: str
    pictures: int = 1
    poison: str | None = None
    has_deadline: bool = False
    cancel: bool = False

    @property
    def jobs(self) -> tuple[str, ...]:
        """The ids of its jobs: the first one has the try-on's own."""
        return (self.job_id, *(f"{self.job_id}:{n}" for n in range(2, self.pictures + 1)))


def poison_seeds(scenario: Scenario) -> dict[str, int]:
    """Return the seed that stands for each kind of poison."""
    return {kind: FIRST_POISON_SEED + n for n, kind in enumerate(sorted(scenario.poison))}


class Load:
    """Sends jobs until there are enough and the faults are over.

    Args:
        unfinished: Returns how many accepted jobs are not over.
    """

    def __init__(
        self, scenario: Scenario, shoppers: Sequence[Shopper], *, rng: random.Random, unfinished: Callable[[], int]
    ) -> None:
        self.orders: list[Order] = []
        self.refused = 0
        """Submits whose deadline admission refused as unreachable."""
        self.asked = 0
        """Jobs submitted, accepted or not."""
        self._scenario = scenario
        self._shoppers = shoppers
        self._rng = rng
        self._unfinished = unfinished
        self._room = asyncio.Semaphore(ASKERS)
        kinds = [kind for kind, many in scenario.poison.items() for _ in range(many)]
        rng.shuffle(kinds)
        # Early enough that the slowest of them, a dead letter after four leases, is one before the end.
        spread = range(4, int(scenario.jobs / MEAN_PICTURES * 0.6))
        self._poison = dict(zip(sorted(rng.sample(spread, len(kinds))), kinds, strict=True))

    @property
    def accepted(self) -> int:
        """Jobs accepted."""
        return sum(order.pictures for order in self.orders)

    async def run(self, faults: asyncio.Task[None]) -> None:
        """Send; return when every request has its answer."""
        start = time.monotonic()
        async with asyncio.TaskGroup() as group:
            numbers = itertools.count()
            while self.accepted < self._scenario.jobs or not faults.done():
                if not self._due(start):
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                await self._room.acquire()
                n = next(numbers)
                pictures = 1 if n in self._poison else self._rng.choice(PICTURES)
                self.asked += pictures
                group.create_task(self._order(n, pictures, group))

    def _due(self, start: float) -> bool:
        seconds = time.monotonic() - start
        return self.asked <= seconds * self._scenario.jobs_per_second and self._unfinished() < self._scenario.backlog

    async def _order(self, n: int, pictures: int, group: asyncio.TaskGroup) -> None:
        scenario, rng = self._scenario, self._rng
        shopper = self._shoppers[n % len(self._shoppers)]
        poison = self._poison.get(n)
        second = not poison and rng.random() < scenario.second_share
        engine = SECOND_ENGINE if second else FIRST_ENGINE
        options: dict[str, Any] = {"model": engine, "seed": n, "num_samples": pictures}
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
            if scenario.fresh_share and rng.random() < scenario.fresh_share:
                await shopper.bring_pictures()
            job_id = await shopper.snap(key=uuid4().hex, options=options)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != 429:
                raise
            self.refused += pictures
            return
        finally:
            self._room.release()
        self.orders.append(
            Order(
                job_id=job_id,
                user_id=shopper.user_id,
                pictures=pictures,
                poison=poison,
                has_deadline=deadline,
                cancel=cancel,
            )
        )
        if cancel:
            group.create_task(self._cancel(shopper, job_id, rng.uniform(0.0, 1.5)))

    async def _cancel(self, shopper: Shopper, job_id: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        await shopper.cancel(job_id)
