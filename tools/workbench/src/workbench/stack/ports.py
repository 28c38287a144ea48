"""Free TCP ports on 127.0.0.1, the same as last time where possible.

A port is free until its server listens. So the process that chooses one claims it: a lock on the port's byte of one
file in the temporary folder, held until that process ends.
"""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import psutil

from workbench.stack.errors import StackError

_FIRST, _LAST = 20_000, 22_700
"""Below Linux's ephemeral range (32768), also with `GRPC_OFFSET` added: no outgoing connection takes a chosen port."""

GRPC_OFFSET = 10_000
"""SeaweedFS serves gRPC this far above every HTTP port."""


_claimed: set[int] = set()
"""This process's claims: its own locks do not exclude it."""


def is_free(port: int) -> bool:
    """Tell whether no process listens on the port of 127.0.0.1 (nor of all addresses)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def refuse_taken_port(name: str, port: int) -> None:
    """Raise `StackError` unless the port is free; name the listening process where the kernel shows it."""
    if is_free(port):
        return
    for connection in psutil.net_connections("tcp"):
        listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens and connection.pid:
            owner = f"process {connection.pid} ({psutil.Process(connection.pid).name()})"
            break
    else:
        owner = "another process"
    raise StackError(
        f"{name} cannot listen on 127.0.0.1:{port}: {owner} does.", way_out="stop that process, or choose another port"
    )


def free_port(*, wanted: Iterable[int] = (), taken: Iterable[int] = (), with_grpc: bool = False) -> int:
    """Return the first wanted port that is free, else a random free one; claim it until this process ends.

    Args:
        wanted: Ports to try first: the one of last time, the well-known one. This process may have claimed them before.
        taken: Ports already promised to another server.
        with_grpc: The port `GRPC_OFFSET` above must be free too.
    """
    promised = set(taken)
    others = (port for port in random.sample(range(_FIRST, _LAST), 200) if port not in _claimed)
    for port in (*wanted, *others):
        needed = {port, port + GRPC_OFFSET} if with_grpc else {port}
        if not needed & promised and all(is_free(one) and _claim(one) for one in needed):
            return port
    raise StackError(
        f"There is no free port between {_FIRST} and {_LAST} on 127.0.0.1.", way_out="stop what listens there"
    )


def _claim(port: int) -> bool:
    """Claim the port for this process; False: another process has."""
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _claimed.add(port)
    return True


@cache
def _claims() -> int:
    """Open the file of claims, once: closing any descriptor of it would end every claim of the process."""
    return os.open(Path(tempfile.gettempdir()) / f"proteus-ports-{os.getuid()}.claims", os.O_RDWR | os.O_CREAT, 0o600)
