"""The socket: Socket.IO at engine path `/updates`, namespace `/`, WebSocket transport only.

A client connects with `auth = {token, last_seq}`; it gets `job` events beyond `last_seq`, then live ones, and
`progress` while work runs. It sends nothing. A refused connection carries `message` and `data: {code, retryable}`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any, Final

import socketio

from gateway.accounts.callers import Callers
from gateway.connections import Connections
from gateway.realtime.relay import Relay, Subscriber
from gateway.rules.shares import Place, Shares, holder_of
from gateway.rules.tokens import Caller
from proteus.errors import InvalidRequest, ProteusError
from proteus.events import ClientEvent

PATH: Final = "updates"
MAX_MESSAGE_BYTES: Final = 16_384
"""Clients send only their token."""

QUEUE_MOST: Final = 1_000
"""Messages a slow reader may lag behind; then its socket ends, and it resumes by its last `seq`."""


class SocketServer:
    """Sockets of this replica; any replica delivers any user's events."""

    def __init__(self, *, origins: list[str]) -> None:
        self.io = socketio.AsyncServer(
            async_mode="asgi",
            transports=["websocket"],
            allow_upgrades=False,
            cors_allowed_origins="*" if "*" in origins else origins,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            ping_interval=20,
            ping_timeout=20,
            serializer="default",
        )
        self._open: dict[str, tuple[Subscriber, Caller, Place]] = {}
        self._relay: Relay | None = None
        self._callers: Callers | None = None
        self._shares: Shares | None = None
        self._connections: Connections | None = None
        self.io.on("connect", self._connect)
        self.io.on("disconnect", self._disconnect)

    def attach(self, relay: Relay, callers: Callers, shares: Shares, connections: Connections) -> None:
        """Connect the sockets to the relay; connections before this are refused."""
        self._relay, self._callers, self._shares, self._connections = relay, callers, shares, connections

    async def close_ended(self) -> None:
        """Disconnect sockets whose token has expired, whose key or login was revoked, or whose user was deleted."""
        if self._callers is None:
            return
        for sid, (_, caller, _) in tuple(self._open.items()):
            if not self._callers.still(caller):
                await self.io.disconnect(sid)

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: Any = None) -> None:
        if self._relay is None or self._callers is None or self._shares is None or self._connections is None:
            raise socketio.exceptions.ConnectionRefusedError(
                "Try again at once.", {"code": "starting", "retryable": True}
            )
        place: Place | None = None
        try:
            given = auth if isinstance(auth, dict) else {}
            caller = await self._callers.admit(str(given.get("token") or ""), site=environ.get("HTTP_ORIGIN"))
            place = self._shares.holding([holder_of(caller)])
            place.take("sockets")
            await self._connections.hold(place, "sockets", caller=caller)
            last_seq = _last_seq(given.get("last_seq"))

            async def deliver(event: ClientEvent) -> None:
                if self._lag(sid) > QUEUE_MOST:
                    await self.io.disconnect(sid)
                else:
                    await self.io.emit(event.kind, event.wire(), to=sid)

            await self.io.enter_room(sid, f"user:{caller.user_id}")
            subscriber = await self._relay.subscribe(caller.user_id, last_seq, deliver)
        except BaseException as error:
            if place is not None:
                place.leave()
            if not isinstance(error, ProteusError):
                raise
            raise socketio.exceptions.ConnectionRefusedError(
                error.message, {"code": error.code, "retryable": error.retryable}
            ) from error
        self._open[sid] = (subscriber, caller, place)

    def _lag(self, sid: str) -> int:
        """Return how many messages this socket's client has not read yet."""
        engine = self.io.eio.sockets.get(self.io.manager.eio_sid_from_sid(sid, "/"))
        return engine.queue.qsize() if engine else 0

    async def _disconnect(self, sid: str, *_reason: Any) -> None:
        if self._relay and (found := self._open.pop(sid, None)):
            self._relay.unsubscribe(found[0])
            found[2].leave()

    async def shutdown(self) -> None:
        """Close every socket, so that clients reconnect to another replica at once."""
        for sid in tuple(self._open):
            with contextlib.suppress(KeyError):
                await self.io.disconnect(sid)


def _last_seq(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidRequest(f"last_seq must be a number of an event, not {value!r}")
    return value
