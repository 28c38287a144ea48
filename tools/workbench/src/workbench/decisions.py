"""What the arbitrator and its shadow decided, read from the capped streams they write. An entry's id is its time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from proteus import keys
from proteus.fleet_config import Ruling


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One decision of the stream."""

    at: datetime
    by: str
    decision: Mapping[str, Any]

    @property
    def ruling(self) -> Ruling:
        """The decision as this version reads it."""
        return Ruling.read(self.decision)

    @property
    def policy(self) -> str:
        return self.ruling.policy or ""

    def row(self) -> tuple[str, ...]:
        """Return the cells of a table's row."""
        told = self.ruling
        return (
            self.at.astimezone().strftime("%H:%M:%S"),
            _shown(told.policy),
            f"{told.mode} / {told.state}",
            _shown(told.batch_size),
            f"{told.degraded_fraction or 0.0:.0%}",
            f"{_shown(told.ready)} → {_shown(told.desired_replicas)}",
            _shown(told.waiting),
            _shown(told.reason),
        )

    def to_json(self) -> dict[str, Any]:
        return {"at": self.at.isoformat(), "by": self.by, **{k: v for k, v in self.decision.items() if k != "memory"}}


def _shown(value: str | float | None) -> str:
    return "" if value is None else str(value)


def noted(entries: Iterable[tuple[str, Mapping[str, str]]]) -> list[Noted]:
    """Return the decisions behind the stream's entries, as they come."""
    return [
        Noted(
            at=datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, tz=UTC),
            by=fields.get("by", ""),
            decision=json.loads(fields.get("decision", "{}")),
        )
        for entry_id, fields in entries
    ]


async def newest(
    redis: Redis, *, count: int | None = None, since: datetime | None = None, shadow: bool = False
) -> list[Noted]:
    """Return the last decisions, oldest first: `count` of them at most, none before `since`."""
    found: Any = await redis.xrevrange(_stream(shadow), min=str(_ms(since)) if since else "-", count=count)
    return noted(reversed(found))


async def ruling(redis: Redis, *, since: datetime, until: datetime) -> list[Noted]:
    """Return the decisions that held in a period: the last one before it, if it is still there, and those within."""
    before: Any = await redis.xrevrange(_stream(False), max=str(_ms(since)), count=1)
    within: Any = await redis.xrange(_stream(False), min=f"{_ms(since) + 1}", max=str(_ms(until)))
    return noted([*before, *within])


def _stream(shadow: bool) -> str:
    return keys.SHADOW_DECISIONS if shadow else keys.DECISIONS


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
