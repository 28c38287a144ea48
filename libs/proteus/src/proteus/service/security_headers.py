"""The security headers of every answer of every port: what a browser may do with an answer that is no page.

Gateway, inner port, tailor and probes all send them; the gateway's pages bring a policy of their own instead.
"""

from __future__ import annotations

from typing import Final

SECURITY_HEADERS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
)

SECURITY_LINES: Final = "".join(f"{name}: {value}\r\n" for name, value in SECURITY_HEADERS).encode()
"""The same, as bytes of an answer that is written by hand."""
