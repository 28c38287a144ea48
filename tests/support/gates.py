"""A TCP proxy in front of a server that can hang, refuse or break its lines: a server that is away in each way."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Literal
from urllib.parse import urlsplit

Mode = Literal["open", "hangs", "refuses", "breaks"]

CHUNK_BYTES = 65_536


class Gate:
    """Forwards lines to a server while it is `open`.

    Modes: `hangs` keeps every line and forwards nothing, as a stopped process does; `refuses` listens no more and cuts
    every line; `breaks` accepts and cuts at once.

    Args:
        url: Where the server is, with its port.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._url = parts
        self._port = 0
        self._server: asyncio.Server | None = None
        self._mode: Mode = "open"
        self._open = asyncio.Event()
        self._lines: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    @property
    def url(self) -> str:
        """The server's address, through this gate."""
        account, at, _ = self._url.netloc.rpartition("@")
        return self._url._replace(netloc=f"{account}{at}127.0.0.1:{self._port}").geturl()

    async def __aenter__(self) -> Gate:
        await self.become("open")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.become("refuses")

    async def become(self, mode: Mode) -> None:
        """Change for lines that are there and for new ones."""
        self._mode = mode
        if mode == "open":
            self._open.set()
        else:
            self._open.clear()
        if mode in ("refuses", "breaks"):
            for writer in self._lines.values():
                writer.transport.abort()
        if mode == "refuses" and self._server is not None:
            self._server.close()
            self._server = None
            for task in tuple(self._lines):
                task.cancel()
            await asyncio.gather(*self._lines, return_exceptions=True)
        elif mode != "refuses" and self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
            self._port = self._server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines[task] = writer
        back: asyncio.StreamWriter | None = None
        pumps: list[asyncio.Future[None]] = []
        try:
            if self._mode == "breaks":
                writer.transport.abort()
                return
            await self._open.wait()
            there, back = await asyncio.open_connection(*self._target)
            pumps = [asyncio.ensure_future(self._pump(*ends)) for ends in ((reader, back), (there, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except (OSError, asyncio.CancelledError):
            pass  # The line is cut: that is what the gate is for.
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            del self._lines[task]
            for line in (writer, back):
                if line is not None:
                    line.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
