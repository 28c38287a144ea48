"""The gateway's own numbers, `proteus_<what>_<unit>`; few labels, never ids."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUESTS: Final = Histogram(
    "proteus_gateway_request_seconds",
    "Time to answer an HTTP request, without the body's transfer and without what the client asked to wait for.",
    ["route", "method", "status"],
    # From a status read (milliseconds) to a slow dependency (its 5 s limit).
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SUBMITS: Final = Counter("proteus_gateway_submits_total", "Pictures asked for, by what became of them.", ["verdict"])
PUSHES_FAILED: Final = Counter("proteus_gateway_pushes_failed_total", "Queue pushes that Redis did not take at once.")
RECORDED: Final = Counter("proteus_gateway_recorded_total", "Queue events recorded, by kind.", ["kind"])
RECORD_SECONDS: Final = Histogram(
    "proteus_gateway_record_seconds",
    "From an event's server time to its commit.",
    # The bar is 50 ms to the socket; beyond a second something is away.
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30),
)
SETTLED: Final = Counter("proteus_gateway_settled_total", "Jobs that ended, by kind and state.", ["kind", "state"])
PICTURES: Final = Counter(
    "proteus_gateway_pictures_total",
    "Pictures that ended: in_time, late (beyond the SLO, or expired), failed, rejected (the user's photo).",
    ["outcome"],
)
for _outcome in ("in_time", "late", "failed", "rejected"):
    PICTURES.labels(_outcome)  # At zero from the start: the first of a series is no increase to Prometheus.
SOCKETS: Final = Gauge("proteus_gateway_subscribers_count", "Open sockets, event streams and long polls.")
EVENTS_SENT: Final = Counter("proteus_gateway_events_sent_total", "Events pushed to clients.")
RELAY_DEAF: Final = Counter("proteus_gateway_relay_deaf_total", "Times the relay found that it had missed something.")
RECONCILED: Final = Counter("proteus_gateway_reconciled_total", "Rows put right, by what was wrong.", ["found"])
QUEUE_DEPTH: Final = Gauge(
    "proteus_queue_depth_jobs", "Jobs by place: waiting, running, retrying, parked, dead.", ["queue", "place"]
)
QUEUE_OLDEST: Final = Gauge("proteus_queue_oldest_wait_seconds", "Age of the oldest waiting job.", ["queue"])
WEAVERS: Final = Gauge("proteus_fleet_weavers_count", "Weavers that are registered, in any state.")
PARKED: Final = Counter(
    "proteus_gateway_parked_total",
    "Jobs moved out of the queue (parked) and back (returned), by engine on offer.",
    ["move"],
)
HELD: Final = Gauge("proteus_gateway_held_jobs", "Pictures that wait in Postgres (low priority, tenant caps).")
BODY_BYTES: Final = Gauge("proteus_gateway_body_bytes", "Bytes of requests' bodies held in memory or under /tmp.")
BODIES_REFUSED: Final = Counter(
    "proteus_gateway_bodies_refused_total", "Bodies cut off on their way in: too large, too slow, or too many at once."
)
SOCKETS_REFUSED: Final = Counter(
    "proteus_gateway_sockets_refused_total", "Sockets closed for what they sent or failed to do.", ["reason"]
)
LOOP_ERRORS: Final = Counter("proteus_gateway_loop_errors_total", "Rounds of a background loop that failed.", ["loop"])
MESSAGES_DROPPED: Final = Counter(
    "proteus_gateway_messages_dropped_total",
    "Published messages that were not understood.",
    ["channel"],
)
EVENTS_SET_ASIDE: Final = Counter(
    "proteus_gateway_events_set_aside_total",
    "Queue events that could not be recorded.",
    ["queue"],
)
FACTS_REFUSED: Final = Counter(
    "proteus_gateway_facts_refused_total",
    "Facts that rounds could not record: ends of overdue jobs, promotions, repairs. They are tried again.",
    ["kind"],
)
RESULTS_UNREADABLE: Final = Counter(
    "proteus_gateway_results_unreadable_total",
    "Completions that failed their job: nothing can be recorded of such a result.",
    ["kind"],
)
CARDS_LEFT_OUT: Final = Gauge(
    "proteus_gateway_left_out_cards", "Workers' cards that cannot be read, at the last reading.", ["queue"]
)
WEBHOOKS_PENDING: Final = Gauge("proteus_webhook_pending_deliveries", "Webhooks that are not delivered yet.")
WEBHOOKS_OVERDUE: Final = Gauge(
    "proteus_webhook_overdue_seconds", "For how long the most overdue webhook could have been sent."
)
WEBHOOK_ATTEMPTS: Final = Counter("proteus_webhook_attempts_total", "Requests to receivers of webhooks.", ["outcome"])
WEBHOOKS_DISABLED: Final = Counter(
    "proteus_webhook_endpoints_disabled_total", "Endpoints that were switched off without being asked.", ["reason"]
)
