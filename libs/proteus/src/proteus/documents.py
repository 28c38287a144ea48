"""Text and JSON that every store can hold, even when a library, a client or another version wrote them.

Postgres refuses NUL characters, lone surrogates and numbers that are not finite, in text and in JSON alike. An error
message or a result with one of them must not keep a job from ending, so every writer and reader of a queue
passes such text through `storable`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


def storable_text(words: str) -> str:
    """Return the text with U+FFFD in place of every NUL and lone surrogate."""
    return _UNSTORABLE.sub(REPLACEMENT, words)


def storable(value: Any) -> Any:
    """Return a JSON value with storable text everywhere, keys included, and None for numbers that are not finite."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {storable_text(str(key)): storable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable(item) for item in value]
    return value


def parse_object(words: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `words`, storable.

    Raises:
        ValueError: It is not one, or nested too deeply to be one of ours.
    """
    try:
        found = storable(json.loads(words))
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError(f"a JSON object is needed, not {type(found).__name__}")  # noqa: TRY004 - it is bad input
    return found
