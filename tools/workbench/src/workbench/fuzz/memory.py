"""What answers have named, and whose it is: the ids of later requests, and how a leak is recognised."""

from __future__ import annotations

import random
import re
import threading
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

KEPT: Final = 60
"""Values of one name that are kept."""

_ID: Final = re.compile(r"\b(?:job|vton|img|seg|user|key)_[a-z0-9]{6,}\b")
_LIKE: Final = {
    "user_photo_url": "image_url", "cloth_clean_url": "image_url", "cloth_image_url": "image_url",
    "cursor": "next_cursor", "parent_job_id": "job_id",
}  # fmt: skip
"""Names whose values come from another name."""

_NAMES: Final = frozenset({
    "job_id", "vton_id", "image_id", "user_id", "key_id", "worker_id", "tenant", "image_url", "next_cursor",
    "refresh_token", "external_id", "seq",
})  # fmt: skip


class Memory:
    """Values by name and owner; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, deque[tuple[str, str]]] = {}
        self.owner_of: dict[str, str] = {}

    def own(self, found: str, group: str) -> None:
        """Remember whose an id is; the first owner stays."""
        with self._lock:
            self.owner_of.setdefault(found, group)

    def learn(self, answer: Any, group: str) -> None:
        """Remember what an answer to somebody names."""
        for name, value in _leaves(answer):
            if name not in _NAMES and name not in _LIKE:
                continue
            with self._lock:
                self._values.setdefault(_LIKE.get(name, name), deque(maxlen=KEPT)).append((group, value))
        if group in ("", "*"):
            return
        # `job_1:2` is a picture of `job_1`; ids in addresses (`images/user_…/img_…`) count as well.
        for _, value in _leaves(answer):
            for found in _ID.findall(value):
                self.own(found, group)

    def value(self, name: str, group: str, rng: random.Random) -> str | None:
        """Return a value for a place of this name, mostly the sender's own; None: nothing is known."""
        with self._lock:
            known = list(self._values.get(_LIKE.get(name, name), ()))
        own = [value for owner, value in known if owner == group]
        others = [value for owner, value in known if owner != group]
        chosen = own if own and (not others or rng.random() < 0.6) else others
        return rng.choice(chosen) if chosen else None

    def foreign(self, text: str, group: str, asked: str) -> set[str]:
        """Return the ids in an answer that belong to others, and that the request did not name itself."""
        if group == "*":
            return set()
        with self._lock:
            found = {one: self.owner_of.get(one) for one in _ID.findall(text)}
        return {one for one, owner in found.items() if owner not in (None, group) and one not in asked}


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a JSON value with the name under which it stands."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, name)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield name, str(value)
