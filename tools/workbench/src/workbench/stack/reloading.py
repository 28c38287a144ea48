"""The gateway for `uvicorn --reload`: a factory that reads the settings whenever the code has changed.

    uvicorn --factory workbench.stack.reloading:gateway --reload --host 127.0.0.1 --port 8000

For development: it has no inner port, no header deadline, and uvicorn's own signals.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.app import make_app
from gateway.settings import GatewaySettings
from proteus.service import telemetry


def gateway() -> Any:
    """Return the edge as an ASGI application."""
    settings = GatewaySettings()
    telemetry.configure(settings.log, "gateway")
    return make_app(settings, asyncio.Event())
