"""CORS: which other origins may call the API, and which headers of its answers their pages may read."""

from __future__ import annotations

from typing import Any, Final

EXPOSED: Final = [
    "Location",
    "Retry-After",
    "X-Request-ID",
    "Preference-Applied",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
]
"""Headers that a page of another origin may read."""


def rules(origins: list[str]) -> dict[str, Any]:
    """Return the arguments of Starlette's CORSMiddleware."""
    return {
        "allow_origins": origins,
        "allow_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
        "allow_headers": [
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "Prefer",
            "Cancel-After",
            "If-None-Match",
            "Last-Event-ID",
            "X-Request-ID",
        ],
        "expose_headers": EXPOSED,
        "max_age": 3600,
    }
