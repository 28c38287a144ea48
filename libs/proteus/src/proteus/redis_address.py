"""Where Redis is: one server, or the primary that Sentinels name.

`redis://user:password@host:6379/0` is a server, `rediss://` the same over TLS, `unix://` a socket. Sentinels are named
with the primary they watch, and clients follow it wherever a failover takes it:

    redis+sentinel://user:password@one:26379,two:26379,three/mymaster/0?sentinel_username=…&sentinel_password=…

The account before the @ is the primary's, the one in the query the Sentinels' own, if they have one. `rediss+sentinel://`
speaks TLS to both. Whatever redis-py's own addresses take in the query (`ssl_ca_certs`) stands there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

SCHEMES: Final = ("redis+sentinel", "rediss+sentinel")
FORM: Final = "redis+sentinel://user:password@host:26379,host:26379/name-of-the-primary/0"
SENTINEL_PORT: Final = 26379
OWN: Final = "sentinel_"
"""How the Sentinels' own words in the query begin."""


@dataclass(frozen=True)
class Sentinels:
    """Sentinels, and the primary they watch.

    Args:
        addresses: (host, port) of each.
        primary: The name they know it by.
        primary_url: An address of the primary as redis-py reads it, with the account, the database and the options, and
            `primary` for the host that only the Sentinels know.
        account: `username` and `password` for the Sentinels themselves.
    """

    addresses: tuple[tuple[str, int], ...]
    primary: str
    primary_url: str
    account: Mapping[str, str]


def sentinels_of(url: str) -> Sentinels | None:
    """Read the address of a primary that Sentinels name; None if it is a server's.

    Raises:
        ValueError: It names Sentinels, but not as `FORM` does. The text quotes no part of it: any may be a password.
    """
    if url.partition("://")[0] not in SCHEMES:
        return None
    parts = urlsplit(url)
    account, at, hosts = parts.netloc.rpartition("@")
    primary, _, number = parts.path.strip("/").partition("/")
    if not primary:
        raise ValueError(f"it must name the primary that the Sentinels watch: {FORM}")
    if number and not number.isdecimal():
        raise ValueError(f"what follows the primary's name must be the number of a database: {FORM}")
    words = parse_qsl(parts.query)
    options = urlencode([(name, value) for name, value in words if not name.startswith(OWN)])
    scheme = parts.scheme.partition("+")[0]
    return Sentinels(
        addresses=tuple(_address(host) for host in hosts.split(",")),
        primary=unquote(primary),
        primary_url=f"{scheme}://{account}{at}primary/{number or 0}?{options}",
        account={name.removeprefix(OWN): value for name, value in words if name.startswith(OWN)},
    )


def _address(host: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{host}")
        name, port = parts.hostname, parts.port
    except ValueError:  # Its text quotes the port, which may be a password.
        raise ValueError("a Sentinel's port, if any, must be a number up to 65535") from None
    if not name:
        raise ValueError(f"it must name the Sentinels' hosts: {FORM}")
    return name, port or SENTINEL_PORT
