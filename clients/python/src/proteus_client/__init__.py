"""A client of the Proteus API: photos in, a try-on out; outfits, batches, webhooks. `Proteus`, or `AsyncProteus`."""

from proteus_client.client import AsyncProteus
from proteus_client.errors import (
    BatchEnded,
    ClientError,
    Conflict,
    Forbidden,
    Invalid,
    JobEnded,
    NotAPicture,
    NotFound,
    Refused,
    ServerUnreachable,
    StillRunning,
    TooMany,
    Unauthorized,
    Unavailable,
    WebhookRefused,
    refusal,
)
from proteus_client.following import TERMINAL, Tell
from proteus_client.models import BatchBody as Batch
from proteus_client.models import BatchMessage, BatchOptions, TokenWish, TryOnOptions, WebhookMessage
from proteus_client.models import StatusBody as Job
from proteus_client.pictures import NO_PICTURE, Picture, TryOn, content_type_of
from proteus_client.sync import Proteus
from proteus_client.webhooks import verify

__all__ = [
    "NO_PICTURE",
    "TERMINAL",
    "AsyncProteus",
    "Batch",
    "BatchEnded",
    "BatchMessage",
    "BatchOptions",
    "ClientError",
    "Conflict",
    "Forbidden",
    "Invalid",
    "Job",
    "JobEnded",
    "NotAPicture",
    "NotFound",
    "Picture",
    "Proteus",
    "Refused",
    "ServerUnreachable",
    "StillRunning",
    "Tell",
    "TokenWish",
    "TooMany",
    "TryOn",
    "TryOnOptions",
    "Unauthorized",
    "Unavailable",
    "WebhookMessage",
    "WebhookRefused",
    "content_type_of",
    "refusal",
    "verify",
]
