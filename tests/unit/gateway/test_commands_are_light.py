"""A command of the gateway imports what it needs: operators wait for a token at every `proteus queue`."""

from __future__ import annotations

import subprocess
import sys

SHOWS = "import sys, gateway.commands, gateway.ledger.engine; print(*{name.partition('.')[0] for name in sys.modules})"


def test_a_token_is_signed_without_the_api_the_sockets_and_the_migrations() -> None:
    done = subprocess.run([sys.executable, "-c", SHOWS], capture_output=True, text=True, check=True)
    assert {"fastapi", "socketio", "alembic", "boto3", "uvicorn"}.isdisjoint(done.stdout.split())
