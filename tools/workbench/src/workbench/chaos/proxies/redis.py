"""RESP: the proxy reads commands one by one, and passes each on and awaits its reply, or answers it at once.

A connection that subscribes is a tunnel from then on: messages arrive at any time, so replies cannot be told apart.
"""

from __future__ import annotations

import asyncio
from typing import Final

from workbench.chaos.proxies.tcp import Ends, Proxy

REPLIES: Final = {
    "OOM": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "READONLY": b"-READONLY You can't write against a read only replica.\r\n",
    "LOADING": b"-LOADING Valkey is loading the dataset in memory\r\n",
    "MISCONF": b"-MISCONF Valkey is configured to save RDB snapshots, but it is unable to persist to disk.\r\n",
    "BUSY": b"-BUSY Valkey is busy running a script.\r\n",
}
EVERYTHING: Final = frozenset({"LOADING", "BUSY"})
"""Codes that a server answers to reads as well."""

READS: Final = frozenset(
    [
        "GET",
        "MGET",
        "HGET",
        "HMGET",
        "HGETALL",
        "HKEYS",
        "HLEN",
        "EXISTS",
        "TTL",
        "PTTL",
        "LLEN",
        "LRANGE",
        "LPOS",
        "ZCARD",
        "ZSCORE",
        "ZRANGE",
        "ZRANK",
        "XLEN",
        "XRANGE",
        "XREVRANGE",
        "XINFO",
        "XPENDING",
        "SCARD",
        "SMEMBERS",
        "SCAN",
        "TIME",
        "INFO",
        "PUBSUB",
        "PUBLISH",
        "TYPE",
    ]
)
ALWAYS: Final = frozenset(
    ["PING", "HELLO", "AUTH", "CLIENT", "SELECT", "SCRIPT", "COMMAND", "CONFIG", "QUIT", "MULTI", "EXEC", "DISCARD"]
)
"""Always passed: they concern the connection, not the data."""

AGGREGATES: Final = b"*%~>|"


class RedisProxy(Proxy):
    """Answers for Redis or Valkey."""

    async def _serve(self, ends: Ends) -> None:
        while True:
            raw, name = await _command(ends.reader)
            if name in ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"):
                ends.up_writer.write(raw)
                await ends.tunnel()
                return
            answer = self._drawn() if name not in ALWAYS else None
            if answer and answer.kind == "error" and (name not in READS or answer.code in EVERYTHING):
                ends.writer.write(REPLIES[answer.code])
                await ends.writer.drain()
                continue
            ends.up_writer.write(raw)
            await ends.up_writer.drain()
            reply = await _reply(ends.up_reader)
            if answer and answer.kind == "half":
                ends.writer.write(reply[: len(reply) // 2])
                await ends.writer.drain()
                return
            if answer and answer.kind == "slow":
                await self._pause(answer)
            ends.writer.write(reply)
            await ends.writer.drain()


async def _command(reader: asyncio.StreamReader) -> tuple[bytes, str]:
    """Read one command; return its bytes and its name in capitals."""
    head = await reader.readuntil(b"\r\n")
    if not head.startswith(b"*"):  # An inline command, as a person types it.
        return head, head.split()[0].decode("latin-1").upper() if head.strip() else ""
    raw, words = [head], []
    for _ in range(int(head[1:])):
        size = await reader.readuntil(b"\r\n")
        word = await reader.readexactly(int(size[1:]) + 2)
        raw += [size, word]
        words.append(word[:-2])
    return b"".join(raw), words[0].decode("latin-1").upper()


async def _reply(reader: asyncio.StreamReader) -> bytes:
    """Read one reply of RESP2 or RESP3, with everything nested in it."""
    head = await reader.readuntil(b"\r\n")
    kind, size = head[:1], head[1:-2]
    if kind in (b"$", b"=", b"!"):
        return head if size.startswith(b"-") else head + await reader.readexactly(int(size) + 2)
    if kind in AGGREGATES and not size.startswith(b"-"):
        many = int(size) * (2 if kind in b"%|" else 1)
        rest = [await _reply(reader) for _ in range(many)]
        # A push or an attribute comes before the reply itself.
        return head + b"".join(rest) + (await _reply(reader) if kind in b">|" else b"")
    return head
