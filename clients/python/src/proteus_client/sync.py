"""The client without `await`: the same methods, run by an event loop in a thread of the client's own.

So it works in scripts, in threads, and in notebooks, whose own loop is running already.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from proteus_client.client import REQUEST_SECONDS, AsyncProteus, By

P = ParamSpec("P")
T = TypeVar("T")


def _waiting(
    method: Callable[Concatenate[AsyncProteus, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Proteus, P], T]:
    """Return a method that waits for what the asynchronous one returns."""

    @functools.wraps(method)
    def call(self: Proteus, *args: P.args, **options: P.kwargs) -> T:
        return self._run(method(self._client, *args, **options))

    return call  # type: ignore[return-value] # `wraps` hides that it is a method


class Proteus:
    """One user of one gateway, for a `with` block; threads may share it.

    `on_progress` is called from the client's own thread.

    Args:
        url: The gateway's address.
        token: An access token or an API key (`pk_…`, on your server alone); None: become a guest.
        timeout: Seconds that one request may take.
        by: How jobs are followed; see `AsyncProteus`.
        http: Sends the requests; see `AsyncProteus`.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeout: float = REQUEST_SECONDS,
        by: By = "stream",
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._client = AsyncProteus(url, token=token, timeout=timeout, by=by, http=http)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proteus-client", daemon=True)

    @property
    def url(self) -> str:
        """The gateway's address."""
        return self._client.url

    @property
    def token(self) -> str | None:
        """The token that requests carry; a guest's is there once the block has begun."""
        return self._client.token

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._run(self._client.__aenter__())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._run(self._client.close())
        finally:
            self._end()

    tryon = _waiting(AsyncProteus.tryon)
    outfit = _waiting(AsyncProteus.outfit)
    upload = _waiting(AsyncProteus.upload)
    image = _waiting(AsyncProteus.image)
    cut_out = _waiting(AsyncProteus.cut_out)
    submit = _waiting(AsyncProteus.submit)
    status = _waiting(AsyncProteus.status)
    follow = _waiting(AsyncProteus.follow)
    cancel = _waiting(AsyncProteus.cancel)
    download = _waiting(AsyncProteus.download)
    batch = _waiting(AsyncProteus.batch)
    estimate = _waiting(AsyncProteus.estimate)
    follow_batch = _waiting(AsyncProteus.follow_batch)
    batch_items = _waiting(AsyncProteus.batch_items)
    save_batch = _waiting(AsyncProteus.save_batch)
    browser_token = _waiting(AsyncProteus.browser_token)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # Ctrl+C ends the work as well as the waiting.
            raise

    def _end(self) -> None:
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
