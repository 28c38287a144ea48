"""Figures of the pictures of the last minutes: how many came and ended, how long each part took, what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, text

from gateway.ledger.jobs import jobs
from gateway.ledger.statements import Statements
from proteus.jobs import JobState
from proteus.stages import JobKind

PARTS: Final = ("prepare", "wait", "fetch", "infer", "store", "total")
"""Parts of a picture's time, in their order: until it could be queued, until a worker took it, until its inputs were
there, until the engine was done, until the picture was stored; and all of it."""

_TIMINGS: Final = text("""
    WITH span AS (
        SELECT extract(epoch FROM greatest(coalesce(waiting_since, created_at) - created_at, interval '0')) AS prepare,
               extract(epoch FROM greatest(started_at - coalesce(waiting_since, created_at), interval '0')) AS wait,
               extract(epoch FROM greatest(finished_at - created_at, interval '0')) AS total,
               extract(epoch FROM greatest(finished_at - started_at, interval '0')) AS worked,
               CASE WHEN jsonb_typeof(result->'timings'->'fetch_seconds') = 'number'
                    THEN (result->'timings'->>'fetch_seconds')::double precision END AS "fetch",
               CASE WHEN jsonb_typeof(result->'timings'->'weave_seconds') = 'number'
                    THEN (result->'timings'->>'weave_seconds')::double precision END AS weave,
               CASE WHEN jsonb_typeof(result->'timings'->'store_seconds') = 'number'
                    THEN (result->'timings'->>'store_seconds')::double precision END AS store
        FROM jobs
        WHERE finished_at >= :since AND state = 'completed' AND kind = 'tryon' AND started_at IS NOT NULL
    ), part AS (
        SELECT *, greatest(worked - coalesce("fetch", 0) - coalesce(store, 0), 0) AS infer FROM span
    )
    SELECT count(*) AS pictures, coalesce(sum(weave), 0) AS engine_seconds, count(weave) AS weighed,
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY prepare) AS prepare,
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY wait) AS wait,
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY "fetch") AS "fetch",
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY infer) AS infer,
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY store) AS store,
           percentile_cont(array[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY total) AS total
    FROM part
""")


_VERSIONS: Final = text("""
    SELECT coalesce(result->>'engine', engine) AS engine, coalesce(result->>'engine_version', '') AS version,
           count(*) AS pictures,
           avg(CASE WHEN jsonb_typeof(result->'timings'->'weave_seconds') = 'number'
                    THEN (result->'timings'->>'weave_seconds')::double precision END) AS engine_seconds,
           avg(CASE WHEN jsonb_typeof(result->'quality_score') = 'number'
                    THEN (result->>'quality_score')::double precision END) AS quality_score,
           count(*) FILTER (WHERE attempts > 0) AS tried_again
    FROM jobs
    WHERE finished_at >= :since AND state = 'completed' AND kind = 'tryon'
    GROUP BY 1, 2 ORDER BY 1, 2
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRow:
    """What one version of an engine made.

    Attributes:
        engine_seconds: The engine's time for one, on average; None: unknown.
        quality_score: Their score on average; None: unknown.
        tried_again: Those that had failed before, here or on another version.
    """

    engine: str
    version: str
    pictures: int
    engine_seconds: float | None
    quality_score: float | None
    tried_again: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TimingsRow:
    """How long completed pictures took.

    Attributes:
        pictures: How many.
        weighed: Those of them whose engine time is known.
        engine_seconds: The engines' time for those.
        seconds: Part -> its median, 95th and 99th percentile; a part of no picture is left out.
    """

    pictures: int
    weighed: int
    engine_seconds: float
    seconds: Mapping[str, Sequence[float]]


class FigureReads(Statements):
    """Reads of figures. Pictures only; preparations are in none."""

    async def arrived(self, since: datetime) -> dict[datetime, int]:
        """Pictures submitted, by minute."""
        minute = func.date_trunc("minute", jobs.c.created_at).label("minute")
        statement = (
            select(minute, func.count().label("many"))
            .where(jobs.c.kind == JobKind.TRYON, jobs.c.created_at >= since)
            .group_by(minute)
        )
        return {row.minute: row.many for row in await self._connection.execute(statement)}

    async def ended(self, since: datetime) -> dict[tuple[datetime, JobState], int]:
        """Pictures that ended, by minute and state."""
        minute = func.date_trunc("minute", jobs.c.finished_at).label("minute")
        statement = (
            select(minute, jobs.c.state, func.count().label("many"))
            .where(jobs.c.kind == JobKind.TRYON, jobs.c.finished_at >= since)
            .group_by(minute, jobs.c.state)
        )
        return {(row.minute, row.state): row.many for row in await self._connection.execute(statement)}

    async def failures(self, since: datetime) -> dict[str, int]:
        """Failed jobs of every kind, by the code of their error, the most frequent first."""
        code = func.coalesce(jobs.c.error["code"].astext, "").label("code")
        statement = (
            select(code, func.count().label("many"))
            .where(jobs.c.state == JobState.FAILED, jobs.c.finished_at >= since)
            .group_by(code)
            .order_by(func.count().desc(), code)
        )
        return {row.code: row.many for row in await self._connection.execute(statement)}

    async def versions(self, since: datetime) -> list[VersionRow]:
        """What each version of each engine made since a time."""
        found = await self._connection.execute(_VERSIONS, {"since": since})
        return [VersionRow(**row) for row in found.mappings()]

    async def timings(self, since: datetime) -> TimingsRow:
        """How long the pictures took that were completed since a time."""
        row = (await self._connection.execute(_TIMINGS, {"since": since})).mappings().one()
        return TimingsRow(
            pictures=row["pictures"],
            weighed=row["weighed"],
            engine_seconds=float(row["engine_seconds"]),
            seconds={name: [float(one) for one in row[name]] for name in PARTS if row[name] is not None},
        )
