"""What the arbitrator and its shadow decided, read from the capped streams they write. An entry's id is its time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from proteus import keys
from proteus.replies import is_away


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One entry of a stream.

    Attributes:
        at: When it was decided.
        by: Which arbitrator.
        decision: What `proteus.fleet_config.Ruling` writes, of any version.
    """

    at: datetime
    by: str
    decision: Mapping[str, Any]


def noted(entries: Iterable[tuple[str, Mapping[str, str]]]) -> list[Decision]:
    """Return the decisions in a stream's entries, in their order; other entries are left out."""
    found = []
    for entry_id, fields in entries:
        try:
            decision = json.loads(fields.get("decision", ""))
            at = datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, tz=UTC)
        except (ValueError, OverflowError, RecursionError):
            continue
        if isinstance(decision, dict):
            found.append(Decision(at=at, by=fields.get("by", ""), decision=decision))
    return found


async def newest(redis: Redis, *, count: int, since: datetime | None = None, shadow: bool = False) -> list[Decision]:
    """Return the last decisions, oldest first: `count` of them at most, none before `since`.

    Raises:
        RedisError: Redis cannot answer now.
    """
    stream = keys.SHADOW_DECISIONS if shadow else keys.DECISIONS
    least = str(int(since.timestamp() * 1000)) if since else "-"
    try:
        found: Any = await redis.xrevrange(stream, min=least, count=count)
    except ResponseError as error:
        if is_away(error):
            raise
        return []  # The key holds another type: no arbitrator has recorded a decision there.
    return noted(reversed(found))
