"""Identifies clients before they authenticate: by their address, as a keyed hash.

The peer of a connection is the client only where no proxy stands between. `GATEWAY_TRUSTED_PROXIES` names the proxies
whose X-Forwarded-For is trusted: read from the right, the first address that is none of them is the client's. The
client wrote everything left of it, which proves nothing. Without trusted proxies a private peer is an unnamed proxy:
all clients would look like one, so there is no address and no limit by address.

An address is used only as a hash under the deployment's key: it tells two clients apart and cannot be reversed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

HASH_CHARACTERS: Final = 24
IPV6_PREFIX: Final = 64
"""The prefix that one IPv6 client has to itself: it may use every address in it."""


def networks(text: str) -> tuple[Network, ...]:
    """Return comma-separated CIDRs as networks.

    Raises:
        ValueError: One of them is none.
    """
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


class Addresses:
    """Identifies clients by address.

    Args:
        trusted: Proxies whose X-Forwarded-For is trusted.
        key: A secret; the same one on every replica.
    """

    def __init__(self, trusted: Sequence[Network], *, key: str) -> None:
        self._trusted = tuple(trusted)
        self._key = hashlib.sha256(b"addresses\n" + key.encode()).digest()

    @property
    def trusts_proxies(self) -> bool:
        """Whether any proxy's X-Forwarded-For is trusted."""
        return bool(self._trusted)

    def of(self, peer: str | None, forwarded: Sequence[str]) -> str | None:
        """Return the client's address as a keyed hash; None: it is unknown.

        Args:
            peer: The other end of the connection.
            forwarded: Every X-Forwarded-For header, in order.
        """
        found = self._client(_parsed(peer or ""), forwarded)
        if found is None:
            return None
        whose = str(ip_network((found, IPV6_PREFIX), strict=False)) if found.version == 6 else str(found)
        return hmac.new(self._key, whose.encode(), hashlib.sha256).hexdigest()[:HASH_CHARACTERS]

    def _client(self, peer: Address | None, forwarded: Sequence[str]) -> Address | None:
        if peer is None:
            return None
        if not self._trusted:
            return peer if peer.is_global else None
        if not self._is_trusted(peer):
            return peer
        hops = [_parsed(part) for header in forwarded for part in header.split(",")]
        for hop in reversed(hops):
            if hop is None or not self._is_trusted(hop):
                return hop
        # Only proxies: a proxy's own request, or one that does not name its client.
        return None

    def _is_trusted(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._trusted)


def _parsed(text: str) -> Address | None:
    """Return an address as proxies write it: alone, with a port, or in brackets. IPv4 inside IPv6 is IPv4."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
