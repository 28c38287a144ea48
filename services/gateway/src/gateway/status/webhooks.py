"""The message of a webhook: what a receiver reads of a try-on's change. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from gateway.ledger.tryons import TryonRow
from gateway.rules.webhooks import type_of
from proteus.events import JobEvent


def message_of(event: JobEvent, entry: TryonRow, *, tenant: str) -> dict[str, Any] | None:
    """Return what the outbox stores of a try-on's new status; None: no endpoint can ask for it.

    The payload is complete but for `id`, which each delivery has of its own.
    """
    kind = type_of(event.status)
    if kind is None:
        return None
    told = {name: value for name, value in event.wire().items() if name not in ("kind", "seq")}
    url = entry.options.get("webhook_url")
    return {
        "tenant": tenant,
        "user_id": entry.user_id,
        "job_id": entry.id,
        "seq": event.seq,
        "type": kind,
        "url": url,
        "lane": (urlsplit(url).hostname or "") if url else "",
        "payload": {
            "type": kind,
            "timestamp": event.at,
            "seq": event.seq,
            "data": {**told, "user_id": entry.user_id, "metadata": entry.metadata or {}},
        },
    }
