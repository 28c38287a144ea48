"""Opens a service's ports at its start: a port that cannot be opened is reported in a sentence, like a wrong setting.

The sockets listen at once, so that two processes never believe that they have the same port; a client that connects
waits until the server accepts.
"""

from __future__ import annotations

import errno
import socket
from typing import Final

from proteus.checked_settings import SettingRefused

BACKLOG: Final = 2048
"""uvicorn's own default."""


def listen(host: str, port: int, *, port_setting: str, host_setting: str) -> list[socket.socket]:
    """Return listening sockets, one for each address that the host has here.

    Args:
        host: Name or address; `0.0.0.0` and `::` are all addresses of this machine.
        port: 0: any free port.
        port_setting: The variable or option that chooses another port.
        host_setting: The same for the host.

    Raises:
        SettingRefused: Another process has the port, this user may not have it, or this machine is not that host.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise _wrong_host(host, host_setting) from None
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sockets.append(_listening(family, kind, protocol, address))
    except OSError as error:
        for one in sockets:
            one.close()
        if error.errno == errno.EADDRINUSE:
            rule = f"it must be a port that no other process listens on at {host}"
        elif error.errno in (errno.EACCES, errno.EPERM):
            rule = f"it must be a port that this user may listen on at {host}, such as one from 1024 on"
        else:
            raise _wrong_host(host, host_setting) from None
        raise SettingRefused(f"{port_setting} is '{port}': {rule}.") from None
    return sockets


def _listening(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own.
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def _wrong_host(host: str, setting: str) -> SettingRefused:
    return SettingRefused(f"{setting} is {host!r}: it must be an address of this machine.")
