"""Dependencies of handlers: the services, the caller, how long to wait, the Idempotency-Key, a page's cursor."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, Header, Query, Request
from fastapi.params import Depends as DependsOn
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator
from starlette.datastructures import UploadFile

from gateway.rules.rates import Allowance
from gateway.rules.shares import Holder, Kind, holder_of
from gateway.rules.text import Key, moment, plain
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.submitting.context import IdempotencyKey, SubmitContext
from proteus.errors import InvalidRequest
from proteus.service.telemetry import bind

BEARER: Final = HTTPBearer(
    auto_error=False,
    description="An access token (POST /v1/auth/guest, /v1/auth/login, /v1/tokens) or an API key (POST /v1/keys).",
)
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")


async def services_of(request: Request) -> Services:
    """The running gateway's parts."""
    found: Services = request.state.services
    return found


ServicesDep = Annotated[Services, Depends(services_of)]


async def caller_of(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> Caller:
    """The caller, by its token or key."""
    return await caller_by(request, given.credentials if given else None)


async def caller_by(request: Request, token: str | None) -> Caller:
    """Return the caller that the token or key names, and bind its ids to every log line of this request."""
    services: Services = request.state.services
    caller = await services.callers.admit(token, site=request.headers.get("origin"))
    bind(user_id=caller.user_id)
    if caller.key_id:
        bind(key_id=caller.key_id)
    count_request(services, request.state, [holder_of(caller)])  # A key's first request: nobody knew it before.
    return caller


def count_request(services: Services, state: Any, holders: Iterable[tuple[Holder, str]]) -> None:
    """Count a request for those of these holders for which it was not counted yet.

    Raises:
        RateLimited: One of them has sent too many lately.
    """
    for of, name in holders:
        if of not in state.counted:
            state.counted.add(of)
            if (left := services.limiter.count(REQUESTS[of], name)) is not None:
                state.allowances[left.kind] = left


CallerDep = Annotated[Caller, Depends(caller_of)]

REQUESTS: Final[Mapping[Holder, str]] = {
    "guest": "guest_requests", "account": "account_requests", "address": "address_requests",
}  # fmt: skip
"""Class of holder -> the kind of its requests of any kind."""


NEEDED: Final[dict[object, tuple[str, ...]]] = {}
"""Dependency -> the scopes of which it needs one: `GuardedRoute` checks them before it reads the body."""


def needs(*scopes: str) -> Callable[[Caller], Awaitable[None]]:
    """Return a dependency that refuses callers without any of these scopes."""

    async def check(caller: CallerDep) -> None:
        caller.require(*scopes)

    NEEDED[check] = scopes
    return check


operator: Final = needs("admin")
"""Refuses callers that do not operate the deployment. `GuardedRoute` writes down what the others change."""

administrator: Final = needs("admin")
"""The same, for routes that write their deeds down themselves, in the transaction that does them."""


async def host_of(
    request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None
) -> Caller | None:
    """The account that brings a new guest, by its token or key; None: there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    return await caller_by(request, token) if scheme.lower() == "bearer" else None


HostDep = Annotated[Caller | None, Depends(host_of)]


def limited(kind: str) -> DependsOn:
    """Count the request against the caller's allowance of this kind; the answer's headers state the rest."""

    async def take(request: Request, services: ServicesDep, caller: CallerDep) -> None:
        await allow(request, services, kind, caller)

    made: DependsOn = Depends(take)
    return made


async def allow(request: Request, services: Services, kind: str, caller: Caller, *, times: int = 1) -> None:
    """Count a request of this kind for its user, its key and its tenant; the answer's headers state the rest.

    A token's own limits hold for its user, those of a key and of a tenant for all their callers together.

    Raises:
        RateLimited: One of them has none left.
    """
    take = partial(services.limiter.demand, kind, units=times)
    demands = [take(caller.user_id, most=caller.limits.get(kind))]
    if caller.key_id and (most := caller.key_limits.get(kind)) is not None:
        demands.append(take(caller.key_id, most=most))
    if (most := caller.rights.tenant_limits.get(kind)) is not None:
        demands.append(take(f"tenant:{caller.tenant}", most=most))
    note(request, await services.limiter.take(*demands))


def note(request: Request, allowance: Allowance | None) -> None:
    """Remember what is left, for the answer's headers."""
    if allowance is not None:
        request.state.allowances[allowance.kind] = allowance


def holds(kind: Kind) -> DependsOn:
    """Count the request among those that wait or stream (`shares`), not among those being answered."""

    async def become(request: Request, services: ServicesDep, caller: CallerDep) -> None:
        request.state.place.become(kind)
        if kind == "streams":
            await services.connections.hold(request.state.place, kind, caller=caller, address=request.state.address)

    made: DependsOn = Depends(become)
    return made


async def trace_of(request: Request) -> str:
    """The trace id of this request, in every log line of its work."""
    return str(request.state.request_id)


TraceDep = Annotated[str, Depends(trace_of)]


KeyHeader = Annotated[Key | None, Header(alias="Idempotency-Key", description="Repeat a submit safely for 24 hours.")]


_SAME: Final = {"/api/snap": "/v1/tryons", "/segformer/segmentOutfitPic": "/v1/segmentations"}
_OTHER_NAME: Final = _SAME | {later: founding for founding, later in _SAME.items()}
"""Submits have two names each: a key that was used under one of them is known under the other."""


async def idempotency_key_of(request: Request, key: KeyHeader = None) -> IdempotencyKey | None:
    """The Idempotency-Key with a digest of the request it came with."""
    if key is None:
        return None
    if not key.strip():
        raise InvalidRequest("Idempotency-Key must not be empty.")
    is_form = request.headers.get("content-type", "").startswith("multipart/")
    if is_form:
        # The boundary differs from one attempt to the next: the fields count, and the bytes of files.
        fields = sorted((await request.form()).multi_items(), key=lambda field: field[0])
        body = b"".join([await asyncio.to_thread(_digest_of_field, name, value) for name, value in fields])
    else:
        body = await request.body()
    path = request.url.path
    own, other = (
        hashlib.sha256(f"{request.method} {name}\n".encode() + body).hexdigest()
        for name in (path, _OTHER_NAME.get(path, path))
    )
    # v0.1.0 kept a form's name alone.
    bare = {hashlib.sha256(f"{request.method} {path}\n".encode()).hexdigest()} if is_form else set()
    return IdempotencyKey(key=key, request_hash=own, also=frozenset({other, *bare}))


def _digest_of_field(name: str, value: UploadFile | str) -> bytes:
    if isinstance(value, str):
        return hashlib.sha256(f"{name}\n{value}".encode("utf-8", "surrogatepass")).digest()
    digest = hashlib.sha256(f"{name}\n{value.content_type}\n".encode())
    value.file.seek(0)
    while piece := value.file.read(65_536):
        digest.update(piece)
    value.file.seek(0)
    return digest.digest()


Wait = Annotated[float | None, Query(ge=0, description="Seconds to wait for the end (long poll).", examples=[25])]
Prefer = Annotated[
    str | None, Header(description="`wait=N`: answer when the job has ended, N seconds at most.", examples=["wait=20"])
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Submit:
    """The parts of every submit."""

    request: Request
    services: Services
    caller: Caller
    context: SubmitContext
    wait: float


async def submit_of(
    request: Request,
    kind: str,
    *,
    token: str | None,
    key: str | None = None,
    wait: float | None = None,
    prefer: str | None = None,
) -> Submit:
    """Return a request as a `Submit`, counted against the caller's allowance of this kind."""
    services: Services = request.state.services
    caller = await caller_by(request, token)
    await allow(request, services, kind, caller)
    context = SubmitContext(
        caller=caller, trace_id=request.state.request_id, once=await idempotency_key_of(request, key)
    )
    request.state.submit = Submit(
        request=request,
        services=services,
        caller=caller,
        context=context,
        wait=await wait_of(request, wait, prefer),
    )
    return request.state.submit  # type: ignore[no-any-return]


def submits(kind: str) -> DependsOn:
    """Ask for a `Submit`, counted as this kind of request: one dependency, because each costs time."""

    async def submit(
        request: Request,
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
        key: KeyHeader = None,
        wait: Wait = None,
        prefer: Prefer = None,
    ) -> Submit:
        token = given.credentials if given else None
        return await submit_of(request, kind, token=token, key=key, wait=wait, prefer=prefer)

    made: DependsOn = Depends(submit)
    return made


SubmitDep = Annotated[Submit, submits("submits")]


async def wait_of(request: Request, wait: Wait = None, prefer: Prefer = None) -> float:
    """Seconds the client will wait, within this deployment's limit; counts the request among those that wait."""
    found = _WAIT.search(prefer or "")
    asked = wait if wait is not None else float(found.group(1)) if found else 0.0
    if asked > 0:
        request.state.place.become("waits")
    services: Services = request.state.services
    return min(asked, services.settings.limits.wait_seconds_max)


WaitDep = Annotated[float, Depends(wait_of)]


def _cursor(text: str) -> tuple[datetime, str]:
    at, row_id = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
    return moment(datetime.fromisoformat(at)), plain(row_id)


def _one_of_ours(text: str) -> str:
    try:
        _cursor(text)
    except (ValueError, TypeError) as error:
        raise ValueError("The cursor is not one of ours.") from error
    return text


CursorText = Annotated[
    str, Query(max_length=200, description="`next_cursor` of the page before."), AfterValidator(_one_of_ours)
]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which part of a list: beyond `cursor`, `limit` entries."""

    limit: int
    cursor: tuple[datetime, str] | None


async def page_of(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: CursorText | None = None,
) -> Page:
    """The requested page of a list."""
    return Page(limit=limit, cursor=_cursor(cursor) if cursor is not None else None)


PageDep = Annotated[Page, Depends(page_of)]


class Dated(Protocol):
    """A row of a list: lists are ordered by these two."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


def cursor_behind(rows: Sequence[Dated], page: Page) -> str | None:
    """Return the cursor behind a page's rows; None: the page is not full, so nothing follows."""
    return _cursor_of(rows[-1].created_at, rows[-1].id) if len(rows) == page.limit else None


def _cursor_of(at: datetime, row_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), row_id]).encode()).decode().rstrip("=")
