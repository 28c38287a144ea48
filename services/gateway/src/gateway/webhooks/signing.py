"""Signatures of webhooks by the scheme of Standard Webhooks, so that receivers verify with its libraries."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

SECRET_BYTES: Final = 32
PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Return a new secret as its owner keeps it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(delivery_id: str, body: str, *, at: datetime, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers that prove a message.

    Args:
        delivery_id: The same at every attempt: receivers drop what they have seen.
        body: The text that is sent.
        at: When it is sent, in UTC.
        keys: The secrets; the message is signed with each, so that a receiver may hold the old or the new one.
    """
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(delivery_id, at, body) for key in keys),
    }
