"""What must never stand in a log: tokens, signatures, passwords, and whatever secret a test run has made."""

from __future__ import annotations

import re
from typing import Final

SECRETS: Final[set[str]] = set()
"""Secrets of this test process; fixtures that make one add it."""

FORMS: Final = {
    "a token": re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*"),
    "an API key or a refresh token": re.compile(r"\b(?:pk_[a-z0-9]{8}|rt)_[A-Za-z0-9_-]{8,}"),
    "a bearer's token": re.compile(r"Bearer\s+(?!…|\\u2026)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE),
    "a signature": re.compile(r"X-Amz-(?:Signature|Credential|Security-Token)=(?!…|\\u2026)[^\s&\"']+", re.IGNORECASE),
    "a password in a URL": re.compile(r"[a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*:(?!…|\\u2026)[^\s@/\"'<>]+@", re.IGNORECASE),
}


def leaks(text: str) -> list[str]:
    """Return what a log gives away: the kind, and a little of it."""
    found = [f"{kind}: {match.group()[:24]}…" for kind, form in FORMS.items() for match in form.finditer(text)]
    return found + [f"a secret of this run: {secret[:4]}…" for secret in SECRETS if secret in text]
