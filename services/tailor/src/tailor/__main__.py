"""`python -m tailor`: one tailor, until SIGTERM."""

from __future__ import annotations

import sys
from functools import partial

from proteus import lifecycle, telemetry
from tailor.app import serve
from tailor.settings import Settings


def main() -> int:
    """Read the settings, work, return the exit status."""
    settings = Settings()
    telemetry.configure(settings.log, "tailor")
    return lifecycle.run_service(partial(serve, settings))


if __name__ == "__main__":
    sys.exit(main())
