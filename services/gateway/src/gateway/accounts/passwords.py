"""Passwords: hashed by argon2id in threads, two at once, so that no request waits for another one's password.

The parameters are OWASP's (19 MiB, two passes, one lane): some 20 ms of one core, and 38 MiB at most in a gateway.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from proteus.errors import Overloaded

AT_ONCE: Final = 2
WAITING_MOST: Final = 32
"""Beyond these an attempt is refused: they would wait longer than a call may."""

MADE_BYTES: Final = 18
"""A made password is as long as 24 characters of base64."""

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Hashes and checks passwords."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return what is stored of a password.

        Raises:
            Overloaded: Too many passwords are being checked.
        """
        async with self._turn():
            return await asyncio.to_thread(_HASHER.hash, password)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Tell whether a password is the stored one. None takes as long: there is no such account.

        Raises:
            Overloaded: Too many passwords are being checked.
        """
        async with self._turn():
            return await asyncio.to_thread(_verified, password, stored)

    def _turn(self) -> _Turn:
        return _Turn(self)


class _Turn:
    """One of the places, as a context manager."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords

    async def __aenter__(self) -> None:
        if self._passwords._waiting >= WAITING_MOST:
            raise Overloaded("Too many passwords are being checked.", retry_after_seconds=2)
        self._passwords._waiting += 1
        try:
            await self._passwords._turns.acquire()
        finally:
            self._passwords._waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._passwords._turns.release()


def made() -> str:
    """Return a new random password."""
    return secrets.token_urlsafe(MADE_BYTES)


def is_outdated(stored: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def _verified(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(_nobodys() if stored is None else stored, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return _HASHER.hash(made())
