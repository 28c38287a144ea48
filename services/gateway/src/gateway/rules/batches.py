"""Batches: how many items may wait for a picture, how many of them are jobs at a time, and what a batch is. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from proteus.errors import Conflict

ITEMS_MOST: Final = 10_000
"""Pictures of one batch."""

OPEN_MOST: Final = 20
"""Batches of one tenant that have not ended."""

WINDOW_MOST: Final = 50
"""Items that are jobs at the same time, of all batches together: what a fleet of any size still takes at once."""

WINDOW_SECONDS: Final = 86_400
"""How long a batch has by default."""

WINDOW_SECONDS_LEAST: Final = 60
WINDOW_SECONDS_MOST: Final = 604_800

SPARE: Final = -1
"""The priority of a batch's pictures: below low, they are made with what nothing else needs."""


class TooManyBatches(Conflict):
    """Your tenant has as many unfinished batches as it may have."""

    code = "too_many_batches"
    hint = "Wait until one of them has ended, or cancel one: POST /v1/batches/{batch_id}/cancel."


class ItemState(StrEnum):
    """What has become of an item."""

    WAITING = "waiting"
    """It is a row and no job."""
    TAKEN = "taken"
    """It is a try-on of its own; its status is that one's."""
    REFUSED = "refused"
    """Its submit was refused for good."""
    CANCELED = "canceled"
    EXPIRED = "expired"


class BatchStatus(StrEnum):
    """What has become of a batch."""

    RUNNING = "running"
    CANCELING = "canceling"
    """Its last pictures are being stopped."""
    COMPLETED = "completed"
    """Every item has ended; some may have failed."""
    CANCELED = "canceled"
    EXPIRED = "expired"
    """Its time was over before its last item was made."""


def window(*, slots: int, taken: int) -> int:
    """Return how many items may become jobs now.

    Args:
        slots: Pictures that the ready workers run at once; 0: no worker is ready, and none is woken for a batch.
        taken: Items that are unfinished jobs.
    """
    return max(0, min(2 * slots, WINDOW_MOST) - taken)


def spare_room(*, ready: int, wanted: int | None, slots: int, waiting: int) -> int:
    """Return how many pictures of batches may join their line now: what the workers that stay take at once.

    Args:
        ready: Workers that take jobs.
        wanted: Workers that the arbitrator wants; those beyond are to go. None: nobody scales.
        slots: Pictures that a worker runs at once.
        waiting: Pictures in that line.
    """
    staying = ready if wanted is None else min(ready, wanted)
    return max(0, staying * slots - waiting)
