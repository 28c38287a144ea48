"""`python -m gateway serve | migrate | openapi | token`. Hears SIGTERM before anything heavy is imported."""

from __future__ import annotations

import sys

from proteus.service.startup import hear_signals


def main() -> int:
    """Do what the command line says; return the exit status."""
    hear_signals()
    from gateway.commands import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
