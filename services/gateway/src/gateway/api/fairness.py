"""Limits of one user and one address on this process, checked before any other part sees the request.

    RequestEnvelope ─▶ Fair ─▶ SubmitShortcut ─▶ …        every request but the machines' probes
    FairSockets ─▶ Socket.IO                              every connection of a socket, before its first message

A request counts for the user its token or key names; one of a person, or without a token, counts for its address as
well. One of an account does not: a shop's server sends those of all its shoppers from one address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import State
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api import cors, problems
from gateway.api.bodies import MAX_BODY_BYTES, BodySizes
from gateway.api.dependencies import REQUESTS, count_request
from gateway.rules.rates import PICTURES, Rate
from gateway.rules.shares import Holder, holder_of
from gateway.services import Services
from gateway.settings import LimitSettings
from proteus.errors import Overloaded
from proteus.service.lifecycle import wait

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Requested by machines, which need a true answer under any load of clients."""

REFUSAL_SECONDS: Final = 0.1
"""How long a refusal is delayed: a client that repeats a request at once, a thousand times over, would otherwise keep
this process busy with refusals."""


CONSENTS_PER_MINUTE: Final = 6
"""Of one shopper: each is a line of the audit log."""


def rates_of(limits: LimitSettings) -> dict[str, Rate]:
    """Return the limit of each kind of request."""
    guest = limits.guest_requests_per_minute
    return {
        "submits": Rate(limit=limits.submits_per_minute),
        "uploads": Rate(limit=limits.uploads_per_minute),
        "guests": Rate(limit=limits.guests_per_minute),
        "address_guests": Rate(limit=limits.address_guests_per_minute),
        "logins": Rate(limit=limits.logins_per_minute),
        "address_logins": Rate(limit=limits.address_logins_per_minute),
        "consents": Rate(limit=CONSENTS_PER_MINUTE),
        "exports": Rate(limit=limits.exports_per_day, seconds=86_400),
        "warms": Rate(limit=limits.warms_per_minute),
        "warm_minutes": Rate(limit=limits.warm_minutes_per_hour, seconds=3_600),
        **{kind: Rate(limit=0, seconds=seconds) for kind, seconds in PICTURES.items()},
        REQUESTS["guest"]: Rate(limit=guest),
        REQUESTS["address"]: Rate(limit=guest * limits.address_share),
        REQUESTS["account"]: Rate(limit=guest * limits.account_share),
    }


class Fair:
    """Refuses callers with too many open requests, or too many a minute.

    Args:
        app: The application that answers the rest.
        origins: Pages of other origins that may read a refusal.
        sizes: The largest bodies; what may be no larger than any request's is not counted as an upload.
    """

    def __init__(self, app: ASGIApp, *, origins: list[str], sizes: BodySizes) -> None:
        self._app = app
        self._sizes = sizes
        self._refuse = CORSMiddleware(_refusal, **cors.rules(origins))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        services: Services = scope["state"]["services"]
        headers = _headers(scope)
        address = scope["state"]["address"] = _address(services, scope, headers)
        holders = _holders(services, _token(headers), address)
        with services.shares.holding(holders) as place:
            scope["state"]["place"] = place
            try:
                place.take("requests")
                if upload := _upload_bytes(self._sizes, scope["path"], headers):
                    place.take("bytes", upload)
                count_request(services, State(scope["state"]), holders)
            except Overloaded as error:
                place.leave()
                scope["state"]["refusal"] = error
                await wait(services.stopping, seconds=REFUSAL_SECONDS)
                await self._refuse(scope, receive, send)
                return
            await self._app(scope, receive, send)


class FairSockets:
    """Refuses an address that has too many sockets open, before it has sent anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        services: Services = scope["state"]["services"]
        address = _address(services, scope, _headers(scope))
        with services.shares.holding([("address", address)] if address else []) as place:
            try:
                place.take("sockets")
                await services.connections.hold(place, "sockets", address=address)
            except Overloaded:
                await receive()
                await send({"type": "websocket.close", "code": 1013})  # try again later
                return
            await self._app(scope, receive, send)


async def _refusal(scope: Scope, receive: Receive, send: Send) -> None:
    response = await problems.on_proteus_error(Request(scope), scope["state"]["refusal"])
    await response(scope, receive, send)


def _headers(scope: Scope) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name, []).append(value)
    return found


def _upload_bytes(sizes: BodySizes, path: str, headers: Mapping[bytes, list[bytes]]) -> int:
    """Return the bytes of an upload in the body, as declared, else the most it may have; 0: there can be none."""
    most = sizes.most(path, headers.get(b"content-type", [b""])[0].decode("latin-1"))
    declared = headers.get(b"content-length", [b""])[0]
    size = int(declared) if declared.isdigit() else most
    return size if most > MAX_BODY_BYTES and size > 0 else 0


def _address(services: Services, scope: Mapping[str, Any], headers: Mapping[bytes, list[bytes]]) -> str | None:
    client = scope.get("client")
    forwarded = [value.decode("latin-1") for value in headers.get(b"x-forwarded-for", ())]
    return services.addresses.of(client[0] if client else None, forwarded)


def _token(headers: Mapping[bytes, list[bytes]]) -> str:
    scheme, _, token = headers.get(b"authorization", [b""])[0].decode("latin-1").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _holders(services: Services, token: str, address: str | None) -> list[tuple[Holder, str]]:
    caller = services.callers.look(token) if token else None
    holders: list[tuple[Holder, str]] = [holder_of(caller)] if caller else []
    if address and (caller is None or caller.is_person):
        holders.append(("address", address))
    return holders
