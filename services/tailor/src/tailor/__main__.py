"""`python -m tailor`: one tailor, until SIGTERM. It handles SIGTERM before anything heavy is imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from proteus.service.startup import hear_signals

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable


def main() -> int:
    """Read the settings, run the worker, return the exit status."""
    hear_signals()
    from proteus.service.lifecycle import run_service
    from tailor.settings import Settings

    def load() -> Callable[[Settings, asyncio.Event], Awaitable[None]]:
        from tailor.app import serve

        return serve

    return run_service(Settings, load, service="tailor")


if __name__ == "__main__":
    sys.exit(main())
