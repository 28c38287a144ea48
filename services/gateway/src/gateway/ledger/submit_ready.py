"""The submit of pictures whose needs are all met: the statement behind nearly every submit of a busy deployment.

For each picture it finds the user's ingested photo, its parse and the cut-out, and inserts the try-on and its unit
with them; it inserts nothing for a picture that lacks any. A category that the submit names is kept for the garment's
photo. An Idempotency-Key is bound along with its try-on; a picture whose key is bound already is not inserted. One
statement and one commit for all that arrive together.
Raw SQL, composed at import: SQLAlchemy needs longer to compile it than Postgres to run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic_core import to_json
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import dialect

from gateway.ledger.idempotency import REBIND
from gateway.ledger.jobs import JobRow, jobs
from gateway.ledger.tryons import TryonRow, tryons
from proteus.stages import STAGES, JobKind, Photo, is_before

_ENTRY: Final = (
    "vton_id", "user_id", "status", "person_image_id", "options", "metadata", "external_id", "trace_id",
    "created_at", "expires_at",
)  # fmt: skip
_UNIT: Final = (
    "tenant", "key_id", "stage", "hold",
    "engine", "batch_key", "degraded_batch_key", "priority", "deadline_at", "waiting_since",
)  # fmt: skip


_OF_PERSON: Final = tuple(
    need.kind
    for need in STAGES[JobKind.TRYON].needs
    if need.photo is Photo.PERSON and is_before(JobKind.INGEST, need.kind)
)
"""What a picture may need of its person beside the ingested photo; each request states whether it does."""

_OF_GARMENT: Final = tuple(
    need.kind
    for need in STAGES[JobKind.TRYON].needs
    if need.photo is Photo.GARMENT and is_before(JobKind.CUT, need.kind)
)
"""What a picture needs of its garment beside the cut-out that the client names; it has the same variant."""


def _names(columns: Iterable[str]) -> str:
    return ", ".join(columns)


def _typed(table: Table, columns: Iterable[str]) -> str:
    postgres = dialect()  # type: ignore[no-untyped-call]
    return ", ".join(f"{name} {table.c[name].type.compile(dialect=postgres)}" for name in columns)


def _join_of_garment(kind: JobKind) -> str:
    return f"""JOIN jobs AS {kind} ON {kind}.image_id = cut.image_id AND {kind}.kind = '{kind}'
            AND {kind}.variant = cut.variant AND {kind}.state = 'completed'
        """


def _join_of_person(kind: JobKind) -> str:
    return f"""LEFT JOIN jobs AS {kind} ON asked.needs_{kind} AND {kind}.image_id = person.id AND {kind}.kind = '{kind}'
            AND {kind}.variant = asked.{kind}_variant AND {kind}.state = 'completed'
        """


STATEMENT: Final = f"""
WITH asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS asked (
        cut_key text, categories jsonb, once text, request_hash text, tryon_id text, unit_id text,
        {"".join(f"needs_{kind} boolean, {kind}_variant text, " for kind in _OF_PERSON)}
        {_typed(tryons, _ENTRY)},
        {_typed(jobs, _UNIT)})
), met AS MATERIALIZED (
    SELECT asked.*, material.*
    FROM asked CROSS JOIN LATERAL (
        SELECT person.key AS person_key, cut.id AS cut_id, cut.image_id AS garment_image_id,
               coalesce(garment.category, cut.result -> 'cut' ->> 'category') AS garment_category,
               (cut.result -> 'cut' ->> 'worn')::boolean AS garment_worn,
               (cut.result -> 'cut' ->> 'confidence')::float AS garment_confidence,
               jsonb_path_query_array(cut.result, '$.cut.warnings[*].code') AS garment_warnings,
               parse.id AS parse_id, parse.result_key AS parse_key
        FROM images AS person
        JOIN jobs AS cut ON cut.result_key = asked.cut_key AND cut.user_id = person.user_id
            AND cut.kind = 'cut' AND cut.state = 'completed'
        JOIN images AS garment ON garment.id = cut.image_id
        {"".join(map(_join_of_garment, _OF_GARMENT))}
        {"".join(map(_join_of_person, _OF_PERSON))}
        WHERE person.id = asked.person_image_id AND person.user_id = asked.user_id AND person.key IS NOT NULL
            {"".join(f"AND ({kind}.id IS NOT NULL OR NOT asked.needs_{kind})" for kind in _OF_PERSON)}
            AND (asked.options ->> 'category' <> 'auto' OR asked.categories @> to_jsonb(
                coalesce(garment.category, cut.result -> 'cut' ->> 'category', 'upper')))
        LIMIT 1
    ) AS material
), bound AS (
    INSERT INTO idempotency (user_id, key, request_hash, job_id)
    SELECT DISTINCT ON (user_id, once) user_id, once, request_hash, tryon_id FROM met WHERE once IS NOT NULL
    {REBIND}
    RETURNING job_id
), found AS MATERIALIZED (
    SELECT met.* FROM met WHERE once IS NULL OR tryon_id IN (SELECT job_id FROM bound)
), entry AS (
    INSERT INTO tryons (id, garment_image_id, cut_id, parse_id, {_names(_ENTRY)})
    SELECT tryon_id, garment_image_id, cut_id, parse_id, {_names(_ENTRY)} FROM found
), unit AS (
    INSERT INTO jobs (id, kind, tryon_id, n, state, user_id, trace_id, created_at, {_names(_UNIT)})
    SELECT unit_id, 'tryon', tryon_id, 1, status, user_id, trace_id, created_at, {_names(_UNIT)} FROM found
), corrected AS (
    UPDATE images SET category = found.options ->> 'category' FROM found
    WHERE found.options ->> 'category' <> 'auto' AND images.id = found.garment_image_id
        AND images.category IS DISTINCT FROM found.options ->> 'category'
)
SELECT unit_id, person_key, garment_category, garment_worn, garment_confidence, garment_warnings, parse_key FROM found
"""  # noqa: S608 - only names of columns are interpolated.


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A picture to be submitted: its rows, and its needs.

    Attributes:
        cut_key: The cut-out's.
        variants: The preparations that its person's photo must have: kind -> variant.
        categories: What its engine can put on: a garment that is known as something else is not met.
        once: The submit's Idempotency-Key, if it has one.
        request_hash: Of the request that came with the key.
    """

    entry: TryonRow
    unit: JobRow
    cut_key: str
    variants: Mapping[JobKind, str]
    categories: Sequence[str]
    once: str | None = None
    request_hash: str = ""


def argument(asked: Iterable[Ready]) -> str:
    """Return the statement's parameter."""
    rows = [
        {
            "cut_key": one.cut_key,
            "categories": one.categories,
            "once": one.once,
            "request_hash": one.request_hash,
            **{f"needs_{kind}": kind in one.variants for kind in _OF_PERSON},
            **{f"{kind}_variant": one.variants.get(kind, "") for kind in _OF_PERSON},
            "tryon_id": one.entry.id,
            "unit_id": one.unit.id,
            **{name: getattr(one.entry, name) for name in _ENTRY},
            **{name: getattr(one.unit, name) for name in _UNIT},
        }
        for one in asked
    ]
    return to_json(rows).decode()
