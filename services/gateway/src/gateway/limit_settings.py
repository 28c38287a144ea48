"""Settings of the limits: what one user, one address or one tenant may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from proteus.checked_settings import CheckedSettings

Limit = Annotated[int, Field(ge=0)]
"""0: no limit."""


class LimitSettings(CheckedSettings):
    """Limits of one user, one address or one tenant.

    Rates, sockets and streams count over all gateways, what else is open at once per process.

    0 switches a limit off. `guest_…` holds for one guest; an address may have `address_share` times as much, because a
    household or an office stands behind it, and an account `account_share` times, because a shop does.
    """

    model_config = SettingsConfigDict(frozen=True, env_prefix="LIMIT_", extra="ignore")

    submits_per_minute: Limit = 120
    uploads_per_minute: Limit = 240
    guests_per_minute: Limit = 600
    """New guests of one account; also of all clients without account or known address (`GATEWAY_TRUSTED_PROXIES`)."""

    logins_per_minute: Limit = 10
    """Attempts to log in to one account, to register with one email address, or to change one password."""

    address_logins_per_minute: Limit = 30
    """The same from one address, whichever accounts they name."""

    address_guests_per_minute: Limit = 30
    """New guests from one address: a page that requests a token on every load must not fill the ledger unnoticed."""

    guest_requests_per_minute: Limit = 1_200
    """Requests of any kind: no person makes twenty a second without a pause."""

    guest_requests_at_once: Limit = 16
    """Requests being answered: fewer than the database has connections (20), so that one guest cannot have them all."""

    guest_waits_at_once: Limit = 8
    """Long polls. They hold no place among the requests."""

    guest_streams_at_once: Limit = 6
    """Event streams: some tabs of one browser."""

    guest_sockets_at_once: Limit = 6
    """Sockets."""

    key_connections: Limit = 2_000
    """Sockets of all callers of one API key at all gateways, and as many event streams."""

    tenant_connections: Limit = 20_000
    """The same of one tenant."""

    guest_upload_bytes_at_once: Limit = 64 * 1024 * 1024
    """Bytes of bodies that are being received: three of the largest photos."""

    guest_queued: Limit = 20
    """Pictures on the list; beyond this a guest's work waits as `held`, and is promoted in turns with other guests'."""

    guest_total: Limit = 60
    """Unfinished pictures, waiting and held together; beyond this a submit gets 429 `user_cap`."""

    guest_images: Limit = 200
    """Photos that one guest may have stored; beyond it an upload gets 403 `quota_exceeded`."""

    guest_bytes: Limit = 1024 * 1024 * 1024
    """Bytes of these photos, as they were declared."""

    account_images: Limit = 0
    """Photos that one account may have stored."""

    account_bytes: Limit = 0
    """Bytes of these photos."""

    address_share: int = Field(default=8, ge=1)
    """Multiple of a guest's limits for one address: at once, a minute, and on the list."""

    account_share: int = Field(default=16, ge=1)
    """Multiple of a guest's limits for an account: at once and a minute; its pictures count for its tenant alone."""

    exports_per_day: Limit = 10
    """`LIMIT_EXPORTS_PER_DAY`. Exports of all that is kept of a user: each reads everything the user has."""

    warms_per_minute: Limit = 6
    """Requests for a ready weaver: each may cost minutes of a GPU."""

    warm_minutes_per_hour: Limit = 60
    """Minutes of a ready weaver that one tenant may request in an hour. Guests that no account brought have none."""

    tenant_queued: int = Field(default=200, ge=1)
    """Beyond this a tenant's work waits as `held` and is promoted round robin."""

    tenant_total: int = Field(default=2_000, ge=1)
    """Beyond this (waiting and held together) a submit gets 429."""

    promote_below: int = Field(default=50, ge=1)
    """Held work moves in while fewer than this wait on `queue:jobs`."""

    job_age_seconds: int = Field(default=3_600, ge=60)
    """Longest time a job may wait in a queue and run, retries included; beyond it it is `expired`, `too_old`."""

    held_age_seconds: int = Field(default=86_400, ge=60)
    """Longest time a picture may be held before it enters the queue."""

    replicas: int = Field(default=1, ge=1)
    """How many gateways there are: while Redis is away each lets through its share of the rates."""

    wait_seconds_max: float = Field(default=60.0, gt=0)
    """Longest `?wait=` and `Prefer: wait=`."""
