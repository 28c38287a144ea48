"""Sends one webhook: resolves the name once, checks what it found, and connects to exactly that address.

    url ─▶ TargetRules.read ─▶ resolve ─▶ TargetRules.require ─▶ connect (TLS for the name) ─▶ POST ─▶ 4 KB of answer

A general HTTP client would resolve the name again, follow redirects, read proxies from the environment and inflate the
answer. This one does none of it: it is h11 on a connection of its own, and each request has 10 s in all.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from typing import Final

import h11

from gateway.rules.webhook_targets import Address, Target, TargetRefused, TargetRules

SECONDS: Final = 10.0
"""For the whole request: name, connection, TLS, answer."""

ANSWER_BYTES_MOST: Final = 4_096
"""Of an answer's body; the connection is closed without reading the rest."""

HEADER_BYTES_MOST: Final = 16_384
CHUNK_BYTES: Final = 4_096
CONNECTS_MOST: Final = 3
"""Addresses of one name that are tried."""

RESOLVERS: Final = 64
"""Threads that wait for DNS, apart from those that serve requests. A name server that hangs keeps one for a while."""

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an attempt brought.

    Attributes:
        status: Of the answer; None: there was none.
        body: At most 4 KB of it, as text.
        error: Why there was no answer; None: there was one.
    """

    status: int | None
    body: str = ""
    error: str | None = None


@dataclass(slots=True)
class _Heard:
    """An answer while it comes in."""

    status: int | None = None
    body: bytearray = field(default_factory=bytearray)


class Sender:
    """Sends webhooks.

    Args:
        rules: Where they may be sent.
        resolve: Name and port -> addresses; default: the system's resolver.
        trust: The certificate authorities; default: the system's.
        seconds: For a whole request.
    """

    def __init__(
        self,
        rules: TargetRules,
        *,
        resolve: Resolve | None = None,
        trust: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._seconds = seconds
        self._rules = rules
        self._trust = trust
        self._threads = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="webhook-dns")
        self._resolve = resolve or self._by_system

    def close(self) -> None:
        """Let the resolvers go without waiting for them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST a body; every failure is an answer without a status."""
        heard, error = _Heard(), ""
        try:
            async with asyncio.timeout(self._seconds):
                await self._post(url, headers, body, heard)
        except TargetRefused as refused:
            error = refused.message
        except TimeoutError:
            error = f"no answer within {self._seconds:g} s"
        except (OSError, h11.ProtocolError, EOFError, UnicodeError) as failure:
            error = f"{type(failure).__name__}: {failure}"[:300]
        if heard.status is None:
            return Answer(status=None, error=error or "the connection was closed before an answer")
        # The status says whether the receiver has it. A body that breaks off or trickles in is for the log alone.
        return Answer(status=heard.status, body=_text(bytes(heard.body[:ANSWER_BYTES_MOST])))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, heard: _Heard) -> None:
        target = self._rules.read(url)
        addresses = self._rules.require(target, await self._resolve(target.host, target.port))
        reader, writer = await self._connected(target, addresses)
        try:
            request = [("Host", target.authority), *headers.items(), ("Content-Length", str(len(body)))]
            wire = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES_MOST)
            for event in (
                h11.Request(method="POST", target=target.path, headers=[*request, ("Connection", "close")]),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                writer.write(wire.send(event) or b"")
            await writer.drain()
            await _read_answer(reader, wire, heard)
        finally:
            writer.transport.abort()  # Nothing is owed to the receiver: no TLS farewell is waited for.
            with suppress(OSError, TimeoutError):
                await writer.wait_closed()

    async def _connected(
        self, target: Target, addresses: Sequence[Address]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tls = target.scheme == "https"
        failure: OSError | None = None
        for address in addresses[:CONNECTS_MOST]:
            try:
                return await asyncio.open_connection(
                    str(address),
                    target.port,
                    limit=CHUNK_BYTES,
                    ssl=(self._trust or _system_trust()) if tls else None,
                    server_hostname=target.host if tls else None,
                )
            except OSError as error:
                failure = error
        raise failure or OSError("there is no address to connect to")

    async def _by_system(self, host: str, port: int) -> list[Address]:
        found = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(ip_address(str(one[4][0]).partition("%")[0]) for one in found))


async def _read_answer(reader: asyncio.StreamReader, wire: h11.Connection, heard: _Heard) -> None:
    while len(heard.body) < ANSWER_BYTES_MOST:
        event = wire.next_event()
        if event is h11.NEED_DATA:
            wire.receive_data(await reader.read(CHUNK_BYTES))
        elif isinstance(event, h11.Response):
            heard.status = event.status_code
        elif isinstance(event, h11.Data):
            heard.body += event.data
        elif isinstance(event, (h11.EndOfMessage, h11.ConnectionClosed)):
            return


def _text(data: bytes) -> str:
    """Return an answer as text that Postgres holds."""
    return data.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")


@cache
def _system_trust() -> ssl.SSLContext:
    return ssl.create_default_context()
