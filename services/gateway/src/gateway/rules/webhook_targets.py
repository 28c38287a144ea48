"""Where webhooks may be sent: public addresses, and those networks that the operator allows. Pure.

An address of a webhook comes from a client, and the gateway stands inside a private network: without these rules a
client could have it call a database, a metadata service or itself. A name proves nothing, so the rules hold for the
addresses that it resolves to, and the sender connects to exactly the address that was checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from gateway.rules.text import plain
from proteus.errors import InvalidRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS: Final = {"https": 443, "http": 80}

NEVER: Final = tuple(
    map(
        ip_network,
        (
            "100.64.0.0/10",  # Carrier-grade NAT; the metadata service of one cloud.
            "192.0.0.0/24",  # Protocol assignments, of which Python knows a few; the metadata service of another.
            "168.63.129.16/32",  # The metadata service of a third, at a public address.
            "192.88.99.0/24",  # 6to4 relays.
            "::ffff:0:0/96",  # IPv4 in IPv6: the kernel connects to the IPv4 address.
            "::/96",
            "64:ff9b::/96",  # NAT64.
            "64:ff9b:1::/48",
            "2001::/23",  # Protocol assignments, Teredo among them.
            "2002::/16",  # 6to4.
            "3fff::/20",  # Documentation.
            "5f00::/16",  # Segment routing.
            "fec0::/10",
        ),
    )
)
"""Networks that Python calls public or that stand for others; the private and link-local ones it knows itself."""


class TargetRefused(InvalidRequest):
    """Webhooks are not sent to this address."""

    code = "webhook_target_refused"
    hint = "Name a public https address on port 443. An operator may allow networks: WEBHOOK_ALLOWED_NETWORKS."


@dataclass(frozen=True, slots=True)
class Target:
    """An address of a webhook in its parts.

    Attributes:
        host: The name or literal address, in ASCII.
        path: What is asked for, with the query.
    """

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the header `Host`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class TargetRules:
    """What the operator allows.

    Attributes:
        allowed: Networks that are reached on any port and without TLS, although they are private.
        http: Whether http on port 80 is allowed everywhere.
    """

    allowed: tuple[Network, ...] = field(default=())
    http: bool = False

    def read(self, url: str) -> Target:
        """Return an address in its parts; what its name resolves to is checked later, by `require`.

        Raises:
            TargetRefused: It is no address that webhooks are sent to.
        """
        try:
            parts = urlsplit(plain(url))
            port = parts.port
            host = (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else ""
        except ValueError as error:
            raise TargetRefused(f"The webhook's address is not a URL: {error}.") from error
        host = host or (parts.hostname or "")
        if parts.scheme not in PORTS or not host:
            raise TargetRefused("A webhook's address begins with https:// and a host.")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise TargetRefused("A webhook's address has neither a user nor a fragment.")
        if not url.isascii() or any(character.isspace() for character in url):
            raise TargetRefused("A webhook's address is ASCII without blanks: encode other characters with %.")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        target = Target(parts.scheme, host, PORTS[parts.scheme] if port is None else port, path)
        literal = _literal(host)
        if literal is not None:
            self.require(target, [literal])
        elif not self.allowed:
            self._require_port(target)
        return target

    def require(self, target: Target, addresses: Iterable[Address]) -> Sequence[Address]:
        """Return the addresses of a target's host.

        All of them must be allowed: a name that leads to a public and to a private address is a trick.

        Raises:
            TargetRefused: One is not, or there is none.
        """
        found = list(addresses)
        if not found:
            raise TargetRefused(f"{target.host} has no address.")
        for address in found:
            if any(address in network for network in self.allowed if network.version == address.version):
                continue
            if not is_public(address):
                raise TargetRefused(f"{target.host} leads to {address}, which is not a public address.")
            self._require_port(target)
        return found

    def _require_port(self, target: Target) -> None:
        if target.scheme == "http" and not self.http:
            raise TargetRefused("Webhooks are sent by https.")
        if target.port != PORTS[target.scheme]:
            raise TargetRefused(f"Webhooks are sent to port {PORTS[target.scheme]}, not to {target.port}.")


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public Internet's."""
    if address.is_multicast or address.is_reserved or address.is_unspecified or not address.is_global:
        return False
    return not any(address in network for network in NEVER if network.version == address.version)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
