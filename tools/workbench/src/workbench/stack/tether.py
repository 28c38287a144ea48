"""Becomes another program that dies with its parent, and that is not root where it must not be.

    python tether.py PARENT_PID SIGNAL_NUMBER IDENTITY PROGRAM [ARGUMENT ...]

The kernel sends the signal when the parent ends, however it ends, so nothing of the stack outlives its supervisor.
IDENTITY is `same`; `namespace`: root becomes uid 1000 of a user namespace of its own, and its files stay root's
(Postgres refuses to run as root, and this needs no account, no chmod and no readable home); or `nobody`: uid 65534, for
machines that forbid user namespaces. Runs with `python -I -S` and imports nothing of ours: it must start in
milliseconds. The signal is armed last, because a change of identity disarms it.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_SOMEBODY = 1000
NOBODY = 65534


def main(arguments: list[str]) -> None:
    """Request a signal at the parent's death, then become the command."""
    parent_pid, signal_number, identity, *command = arguments
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "namespace":
        _enter_namespace(libc)
    elif identity == "nobody":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    libc.prctl(_PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent_pid):
        sys.exit("the parent ended first")
    os.execv(command[0], command)  # noqa: S606 - the caller names the program, no shell


def _enter_namespace(libc: ctypes.CDLL) -> None:
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(_CLONE_NEWUSER) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{_SOMEBODY} {uid} 1"), ("gid_map", f"{_SOMEBODY} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(line)


if __name__ == "__main__":
    main(sys.argv[1:])
