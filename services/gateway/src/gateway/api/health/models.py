"""Bodies of `/health`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from gateway.api.wire import said


class HealthBody(BaseModel):
    """Which of the servers that the gateway needs answer."""

    model_config = said({"status": "ok", "dependencies": {"postgres": "ok", "redis": "ok", "storage": "ok"}})

    status: Literal["ok", "degraded"]
    dependencies: dict[str, Literal["ok", "unavailable"]]


class DepthsBody(BaseModel):
    """Jobs of the try-ons' queue by what they do."""

    waiting: int
    running: int
    retrying: int
    held: int
    dead: int


class FullHealthBody(HealthBody):
    """What operators need as well; only the inner port returns it.

    Attributes:
        models: Engine -> whether workers offer it.
        workers: Service -> how many are registered.
    """

    version: str
    models: dict[str, str]
    workers: dict[str, int]
    queue: DepthsBody
