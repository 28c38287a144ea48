"""What the gateways saw in each of the last minutes: how much waited, how many workers there were, who was refused.

The ledger knows what was accepted. Of the rest only the moment is known, so each gateway notes it every few seconds:
per minute the most that waited and ran, the last count of workers, and how many pictures were refused for which reason.
It is kept for two hours, for people who look at the fleet; nothing decides by it, and a lost minute is only a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from redis.asyncio import Redis

from gateway.fleet.view import FleetView
from proteus.fleet_config import count
from proteus.keys import JOBS, QueueKeys
from proteus.registry import WorkerState
from proteus.replies import is_away

KEPT_SECONDS: Final = 7_200
LONGEST_MINUTES: Final = KEPT_SECONDS // 60

_REFUSED: Final = "refused:"
_PEAKS: Final = ("waiting", "running", "oldest_ms")


@dataclass(frozen=True, kw_only=True)
class Minute:
    """One minute of the pictures' queue and its weavers.

    Attributes:
        number: Minutes since 1970.
        waiting, running: The most at a time.
        oldest_ms: The longest that a waiting job had waited.
        ready, loading, draining: Weavers, at the last look.
        wanted: Weavers that the arbitrator wants; None: none runs.
        refused: Code -> pictures that were refused.
    """

    number: int
    waiting: int = 0
    running: int = 0
    oldest_ms: int = 0
    ready: int = 0
    loading: int = 0
    draining: int = 0
    wanted: int | None = None
    refused: Mapping[str, int] = field(default_factory=dict)


class Minutes:
    """Notes minutes, and reads those of all gateways."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._keys = QueueKeys(JOBS)
        self._refused: Counter[str] = Counter()
        self._number = 0
        self._peaks: dict[str, int] = {}

    def refused(self, code: str, pictures: int) -> None:
        """Count pictures that were refused."""
        self._refused[code] += pictures

    async def note(self, view: FleetView, *, now: float) -> None:
        """Note what is seen now.

        Raises:
            RedisError: Redis cannot take it; what was refused is noted at the next call.
        """
        if view.read_at is None:
            return
        number, stats = int(now // 60), view.stats[JOBS]
        if number != self._number:
            self._number, self._peaks = number, {}
        for name, value in zip(_PEAKS, (stats.waiting, stats.running, stats.oldest_waiting_ms), strict=True):
            self._peaks[name] = max(value, self._peaks.get(name, 0))
        states = Counter(card.state for card in view.weavers)
        seen: dict[Any, Any] = {**self._peaks, **{state.value: states[state] for state in WorkerState}}
        if view.wanted_weavers is not None:
            seen["wanted"] = view.wanted_weavers
        refused, self._refused = self._refused, Counter()
        key = self._keys.minute(number)
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.hset(key, mapping=seen)
                for code, pictures in refused.items():
                    pipeline.hincrby(key, f"{_REFUSED}{code}", pictures)
                pipeline.expire(key, KEPT_SECONDS)
                await pipeline.execute()
        except BaseException:
            self._refused += refused
            raise

    async def read(self, *, minutes: int, now: float) -> list[Minute]:
        """Return the last minutes, oldest first; those in which no gateway looked are left out.

        Raises:
            RedisError: Redis cannot answer now.
        """
        newest = int(now // 60)
        numbers = range(newest - minutes + 1, newest + 1)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for number in numbers:
                pipeline.hgetall(self._keys.minute(number))
            answers: Sequence[Any] = await pipeline.execute(raise_on_error=False)
        found = []
        for number, answer in zip(numbers, answers, strict=True):
            if isinstance(answer, Exception):
                if is_away(answer):
                    raise answer
                continue  # The key holds another type: a gap.
            if answer:
                found.append(_minute(number, answer))
        return found


def _minute(number: int, fields: Mapping[str, str]) -> Minute:
    counts = {name: many for name, text in fields.items() if (many := count(text)) is not None}
    return Minute(
        number=number,
        **{name: counts.get(name, 0) for name in (*_PEAKS, *(state.value for state in WorkerState))},
        wanted=counts.get("wanted"),
        refused={name.removeprefix(_REFUSED): many for name, many in counts.items() if name.startswith(_REFUSED)},
    )
