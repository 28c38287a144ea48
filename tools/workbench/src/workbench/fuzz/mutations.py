"""Broken bytes: a valid file or frame with bits turned, pieces cut out, repeated, moved, and numbers blown up."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

Change = Callable[[bytearray, random.Random], None]


def _turn(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _overwrite(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at : at + rng.choice((1, 2, 4, 8))] = rng.choice(
        (b"\xff" * 4, b"\x00" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0")
    )


def _cut(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def _drop(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.randrange(1, 64)]


def _repeat(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randrange(1, 256)] * rng.choice((1, 2, 50))


def _move(data: bytearray, rng: random.Random) -> None:
    at, to = rng.randrange(len(data)), rng.randrange(len(data))
    piece = data[at : at + 32]
    del data[at : at + 32]
    data[to:to] = piece


def _head(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(min(64, len(data)))
    data[at] = rng.randrange(256)


CHANGES: Final[tuple[Change, ...]] = (_turn, _overwrite, _cut, _drop, _repeat, _move, _head, _head)


def mutated(valid: bytes, rng: random.Random) -> bytes:
    """Return the bytes changed in one to three ways."""
    data = bytearray(valid)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if data:
            rng.choice(CHANGES)(data, rng)
    return bytes(data)
