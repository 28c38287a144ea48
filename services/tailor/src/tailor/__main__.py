"""`python -m tailor`: one tailor, until SIGTERM."""

from __future__ import annotations

import asyncio
import sys

import structlog

from proteus import lifecycle, telemetry
from proteus.errors import ProteusError
from tailor.app import serve
from tailor.settings import Settings


def main() -> int:
    """Read the settings, work, return the exit status."""
    settings, status = Settings(), 0
    telemetry.configure(settings.log, "tailor")
    try:
        asyncio.run(lifecycle.run_until_signalled(lambda stop: serve(settings, stop)))
    except* ProteusError as group:
        for error in group.exceptions:
            structlog.get_logger().error("cannot_work", reason=str(error))
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
