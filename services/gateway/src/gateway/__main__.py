"""`python -m gateway serve | migrate | openapi | token | key | admin`. Handles SIGTERM before heavy imports."""

from __future__ import annotations

import sys

from proteus.service.startup import hear_signals


def main() -> int:
    """Run the command that the arguments name; return the exit status."""
    hear_signals()
    from gateway.commands import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
