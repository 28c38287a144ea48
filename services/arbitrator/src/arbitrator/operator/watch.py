"""Watches the WeaverFleets of one namespace with kopf, and notes every object on the board.

kopf cancels every task of its event loop that it does not know and takes over SIGTERM, so it has a thread and a loop
of its own. It only watches (`on.event`): no finalizer, so that a delete never waits for this process, and no annotation
of its own on the objects. What it may have missed the reconciler's list finds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import kopf

from arbitrator.fleets.board import Board
from arbitrator.fleets.spec import GROUP, PLURAL, VERSION
from arbitrator.operator.api import KubernetesApi
from proteus.service.lifecycle import wait
from proteus.service.supervision import Pulse

LOOK_SECONDS: Final = 0.5
END_SECONDS: Final = 3.0
"""How long the end of a watch is waited for; its thread ends with the process at the latest."""

WATCH_SECONDS: Final = 300.0
"""The API server ends a watch after this; kopf opens the next one."""

BACKOFFS_SECONDS: Final = (0.1, 0.5, 1.0)
"""kopf's own patience with errors; then it ends, and the loop starts it again."""


def registry_of(board: Board, api: KubernetesApi) -> kopf.OperatorRegistry:
    """Return kopf's handlers: the login, and one for every event of a fleet."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        authority = api.account / "ca.crt"
        return kopf.ConnectionInfo(
            server=api.server,
            token=api.token(),
            ca_path=str(authority) if authority.exists() else None,
            default_namespace=api.namespace,
        )

    @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
    def note(event: Mapping[str, Any], **_: Any) -> None:
        body = event["object"]
        if event["type"] == "DELETED":
            board.drop(body["metadata"]["name"], body["metadata"]["uid"])
        else:
            board.put(body)

    return registry


def settings_of() -> kopf.OperatorSettings:
    """Return kopf's settings: nothing outside the namespace is asked for, and every wait has an end."""
    settings = kopf.OperatorSettings()
    settings.scanning.disabled = True
    settings.posting.enabled = False
    settings.networking.request_timeout = 10.0
    settings.networking.connect_timeout = 5.0
    settings.networking.error_backoffs = BACKOFFS_SECONDS
    settings.watching.connect_timeout = 5.0
    settings.watching.server_timeout = WATCH_SECONDS
    settings.watching.client_timeout = WATCH_SECONDS + 30
    settings.process.ultimate_exiting_timeout = None
    return settings


class Watch:
    """The watch as a loop of the arbitrator.

    Args:
        board: Where objects are noted.
        api: The server, the namespace and the token.
    """

    def __init__(self, board: Board, api: KubernetesApi) -> None:
        self._board = board
        self._api = api

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Watch until `stop`.

        Raises:
            RuntimeError: kopf ended before; `__cause__` says why.
        """
        # A kind that does not exist yet is never looked for again, so the first list must succeed.
        self._board.replace(await self._api.list_fleets())
        logging.getLogger("kopf").setLevel(logging.CRITICAL)  # Its end is this loop's error, with the cause.
        thread = _WatchThread(self._watch)
        thread.start()
        try:
            while not stop.is_set() and thread.is_alive():
                pulse.turn()
                await wait(stop, seconds=LOOK_SECONDS)
        finally:
            thread.cancel()
            await asyncio.shield(asyncio.to_thread(thread.join, END_SECONDS))
        if not stop.is_set():
            raise RuntimeError("the watch ended by itself") from thread.failure

    async def _watch(self) -> None:
        await kopf.operator(
            registry=registry_of(self._board, self._api),
            settings=settings_of(),
            standalone=True,
            namespaces=[self._api.namespace],
        )


class _WatchThread(threading.Thread):
    """One run of kopf, in a thread with an event loop of its own.

    Attributes:
        failure: What ended it; None while it runs, and after `cancel`.
    """

    def __init__(self, body: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__(name="fleet-watch", daemon=True)
        self._body = body
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self.failure: BaseException | None = None

    def run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.run(self._main())
            except asyncio.CancelledError:
                pass
            except Exception as error:  # The thread's edge: the loop that waits for it raises it.
                self.failure = error

    async def _main(self) -> None:
        self._task = asyncio.current_task()
        await self._body()

    def cancel(self) -> None:
        """End it soon. kopf cancels its own tasks; a flag would let each wait for seconds."""
        if self.is_alive() and self._task is not None:
            with contextlib.suppress(RuntimeError):  # It has just ended.
                self._loop.call_soon_threadsafe(self._task.cancel)
