"""HTTP: the proxy closes connections that are open when its answer begins; a new one gets the answer."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Final

from workbench.chaos.proxies.tcp import CHUNK_BYTES, Answer, Ends, Proxy, pump

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
BODY: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>'
)
DRAIN_SECONDS: Final = 5.0


class StoreProxy(Proxy):
    """Answers for an S3 server."""

    async def answering(self, answer: Answer, *, seconds: float) -> None:
        """Answer for the store for a while; end kept-alive connections first."""
        for task in tuple(self._open):
            task.cancel()
        await super().answering(answer, seconds=seconds)

    async def _serve(self, ends: Ends) -> None:
        answer = self._drawn()
        if answer is None:
            await ends.tunnel()
        elif answer.kind == "slow":
            await self._pause(answer)
            await ends.tunnel()
        elif answer.kind == "half":
            sending = asyncio.create_task(pump(ends.reader, ends.up_writer))
            try:
                reply = await ends.up_reader.read(CHUNK_BYTES)
                ends.writer.write(reply[: len(reply) // 2])
                await ends.writer.drain()
            finally:
                sending.cancel()
        else:
            await self._refuse(ends.reader, ends.writer, answer)

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        left = int(found[1]) if (found := LENGTH.search(head)) else 0
        if b"100-continue" in head.lower():
            left = 0
        # Read what the client still sends: a connection closed on unread bytes loses the answer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while left > 0 and (data := await reader.read(min(left, CHUNK_BYTES))):
                    left -= len(data)
        reply = f"HTTP/1.1 {answer.code} Slow Down\r\nContent-Type: application/xml\r\n"
        writer.write(f"{reply}Content-Length: {len(BODY)}\r\nConnection: close\r\n\r\n".encode() + BODY)
        await writer.drain()
