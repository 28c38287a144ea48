"""What the three proxies share: a listening port, the server behind it, and the answer that now replaces it.

Connections pass until `answering` lends the proxy an `Answer`. Each protocol's own module knows an answer's form
on its wire; cutting a reply in half and delaying it work the same everywhere and live here.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

CHUNK_BYTES: Final = 65_536
HOST: Final = "127.0.0.1"

Kind = Literal["error", "half", "slow"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a proxy does instead of passing on.

    Attributes:
        kind: `error`: reply with `code`, the server never sees the request. `half`: the server executes the request,
            the client gets the first half of the reply and a closed connection. `slow`: every reply waits.
        code: `OOM`, `READONLY`, `LOADING` (Redis), a SQLSTATE (Postgres), a status (store).
        share: Share of the requests that meet it.
        delay_seconds: Longest wait of a slow reply.
    """

    kind: Kind
    code: str = ""
    share: float = 1.0
    delay_seconds: float = 1.0

    def __str__(self) -> str:
        share = "" if self.share == 1 else f" to {self.share:.0%} of the requests"
        return f"{self.code or self.kind}{share}"


@dataclass(frozen=True)
class Ends:
    """A client's connection, and the one to the server that was opened for it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    up_reader: asyncio.StreamReader
    up_writer: asyncio.StreamWriter

    async def tunnel(self) -> None:
        """Copy both ways until either side hangs up."""
        await either(pump(self.reader, self.up_writer), pump(self.up_reader, self.writer))


class Proxy(ABC):
    """One server's proxy.

    Args:
        port: Where it listens on 127.0.0.1.
        upstream_port: The server's.
        rng: Draws which requests meet the answer, and how long a slow one waits.
    """

    def __init__(self, *, port: int, upstream_port: int, rng: random.Random) -> None:
        self.port = port
        self.answered = 0
        """Requests that met an answer."""
        self._upstream_port = upstream_port
        self._rng = rng
        self._answer: Answer | None = None
        self._open: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Serve while the block runs; afterwards cut every connection."""
        server = await asyncio.start_server(self._accept, HOST, self.port, limit=CHUNK_BYTES)
        try:
            yield
        finally:
            server.close()
            for task in tuple(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def answering(self, answer: Answer, *, seconds: float) -> None:
        """Answer for the server for a while."""
        self._answer = answer
        try:
            await asyncio.sleep(seconds)
        finally:
            self._answer = None

    def _drawn(self) -> Answer | None:
        """Return the answer that this request meets, if it meets one."""
        answer = self._answer
        if answer is None or self._rng.random() >= answer.share:
            return None
        self.answered += 1
        return answer

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        up_writer: asyncio.StreamWriter | None = None
        try:
            up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream_port, limit=CHUNK_BYTES)
            await self._serve(Ends(reader, writer, up_reader, up_writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # One of the two ends hung up; the close below tells the other.
        except asyncio.CancelledError:
            pass  # The proxy closes.
        finally:
            self._open.discard(task)
            for one in (writer, up_writer):
                if one is not None:
                    one.close()
                    with contextlib.suppress(OSError, asyncio.CancelledError):
                        await one.wait_closed()

    @abstractmethod
    async def _serve(self, ends: Ends) -> None:
        """Pass one connection on, or answer."""

    async def _pause(self, answer: Answer) -> None:
        await asyncio.sleep(self._rng.uniform(0, answer.delay_seconds))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy bytes until the reader ends."""
    while data := await reader.read(CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


async def either(*ways: Coroutine[Any, Any, None]) -> None:
    """Run both ways of a connection until one of them ends."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
