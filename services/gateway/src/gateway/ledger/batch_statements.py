"""The statements over all items of a batch, and those that find what is to be done next."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

ADD_ITEMS: Final = """
INSERT INTO batch_items (
    batch_id, n, job_id, custom_id, person_image_id, garment_image_id, person_url, garment_url, options)
SELECT batch_id, n, job_id, custom_id, person_image_id, garment_image_id, person_url, garment_url, options
FROM jsonb_to_recordset($1::jsonb) AS asked (
    batch_id text, n integer, job_id text, custom_id text, person_image_id text, garment_image_id text,
    person_url text, garment_url text, options jsonb)
"""

_STATUS: Final = """CASE item.state WHEN 'taken' THEN coalesce(tryon.status, 'deleted')
        WHEN 'refused' THEN 'failed' ELSE item.state END"""

COUNTS: Final = text(f"""
SELECT {_STATUS} AS status, count(*) AS many,
    coalesce(sum(used.gpu_seconds), 0.0) AS gpu_seconds, sum(used.cost) AS cost,
    coalesce(sum(used.unpriced), 0) AS unpriced
FROM batch_items AS item LEFT JOIN tryons AS tryon ON tryon.id = item.job_id
LEFT JOIN LATERAL (
    SELECT sum(gpu_seconds) AS gpu_seconds, sum(cost) AS cost, count(*) FILTER (WHERE cost IS NULL) AS unpriced
    FROM usage_records WHERE usage_records.job_id = item.job_id AND usage_records.billed
) AS used ON item.state = 'taken'
WHERE item.batch_id = :batch_id GROUP BY 1
""")  # noqa: S608 - only our own text is interpolated.

SEEN: Final = text(f"""
SELECT item.n, item.job_id, item.custom_id, {_STATUS} AS status, coalesce(item.error, job.error) AS error,
    job.result_key
FROM batch_items AS item LEFT JOIN tryons AS tryon ON tryon.id = item.job_id
    LEFT JOIN jobs AS job ON job.id = item.job_id
WHERE item.batch_id = :batch_id AND item.n > :after ORDER BY item.n LIMIT :most
""")  # noqa: S608 - only our own text is interpolated.

OPEN_JOBS: Final = text("""
SELECT job.id FROM jobs AS job
JOIN batch_items AS item ON item.job_id = job.tryon_id
WHERE job.state IN ('queued', 'running') AND job.kind = 'tryon' AND job.priority < 0
    AND (CAST(:batch_id AS text) IS NULL OR item.batch_id = :batch_id)
""")
"""From the unfinished jobs, which an index holds, to the items: few, however many items there are."""

NEXT: Final = text("""
WITH of_batches AS (
    SELECT item.*, batch.tenant, batch.created_at
    FROM batches AS batch CROSS JOIN LATERAL (
        SELECT * FROM batch_items AS one WHERE one.batch_id = batch.id AND one.state = 'waiting'
        ORDER BY one.n LIMIT :most
    ) AS item
    WHERE batch.finished_at IS NULL AND batch.canceled_at IS NULL AND batch.ends_at > now()
        AND NOT batch.id = ANY(:besides)
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY created_at, batch_id, n) AS place FROM of_batches
)
SELECT batch_id, n, job_id, custom_id, person_image_id, garment_image_id, person_url, garment_url, options, state, error
FROM placed ORDER BY place, tenant LIMIT :most
""")
"""At most `most` rows of each unfinished batch are read, by an index that holds the waiting ones alone."""

OUT_OF_TIME: Final = text("""
SELECT job.id FROM jobs AS job
JOIN batch_items AS item ON item.job_id = job.tryon_id JOIN batches AS batch ON batch.id = item.batch_id
WHERE job.state IN ('queued', 'running') AND job.kind = 'tryon' AND job.priority < 0 AND batch.ends_at <= :now
""")

OVER: Final = text("""
SELECT batch.id FROM batches AS batch
WHERE batch.finished_at IS NULL
    AND NOT EXISTS (SELECT FROM batch_items AS item WHERE item.batch_id = batch.id AND item.state = 'waiting')
    AND NOT EXISTS (
        SELECT FROM jobs AS job JOIN batch_items AS item ON item.job_id = job.tryon_id
        WHERE job.state IN ('queued', 'running') AND job.kind = 'tryon' AND job.priority < 0
            AND item.batch_id = batch.id)
ORDER BY batch.created_at LIMIT :most
""")
