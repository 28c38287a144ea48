"""The submit of pictures whose needs are all there: the statement behind nearly every submit of a busy deployment.

For each picture it finds the user's ingested photo, its parse and the cut-out, and inserts the try-on and its unit
with them; nothing is inserted for one of which anything is missing. One statement and one commit for as many as come
together. Told to Postgres as it is: composing it takes SQLAlchemy longer than running it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic_core import to_json

from gateway.ledger.rows import JobRow, TryonRow

STATEMENT: Final = """
WITH asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS asked (
        cut_key text, parser_version text, needs_parse boolean,
        tryon_id text, vton_id text, user_id text, status text, person_image_id text, options jsonb, metadata jsonb,
        trace_id text, created_at timestamptz, expires_at timestamptz,
        unit_id text, tenant text, stage text, hold boolean, engine text, batch_key text, degraded_batch_key text,
        priority smallint, deadline_at timestamptz, waiting_since timestamptz)
), found AS MATERIALIZED (
    SELECT asked.*, material.*
    FROM asked CROSS JOIN LATERAL (
        SELECT person.key AS person_key, cut.id AS cut_id, cut.image_id AS garment_id,
               cut.result -> 'cut' ->> 'category' AS garment_category,
               (cut.result -> 'cut' ->> 'worn')::boolean AS garment_worn,
               parse.id AS parse_id, parse.result_key AS parse_key
        FROM images AS person
        JOIN jobs AS cut ON cut.result_key = asked.cut_key AND cut.user_id = person.user_id
            AND cut.kind = 'cut' AND cut.state = 'completed'
        LEFT JOIN jobs AS parse ON asked.needs_parse AND parse.image_id = person.id AND parse.kind = 'parse'
            AND parse.variant = asked.parser_version AND parse.state = 'completed'
        WHERE person.id = asked.person_image_id AND person.user_id = asked.user_id AND person.key IS NOT NULL
            AND (parse.id IS NOT NULL OR NOT asked.needs_parse)
        LIMIT 1
    ) AS material
), entry AS (
    INSERT INTO tryons (id, vton_id, user_id, status, person_image_id, garment_image_id, cut_id, parse_id, options,
                        metadata, trace_id, created_at, expires_at)
    SELECT tryon_id, vton_id, user_id, status, person_image_id, garment_id, cut_id, parse_id, options,
           metadata, trace_id, created_at, expires_at
    FROM found
), unit AS (
    INSERT INTO jobs (id, kind, user_id, tenant, tryon_id, n, state, stage, hold, engine, batch_key,
                      degraded_batch_key, priority, deadline_at, trace_id, created_at,
                      waiting_since)
    SELECT unit_id, 'tryon', user_id, tenant, tryon_id, 1, status, stage, hold, engine, batch_key,
           degraded_batch_key, priority, deadline_at, trace_id, created_at, waiting_since
    FROM found
)
SELECT unit_id, person_key, garment_category, garment_worn, parse_key FROM found
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A picture to be submitted: its rows, and what must be there for it."""

    entry: TryonRow
    unit: JobRow
    cut_key: str
    parser_version: str
    needs_parse: bool


_ENTRY: Final = (
    "vton_id", "user_id", "status", "person_image_id", "options", "metadata", "trace_id", "created_at", "expires_at",
)  # fmt: skip
_UNIT: Final = (
    "tenant", "stage", "hold", "engine", "batch_key", "degraded_batch_key", "priority", "deadline_at", "waiting_since",
)  # fmt: skip


def argument(asked: Iterable[Ready]) -> str:
    """Return the statement's parameter."""
    rows = [
        {
            "cut_key": one.cut_key,
            "parser_version": one.parser_version,
            "needs_parse": one.needs_parse,
            "tryon_id": one.entry.id,
            "unit_id": one.unit.id,
            **{name: getattr(one.entry, name) for name in _ENTRY},
            **{name: getattr(one.unit, name) for name in _UNIT},
        }
        for one in asked
    ]
    return to_json(rows).decode()
