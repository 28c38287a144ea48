"""Limits on what one user or one address may hold of this process at the same time.

    requests   requests being answered          waits     long polls
    streams    event streams                    sockets   open sockets
    bytes      bytes of bodies being received

Each process counts alone; `gateway.connections` counts sockets and streams over all of them as well. A request
gives back what it holds when it ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, get_args

from gateway.rules.tokens import Caller
from gateway.settings import LimitSettings
from proteus.errors import Overloaded

Holder = Literal["guest", "account", "address"]
Kind = Literal["requests", "waits", "streams", "sockets", "bytes"]
Connection = Literal["sockets", "streams"]
Connecting = Literal["guest", "account", "address", "key", "tenant"]
"""Classes of those whose connections are counted over all gateways (`gateway.connections`)."""

WORDS: Final[dict[Kind, str]] = {
    "requests": "requests",
    "waits": "long polls",
    "streams": "event streams",
    "sockets": "sockets",
    "bytes": "bytes of uploads",
}


class TooManyAtOnce(Overloaded):
    """You have as many requests open as you may have at the same time."""

    code = "too_many_at_once"
    hint = "Let some of them end first, then try again."


def holder_of(caller: Caller) -> tuple[Holder, str]:
    """Return the class and the name of the holder that a caller is: one person, or a tenant's own server."""
    return ("guest" if caller.is_person else "account", caller.user_id)


def limits_of(settings: LimitSettings) -> dict[Holder, dict[Kind, int]]:
    """Return how much of each kind one holder may hold; 0 limits nothing."""
    guest: dict[Kind, int] = {
        "requests": settings.guest_requests_at_once,
        "waits": settings.guest_waits_at_once,
        "streams": settings.guest_streams_at_once,
        "sockets": settings.guest_sockets_at_once,
        "bytes": settings.guest_upload_bytes_at_once,
    }
    return {
        "guest": guest,
        "address": {kind: limit * settings.address_share for kind, limit in guest.items()},
        "account": {kind: limit * settings.account_share for kind, limit in guest.items()},
    }


def connection_limits_of(settings: LimitSettings) -> dict[Connecting, dict[Connection, int]]:
    """Return how many sockets and event streams one holder may have open at all gateways; 0 limits nothing."""
    here, kinds = limits_of(settings), get_args(Connection)
    return {
        **{of: {kind: here[of][kind] for kind in kinds} for of in here},
        "key": dict.fromkeys(kinds, settings.key_connections),
        "tenant": dict.fromkeys(kinds, settings.tenant_connections),
    }


class Shares:
    """Counts what each holder holds.

    Args:
        limits: How much of each kind one holder may hold, by the holder's class; 0 limits nothing.
    """

    def __init__(self, limits: Mapping[Holder, Mapping[Kind, int]]) -> None:
        self._limits = limits
        self._held: dict[tuple[Kind, str], int] = {}

    def holding(self, holders: Iterable[tuple[Holder, str]]) -> Place:
        """Return a place that holds nothing yet.

        Args:
            holders: Class and name of every holder whose limits it counts against.
        """
        return Place(self, tuple((of, f"{of}:{name}") for of, name in holders))

    def held(self, kind: Kind, of: Holder, name: str) -> int:
        """Return how much one holder holds."""
        return self._held.get((kind, f"{of}:{name}"), 0)

    def take(self, kind: Kind, of: Holder, holder: str, amount: int) -> None:
        """Add to what a holder holds, or refuse."""
        limit = self._limits[of][kind]
        held = self._held.get((kind, holder), 0)
        if limit and held + amount > limit:
            whose = "from your address" if of == "address" else "of yours"
            raise TooManyAtOnce(f"{limit} {WORDS[kind]} {whose} at the same time are the most.")
        self._held[(kind, holder)] = held + amount

    def give(self, kind: Kind, holder: str, amount: int) -> None:
        """Take away from what a holder holds."""
        left = self._held.get((kind, holder), 0) - amount
        if left > 0:
            self._held[(kind, holder)] = left
        else:
            self._held.pop((kind, holder), None)


class Place:
    """What one request or socket holds. Give it back with `leave`, or use it as a context manager."""

    def __init__(self, shares: Shares, holders: tuple[tuple[Holder, str], ...]) -> None:
        self._shares = shares
        self._holders = holders
        self._taken: list[tuple[Kind, str, int]] = []
        self._at_leave: list[Callable[[], None]] = []

    def take(self, kind: Kind, amount: int = 1) -> None:
        """Hold more, counted for every holder.

        Raises:
            TooManyAtOnce: One of the holders has no room; nothing more is held then.
        """
        taken: list[tuple[Kind, str, int]] = []
        try:
            for of, holder in self._holders:
                self._shares.take(kind, of, holder, amount)
                taken.append((kind, holder, amount))
        except TooManyAtOnce:
            for one in taken:
                self._shares.give(*one)
            raise
        self._taken += taken

    def become(self, kind: Kind) -> None:
        """Hold one of this kind instead of a request: a long poll or a stream takes no place among the requests."""
        self.take(kind)
        for one in [one for one in self._taken if one[0] == "requests"]:
            self._taken.remove(one)
            self._shares.give(*one)

    def at_leave(self, call: Callable[[], None]) -> None:
        """Call this once when everything is given back."""
        self._at_leave.append(call)

    def leave(self) -> None:
        """Give everything back."""
        while self._at_leave:
            self._at_leave.pop()()
        while self._taken:
            self._shares.give(*self._taken.pop())

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
