"""The environment of a gateway under a load that a few made-up users send: nothing is limited by user."""

from __future__ import annotations

from typing import Final

UNLIMITED: Final = {
    f"LIMIT_{name}": "0"
    for name in (
        "SUBMITS_PER_MINUTE", "UPLOADS_PER_MINUTE", "GUESTS_PER_MINUTE", "GUEST_REQUESTS_PER_MINUTE",
        "GUEST_REQUESTS_AT_ONCE", "GUEST_WAITS_AT_ONCE", "GUEST_STREAMS_AT_ONCE", "GUEST_SOCKETS_AT_ONCE",
        "GUEST_UPLOAD_BYTES_AT_ONCE", "GUEST_QUEUED", "GUEST_TOTAL",
    )
}  # fmt: skip
