"""A receiver of webhooks on loopback: a real server that answers as a test wants it, and keeps what it got."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook

from waiting import until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: int, *lines: str, body: bytes = b"") -> bytes:
    """An answer as it goes over the wire."""
    head = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *lines))
    return head.encode() + b"\r\n" + body


@dataclass
class Got:
    """One request: its path, headers in lower case, and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> Any:
        return json.loads(self.body)

    def proven_by(self, secret: str) -> Any:
        """Verify as a shop's server does, by the public library; return the message."""
        return Webhook(secret).verify(self.body, self.headers)


Reply = Callable[[Got, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """What came, and what is answered: bytes for everybody, or a function that writes."""

    url: str = ""
    reply: bytes | Reply = OK
    got: list[Got] = field(default_factory=list)

    def ids(self) -> list[str]:
        return [one.id for one in self.got]

    async def until(self, seen: Callable[[list[Got]], bool]) -> None:
        """Wait until what came satisfies a condition."""

        async def condition() -> bool:
            return seen(self.got)

        await until(condition, what="what the receiver waits for")


async def read_request(reader: asyncio.StreamReader) -> Got:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Got(first.split(" ")[1], headers, await reader.readexactly(int(headers.get("content-length", 0))))


@asynccontextmanager
async def receiving(reply: bytes | Reply = OK, *, ssl: Any = None) -> AsyncIterator[Receiver]:
    """Run a receiver for a `with` block."""
    receiver = Receiver(reply=reply)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            got = await read_request(reader)
            receiver.got.append(got)
            if callable(receiver.reply):
                await receiver.reply(got, writer)
            else:
                writer.write(receiver.reply)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=ssl)
    receiver.url = f"http{'s' if ssl else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()
