"""The environment of a gateway that a few invented users load: it limits nothing per user."""

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
