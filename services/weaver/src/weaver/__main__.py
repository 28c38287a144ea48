"""`python -m weaver`: one worker, until SIGTERM. Hears SIGTERM before anything heavy is imported."""

from __future__ import annotations

import sys

from proteus.startup import hear_signals


def main() -> int:
    """Read the settings, work, return the exit status."""
    hear_signals()
    from functools import partial

    from proteus import lifecycle, telemetry
    from weaver.app import serve
    from weaver.settings import Settings

    settings = Settings()
    telemetry.configure(settings.log, "weaver")
    return lifecycle.run_service(partial(serve, settings))


if __name__ == "__main__":
    sys.exit(main())
