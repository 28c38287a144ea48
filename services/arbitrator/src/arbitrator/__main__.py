"""`python -m arbitrator`: the control loop, until SIGTERM. Hears SIGTERM before anything heavy is imported."""

from __future__ import annotations

import sys

from proteus.startup import hear_signals


def main() -> int:
    """Read the settings, judge, return the exit status."""
    hear_signals()
    from functools import partial

    from arbitrator.app import serve
    from arbitrator.settings import Settings
    from proteus import lifecycle, telemetry

    settings = Settings()
    telemetry.configure(settings.log, "arbitrator")
    return lifecycle.run_service(partial(serve, settings))


if __name__ == "__main__":
    sys.exit(main())
