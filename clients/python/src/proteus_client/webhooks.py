"""Webhooks: proves that a message comes from the server (Standard Webhooks), and reads it.

raw body + three headers + your secret ─▶ verify ─▶ a typed message, or `WebhookRefused`
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import ValidationError

from proteus_client.errors import WebhookRefused
from proteus_client.models import BatchMessage, WebhookMessage

TOLERANCE_SECONDS: Final = 300
"""How far a message's time may be from ours, as Standard Webhooks says: older ones may be replays."""

_PREFIX: Final = "whsec_"


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secret: str | Iterable[str],
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookMessage | BatchMessage:
    """Return the message, once its signature and its time are right.

    Args:
        headers: The request's headers; case does not matter.
        body: The request's body as it came: JSON that was parsed and written again has another signature.
        secret: The endpoint's secret (`whsec_…`), or several while one replaces the other.
        tolerance_seconds: How old or how far in the future a message may be.
        now: Unix seconds; None: the clock.

    Raises:
        WebhookRefused: It is not proven, too old, or no message that this client knows.
        ValueError: A secret is none: a mistake of the receiver's own settings.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        identity, moment, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
    except KeyError as error:
        raise WebhookRefused(f"The header {error} is missing.") from error
    if not (moment.isascii() and moment.isdigit() and len(moment) < 16):
        raise WebhookRefused("webhook-timestamp is no whole number of seconds.")
    if abs((time.time() if now is None else now) - int(moment)) > tolerance_seconds:
        raise WebhookRefused(f"webhook-timestamp is more than {tolerance_seconds:g} s away from this clock.")
    signed = b".".join([identity.encode("utf-8", "surrogateescape"), moment.encode(), body])
    keys = [_key(one) for one in ([secret] if isinstance(secret, str) else secret)]
    right = {base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys}
    sent = [one.removeprefix("v1,").encode() for one in signatures.split(" ") if one.startswith("v1,")]
    # Every pair is compared, in constant time each: how long it takes says nothing about a secret.
    if not sum(hmac.compare_digest(ours, theirs) for ours in right for theirs in sent):
        raise WebhookRefused("No signature was made with this secret.")
    try:
        message = json.loads(body)
        kind = BatchMessage if message["type"].startswith("batch.") else WebhookMessage
        return kind.model_validate(message)
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError, RecursionError) as error:
        raise WebhookRefused("The message is signed, and none that this client knows.") from error


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("a webhook's secret must be whsec_ and base64.") from error
    if not key:
        raise ValueError("a webhook's secret must not be empty.")
    return key
