"""Webhooks: which events there are, when a delivery is tried again, and what an answer means. Pure."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Final, Literal, get_args

from proteus.errors import Conflict
from proteus.jobs import JobState

SCOPE: Final = "webhooks"
"""The scope of API keys that manage endpoints and name a `webhook_url`."""

TryonEventType = Literal["tryon.started", "tryon.completed", "tryon.failed", "tryon.canceled", "tryon.expired"]
BatchEventType = Literal["batch.ended"]
EventType = TryonEventType | BatchEventType
TRYON_EVENTS: Final[tuple[TryonEventType, ...]] = get_args(TryonEventType)
BATCH_ENDED: Final[BatchEventType] = "batch.ended"
ENDS: Final[tuple[EventType, ...]] = (*TRYON_EVENTS[1:], BATCH_ENDED)
"""The events that an endpoint gets unless it asks for others: each end of a try-on and of a batch."""

PING: Final = "ping"
"""The type of a test delivery; no endpoint chooses it."""

_TYPES: Final[dict[JobState, TryonEventType]] = {
    JobState.RUNNING: "tryon.started",
    JobState.COMPLETED: "tryon.completed",
    JobState.FAILED: "tryon.failed",
    JobState.CANCELED: "tryon.canceled",
    JobState.EXPIRED: "tryon.expired",
}

PAUSES_SECONDS: Final = (0.0, 5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Before each attempt, as Standard Webhooks suggests: a restart, an outage, a night and a working day pass."""

JITTER: Final = 0.1
"""The largest share of a pause that is added to it, so that deliveries of one outage do not return together."""

GIVE_UP_DAYS: Final = 5
"""An endpoint without a success for so long is switched off."""

ENDPOINTS_MOST: Final = 20
"""Endpoints of one tenant."""

LANE_MOST: Final = 4
"""Deliveries to one endpoint that are on their way at the same time."""

TENANT_MOST: Final = 32
"""Deliveries of one tenant that are on their way at the same time."""


class EndpointDisabled(Conflict):
    """This endpoint is switched off."""

    code = "webhook_disabled"
    hint = 'Switch it on first: PATCH /v1/webhooks/{webhook_id} with {"enabled": true}.'


class JobsEndpointMissing(Conflict):
    """Nothing signs what is sent to the `webhook_url` of a try-on yet."""

    code = "webhook_secret_missing"
    hint = 'Make an endpoint without an address once, and keep its secret: POST /v1/webhooks with {"url": null}.'


class Outcome(StrEnum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    """It is tried again while attempts are left."""
    GONE = "gone"
    """The receiver wants no more."""


def type_of(status: JobState) -> TryonEventType | None:
    """Return the event of a try-on that comes to this status; None: there is none."""
    return _TYPES.get(status)


def outcome_of(status: int | None) -> Outcome:
    """Return what an answer's status means; None: there was no answer. A redirect is a failure: none is followed."""
    if status == HTTPStatus.GONE:
        return Outcome.GONE
    return Outcome.DELIVERED if status is not None and 200 <= status < 300 else Outcome.FAILED


def pause_before(attempt: int, *, chance: float) -> float | None:
    """Return the seconds before an attempt, counted from 1; None: there is no such attempt.

    Args:
        attempt: Its number.
        chance: From 0 to 1: how much of the jitter is added.
    """
    if attempt > len(PAUSES_SECONDS):
        return None
    return PAUSES_SECONDS[attempt - 1] * (1.0 + JITTER * chance)
