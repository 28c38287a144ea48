"""Sends requests: with the token, again where that does no harm, and every other outcome as one of our errors.

A request is repeated when its connection broke or the server said 429, 502, 503 or 504, and only if it cannot act
twice: GET, HEAD, PUT and DELETE, any submit with an `Idempotency-Key`, and whatever never reached a server.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import httpx

from proteus_client.errors import Refused, ServerUnreachable, refusal

KEY: Final = "Idempotency-Key"

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_DROPPED: Final = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError, httpx.ReadTimeout)
"""The connection broke after it was made: the server may have closed it, idle, as the request left, or have acted."""

_PASSING: Final = frozenset({429, 502, 503, 504})
TRIES: Final = 3
PAUSE_SECONDS: Final = 0.2
"""Before the second try where the server names no time; doubled before each further one, plus up to as much again."""

PAUSE_SECONDS_MOST: Final = 30.0
"""A server that names a longer time is not waited for: its refusal says so."""


def once(key: str | None = None) -> dict[str, str]:
    """Return the header that makes a submit safe to repeat."""
    return {KEY: key or uuid4().hex}


class Requests:
    """Requests to one gateway and its object store.

    Args:
        url: The gateway's address.
        http: Sends them; whoever made it closes it.
    """

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self.url = url.rstrip("/")
        self.token: str | None = None
        self._http = http

    async def ask(self, method: str, path: str, **request: Any) -> Any:
        """Return the JSON of the gateway's answer.

        Raises:
            Refused: It refused.
            ServerUnreachable: No answer came.
        """
        answer = await self.send(method, path, **request)
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise ServerUnreachable(f"{self.url} answered {path} without JSON: is it a Proteus?") from error

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Return the gateway's answer, unless it is a refusal."""
        headers = {**request.pop("headers", {}), **self.authorization()}
        return await self._patiently(method, self.url + path, headers=headers, **request)

    async def store(self, method: str, url: str, **request: Any) -> httpx.Response:
        """Return the object store's answer to a signed address, which needs no token."""
        return await self._patiently(method, url, **request)

    @asynccontextmanager
    async def stream(self, path: str, **request: Any) -> AsyncIterator[httpx.Response]:
        """Hold an answer open whose body comes bit by bit; it is not repeated."""
        headers = {**request.pop("headers", {}), **self.authorization()}
        try:
            async with self._http.stream("GET", self.url + path, headers=headers, **request) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _refused(answer)
                yield answer
        except httpx.HTTPError as error:
            raise self._unreachable(self.url, error) from error

    def authorization(self) -> dict[str, str]:
        """Return the header that says who asks."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def _patiently(self, method: str, url: str, **request: Any) -> httpx.Response:
        repeatable = method in _IDEMPOTENT or KEY in request.get("headers", {})
        for tried in range(1, TRIES + 1):
            last = tried == TRIES
            try:
                answer = await self._http.request(method, url, **request)
                if not answer.is_error:
                    return answer
                refused = _refused(answer)
                if last or not self._passes(refused, repeatable):
                    raise refused
                pause = refused.retry_after_seconds
            except httpx.HTTPError as error:
                if last or not (isinstance(error, _NOT_SENT) or (repeatable and isinstance(error, _DROPPED))):
                    raise self._unreachable(url, error) from error
                pause = None
            await asyncio.sleep(PAUSE_SECONDS * 2 ** (tried - 1) * (1 + random.random()) if pause is None else pause)
        raise AssertionError("unreachable: the last try returns or raises")

    def _passes(self, refused: Refused, repeatable: bool) -> bool:
        """Return whether a refusal is worth another try: a limit refuses before anything is done, the rest may not."""
        soon = (refused.retry_after_seconds or 0) <= PAUSE_SECONDS_MOST
        safe = repeatable or refused.status == 429
        return refused.status in _PASSING and refused.retryable and soon and safe

    def _unreachable(self, url: str, error: httpx.HTTPError) -> ServerUnreachable:
        who = self.url if url.startswith(self.url) else "The object store"
        return ServerUnreachable(f"{who} does not answer: {error or type(error).__name__}.")


def _refused(answer: httpx.Response) -> Refused:
    try:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else None
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"title": f"{answer.url.host} answered {answer.status_code} {answer.reason_phrase}."}
    problem.setdefault("request_id", answer.headers.get("x-request-id", ""))
    after = answer.headers.get("retry-after", "")
    seconds = float(after) if after.isascii() and after.isdigit() else None
    return refusal(problem, status=answer.status_code, retry_after_seconds=seconds)
