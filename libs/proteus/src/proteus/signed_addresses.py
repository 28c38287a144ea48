"""Signed addresses that stay the same for an hour, so that caches between a picture and its viewers can work. Pure.

A presigned URL names the second at which it was signed, so each one is another address. These are signed for the full
hour at which they expire: everybody who asks before it gets the same one, from every gateway. The address tells the
store which headers to answer with: `Expires` is a minute before the signature's end, so no cache keeps a picture for
longer than an hour, or than its address works. Signature Version 4, query parameters, path-style.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from proteus.settings import StorageSettings

HOUR_SECONDS: Final = 3_600
MARGIN_SECONDS: Final = 60
"""An address is given out for at least so long before it expires: a viewer needs the time to fetch it."""


class HourlyAddress(NamedTuple):
    """A signed address, and for how long it may be kept."""

    url: str
    fresh_seconds: int
    """From now until its picture is stale in every cache."""


def hourly(settings: StorageSettings, key: str, *, now: float, download_name: str | None = None) -> HourlyAddress:
    """Return the address of an object that expires with the hour, or with the next one in the hour's last minute.

    Args:
        settings: Where the store is for clients, and how to sign.
        key: The object.
        now: Unix seconds.
        download_name: Have browsers save it under this name.
    """
    expires_at = (int(now) + MARGIN_SECONDS) // HOUR_SECONDS * HOUR_SECONDS + HOUR_SECONDS
    stale_at = expires_at - MARGIN_SECONDS
    answers = {
        "response-cache-control": "public, immutable",
        "response-expires": format_datetime(datetime.fromtimestamp(stale_at, UTC), usegmt=True),
    }
    if download_name:
        answers["response-content-disposition"] = f'attachment; filename="{download_name}"'
    signed_at = expires_at - 2 * HOUR_SECONDS
    return HourlyAddress(
        signed(settings, key, signed_at=signed_at, expires_at=expires_at, answers=answers), stale_at - int(now)
    )


def signed(
    settings: StorageSettings, key: str, *, signed_at: int, expires_at: int, answers: Mapping[str, str] | None = None
) -> str:
    """Return a signed GET.

    Args:
        settings: Where the store is for clients, and how to sign.
        key: The object.
        signed_at: From when it works; Unix seconds.
        expires_at: Until when.
        answers: Query parameters by which the store sets headers of its answer.
    """
    endpoint = urlsplit(settings.client_endpoint)
    path = quote(f"{endpoint.path}/{settings.bucket}/{key}", safe="/~")
    at = datetime.fromtimestamp(signed_at, UTC)
    scope = f"{at:%Y%m%d}/{settings.region}/s3/aws4_request"
    parameters = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{settings.access_key}/{scope}",
        "X-Amz-Date": f"{at:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(expires_at - signed_at),
        "X-Amz-SignedHeaders": "host",
        **(answers or {}),
    }
    query = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(parameters.items()))
    request = "\n".join(("GET", path, query, f"host:{endpoint.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    wanted = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", parameters["X-Amz-Date"], scope, wanted))
    secret = f"AWS4{settings.secret_key.get_secret_value()}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    signature = hmac.digest(secret, text.encode(), "sha256").hex()
    return f"{endpoint.scheme}://{endpoint.netloc}{path}?{query}&X-Amz-Signature={signature}"
