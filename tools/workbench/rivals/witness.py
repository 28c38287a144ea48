"""How every contender tells the bench that a job runs: one datagram over a local socket, no Redis command.

`BENCH_SOCKET` names the socket; a message is `<worker's pid> <job's number>`.
"""

import os
import socket
import time

_line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
_line.connect(os.environ["BENCH_SOCKET"])


def run(number: int, seconds: float) -> None:
    """Say that the job runs, then take as long as it takes."""
    _line.send(f"{os.getpid()} {number}".encode())
    if seconds:
        time.sleep(seconds)
