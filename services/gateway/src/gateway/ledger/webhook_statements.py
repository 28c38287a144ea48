"""The statements that every webhook passes through, into the outbox and out of it; and what waits between them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

WRITE: Final = """
INSERT INTO webhook_deliveries (id, webhook_id, tenant, user_id, job_id, seq, type, url, lane, payload, next_at)
SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), webhooks.id, asked.tenant, asked.user_id, asked.job_id,
       asked.seq, asked.type, CASE WHEN webhooks.url IS NULL THEN asked.url END,
       webhooks.id || CASE WHEN webhooks.url IS NULL THEN ' ' || asked.lane ELSE '' END, asked.payload,
       greatest(now(), (SELECT max(before.next_at) FROM webhook_deliveries AS before
                        WHERE before.webhook_id = webhooks.id AND before.job_id = asked.job_id
                            AND before.state = 'pending'))
FROM jsonb_to_recordset($1::jsonb) AS asked (
    tenant text, user_id text, job_id text, seq bigint, type text, url text, lane text, payload jsonb)
JOIN webhooks ON webhooks.tenant = asked.tenant AND webhooks.disabled_at IS NULL
    AND asked.type = ANY (webhooks.events) AND (webhooks.url IS NOT NULL OR asked.url IS NOT NULL)
"""
"""One delivery for each endpoint that wants the event, and one for the try-on's own address.

It waits as long as an earlier one of its try-on that is to be tried again, so that no claim has to look at it before.
"""

CLAIM: Final = text("""
WITH RECURSIVE lanes AS (
    (SELECT lane FROM webhook_deliveries WHERE state = 'pending' ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT next.lane FROM webhook_deliveries AS next
            WHERE next.state = 'pending' AND next.lane > lanes.lane ORDER BY next.lane LIMIT 1)
    FROM lanes WHERE lanes.lane IS NOT NULL
), flying AS MATERIALIZED (
    SELECT lane, tenant, count(*) AS many FROM webhook_deliveries
    WHERE state = 'pending' AND leased_until > now() GROUP BY lane, tenant
), due AS (
    SELECT found.id, found.lane, found.tenant, found.next_at,
           row_number() OVER (PARTITION BY found.lane ORDER BY found.next_at, found.seq) AS place_in_lane,
           row_number() OVER (PARTITION BY found.tenant ORDER BY found.next_at, found.seq) AS place_of_tenant
    FROM lanes CROSS JOIN LATERAL (
        SELECT one.id, one.lane, one.tenant, one.next_at, one.seq FROM webhook_deliveries AS one
        WHERE one.lane = lanes.lane AND one.state = 'pending' AND one.next_at <= now()
            AND (one.leased_until IS NULL OR one.leased_until <= now())
            AND NOT EXISTS (
                SELECT FROM webhook_deliveries AS before
                WHERE before.webhook_id = one.webhook_id AND before.job_id = one.job_id
                    AND before.state = 'pending' AND before.seq < one.seq)
        ORDER BY one.next_at, one.seq LIMIT :per_lane
    ) AS found
), chosen AS (
    SELECT delivery.id FROM webhook_deliveries AS delivery
    JOIN due ON due.id = delivery.id
    WHERE delivery.state = 'pending' AND (delivery.leased_until IS NULL OR delivery.leased_until <= now())
        AND due.place_in_lane
            + coalesce((SELECT sum(many) FROM flying WHERE flying.lane = due.lane), 0) <= :per_lane
        AND due.place_of_tenant
            + coalesce((SELECT sum(many) FROM flying WHERE flying.tenant = due.tenant), 0) <= :per_tenant
    ORDER BY due.next_at LIMIT :most
    FOR UPDATE OF delivery SKIP LOCKED
), leased AS (
    UPDATE webhook_deliveries AS delivery
    SET lease = :lease, leased_until = now() + interval '30 seconds'
    FROM chosen WHERE delivery.id = chosen.id
    RETURNING delivery.*
)
SELECT leased.id, leased.webhook_id, leased.tenant, leased.type, coalesce(leased.url, webhooks.url) AS url,
       leased.payload, leased.attempts,
       array_remove(ARRAY[webhooks.secret, CASE WHEN webhooks.previous_until > now() THEN webhooks.previous_secret END],
                    NULL) AS secrets
FROM leased JOIN webhooks ON webhooks.id = leased.webhook_id
ORDER BY leased.next_at, leased.seq
""")
"""Lease what is due, a few of each lane and each tenant, so that no slow endpoint keeps others waiting.

`lanes` steps through the index from lane to lane instead of reading all that waits. Another gateway's rows are skipped,
not waited for; a row that one took meanwhile is read anew under its lock. The lease of 30 s is three times the longest
attempt: whatever a killed gateway was sending is sent again after it, under the same id.
"""

BACKLOG: Final = text("""
SELECT (SELECT count(*) FROM webhook_deliveries WHERE state = 'pending') AS pending,
    coalesce(extract(epoch FROM now() - (
        SELECT min(one.next_at) FROM webhook_deliveries AS one
        WHERE one.state = 'pending' AND one.next_at <= now() AND NOT EXISTS (
            SELECT FROM webhook_deliveries AS before
            WHERE before.webhook_id = one.webhook_id AND before.job_id = one.job_id
                AND before.state = 'pending' AND before.seq < one.seq))), 0) AS overdue_seconds
""")
