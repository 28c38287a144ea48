"""Postgres' protocol 3: the proxy answers statements that write with a SQLSTATE and passes the others.

After an error a server skips everything up to the client's Sync, and a transaction stays failed until it is rolled
back: so does the proxy, and a statement that it answered never reached the server.
"""

from __future__ import annotations

import re
import struct
from typing import Final

from workbench.chaos.proxies.tcp import CHUNK_BYTES, Answer, Ends, Proxy, either

WRITES: Final = re.compile(rb"\b(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
ROLLBACK: Final = re.compile(rb"\s*ROLLBACK", re.IGNORECASE)
MESSAGES: Final = {
    "25006": "cannot execute INSERT in a read-only transaction",
    "53100": "could not extend file: No space left on device",
    "57P03": "the database system is starting up",
}


class PostgresProxy(Proxy):
    """Answers for Postgres."""

    async def _serve(self, ends: Ends) -> None:
        line = _Line(self, ends)
        if not await line.start():
            return
        await either(line.requests(), line.replies())

    def drawn(self) -> Answer | None:
        """Return the answer that this statement meets, if it meets one."""
        return self._drawn()

    async def pause(self, answer: Answer) -> None:
        """Wait as long as a slow answer does."""
        await self._pause(answer)


class _Line:
    """One connection."""

    def __init__(self, proxy: PostgresProxy, ends: Ends) -> None:
        self._proxy = proxy
        self._reader, self._writer = ends.reader, ends.writer
        self._up_reader, self._up_writer = ends.up_reader, ends.up_writer
        self._statements: dict[bytes, bytes] = {}
        self._skipping = False
        self._failed = False
        """The client got an error inside a transaction that the server still holds open."""
        self._status = b"I"
        self._cut = False

    async def start(self) -> bool:
        """Pass the first message on; False if the client only sent a cancel request and is gone."""
        while True:
            size = await self._reader.readexactly(4)
            rest = await self._reader.readexactly(struct.unpack("!I", size)[0] - 4)
            self._up_writer.write(size + rest)
            await self._up_writer.drain()
            match struct.unpack("!I", rest[:4])[0]:
                case 80877103 | 80877104:  # TLS or GSS: one byte of answer, then the client starts over.
                    self._writer.write(await self._up_reader.readexactly(1))
                case 80877102:  # A cancel: no answer, the server closes.
                    return False
                case _:
                    return True

    async def requests(self) -> None:
        """Read what the client sends, message by message."""
        while True:
            kind = await self._reader.readexactly(1)
            size = await self._reader.readexactly(4)
            body = await self._reader.readexactly(struct.unpack("!I", size)[0] - 4)
            if self._skipping:
                if kind == b"S":
                    self._skipping = False
                    self._ready()
                continue
            sql = self._sql(kind, body)
            if sql is not None and await self._answered(kind, sql):
                continue
            self._up_writer.write(kind + size + body)
            await self._up_writer.drain()

    async def replies(self) -> None:
        """Pass on what the server sends; note where its transaction stands."""
        while True:
            head = await self._up_reader.readexactly(5)
            body = await self._up_reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)
            if head[:1] == b"Z":
                self._status = body
                if body == b"I":
                    self._failed = False
            message = head + body
            if self._cut:
                self._writer.write(message[: len(message) // 2])
                await self._writer.drain()
                return
            self._writer.write(message)
            if len(message) > CHUNK_BYTES or head[:1] in b"ZGTCEN123nt":
                await self._writer.drain()

    def _sql(self, kind: bytes, body: bytes) -> bytes | None:
        """Return the statement that a message contains or runs."""
        if kind == b"Q":
            return body.rstrip(b"\0")
        if kind == b"P":
            name, sql = body.split(b"\0", 2)[:2]
            self._statements[name] = sql
            return sql
        if kind == b"B":
            return self._statements.get(body.split(b"\0", 2)[1], b"")
        return None

    async def _answered(self, kind: bytes, sql: bytes) -> bool:
        if ROLLBACK.match(sql):
            return False
        if self._failed:
            self._error(
                kind, "25P02", "current transaction is aborted, commands ignored until end of transaction block"
            )
            return True
        if not WRITES.search(sql) or (answer := self._proxy.drawn()) is None:
            return False
        if answer.kind == "slow":
            await self._proxy.pause(answer)
        elif answer.kind == "half":
            self._cut = True
        else:
            self._failed = self._status != b"I"
            self._error(kind, answer.code, MESSAGES[answer.code])
        return answer.kind == "error"

    def _error(self, kind: bytes, sqlstate: str, message: str) -> None:
        fields = f"SERROR\0VERROR\0C{sqlstate}\0M{message}\0\0".encode()
        self._writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
        if kind == b"Q":
            self._ready()
        else:
            self._skipping = True

    def _ready(self) -> None:
        self._writer.write(b"Z" + struct.pack("!I", 5) + (b"E" if self._failed else self._status))
