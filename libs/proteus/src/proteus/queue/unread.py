"""Keys that an account may read but not repair: counted at every reading, logged once while they last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import structlog
from prometheus_client import Counter

log = structlog.get_logger()

UNREAD: Final = Counter(
    "proteus_queue_keys_unread_total", "Readings that took a key of another type for an empty one.", ["key"]
)


class UnreadKeys:
    """The keys that the latest reading could not read."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()

    def note(self, keys: Collection[str]) -> None:
        """Count the keys that a reading found to be of another type; log new ones."""
        for key in keys:
            UNREAD.labels(key).inc()
        for key in sorted({*keys} - self._known):
            log.error("key_unread", key=key, reason="it is of another type; a gateway or a worker sets it aside")
        for key in sorted(self._known - {*keys}):
            log.info("key_read_again", key=key)
        self._known = frozenset(keys)
