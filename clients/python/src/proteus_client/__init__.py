"""A client of the Proteus API: upload two photos, submit a try-on, follow it, download the picture."""

from proteus_client.client import NO_PICTURE, TERMINAL, Client, Job, Tell, content_type_of
from proteus_client.errors import ClientError, JobEnded, Refused, ServerUnreachable

__all__ = [
    "NO_PICTURE",
    "TERMINAL",
    "Client",
    "ClientError",
    "Job",
    "JobEnded",
    "Refused",
    "ServerUnreachable",
    "Tell",
    "content_type_of",
]
