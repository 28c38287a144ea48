"""The submit of one picture whose needs are all there: the statement behind nearly every submit of a busy deployment.

It finds the user's ingested photo, its parse and the cut-out, and inserts the try-on and its unit with them; nothing is
inserted if anything is missing. Told to Postgres as it is: composing it takes SQLAlchemy longer than running it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

STATEMENT: Final = """
WITH found AS MATERIALIZED (
    SELECT person.key AS person_key, cut.id AS cut_id, cut.image_id AS garment_id,
           cut.result -> 'cut' ->> 'category' AS garment_category,
           (cut.result -> 'cut' ->> 'worn')::boolean AS garment_worn,
           parse.id AS parse_id, parse.result_key AS parse_key
    FROM images AS person
    JOIN jobs AS cut ON cut.result_key = $1::text AND cut.user_id = person.user_id
        AND cut.kind = 'cut' AND cut.state = 'completed'
    LEFT JOIN jobs AS parse ON $3::boolean AND parse.image_id = person.id AND parse.kind = 'parse'
        AND parse.variant = $2::text AND parse.state = 'completed'
    WHERE person.id = $4::text AND person.user_id = $5::text AND person.key IS NOT NULL
        AND (parse.id IS NOT NULL OR NOT $3::boolean)
    LIMIT 1
), entry AS (
    INSERT INTO tryons (id, vton_id, user_id, status, person_image_id, garment_image_id, cut_id, parse_id, options,
                        metadata, trace_id, created_at, expires_at)
    SELECT $6::text, $7::text, $5::text, $8::text, $4::text, garment_id, cut_id, parse_id, $9::jsonb,
           $10::jsonb, $11::text, $12::timestamptz, $13::timestamptz
    FROM found
), unit AS (
    INSERT INTO jobs (id, kind, user_id, tenant, tryon_id, n, state, stage, hold, engine, batch_key,
                      degraded_batch_key, priority, deadline_at, trace_id, created_at)
    SELECT $14::text, 'tryon', $5::text, $15::text, $6::text, 1, $8::text, $16::text, $17::boolean, $18::text,
           $19::text, $20::text, $21::smallint, $22::timestamptz, $11::text, $12::timestamptz
    FROM found
)
SELECT * FROM found
"""


def values(
    entry: Mapping[str, Any], unit: Mapping[str, Any], *, cut_key: str, parser_version: str, needs_parse: bool
) -> tuple[Any, ...]:
    """Return the statement's parameters."""
    return (
        cut_key,
        parser_version,
        needs_parse,
        entry["person_image_id"],
        entry["user_id"],
        entry["id"],
        entry["vton_id"],
        entry["status"],
        json.dumps(entry["options"]),
        json.dumps(entry["metadata"]) if entry["metadata"] is not None else None,
        entry["trace_id"],
        entry["created_at"],
        entry["expires_at"],
        unit["id"],
        unit["tenant"],
        unit["stage"],
        unit["hold"],
        unit["engine"],
        unit["batch_key"],
        unit["degraded_batch_key"],
        unit["priority"],
        unit["deadline_at"],
    )
