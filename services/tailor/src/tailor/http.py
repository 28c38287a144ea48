"""`POST /segment`: a garment picture in, the transparent cut-out back; and the probes, on the same port.

For people and services inside the deployment; clients go through the gateway. The picture is the whole body, or the
first file of a form. Nothing is stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import structlog
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from proteus import imaging
from proteus.artefacts import GarmentCategory
from proteus.errors import (
    ImageTooLarge,
    InvalidRequest,
    ModelUnavailable,
    Overloaded,
    PhotoRejected,
    ProteusError,
    SafetyUnavailable,
    Unauthorized,
    UnsupportedMedia,
)
from proteus.imaging import Limits
from proteus.service.forms import with_boundary_only
from proteus.worker.safety import SafetyCheck
from tailor.bench import Bench
from tailor.cutting import cut_out
from tailor.ingest import views_of
from tailor.metrics import Metrics
from tailor.parsers.contract import Parser
from tailor.parsers.given import find_in

log = structlog.get_logger()

FORM_ALLOWANCE_BYTES: Final = 64 * 1024
"""Bytes a form may add to the picture: boundaries, headers, other fields."""

SLOWEST_BYTES_PER_SECOND: Final = 100 * 1024
"""A body's deadline grows by a second for each of these: a slow line is served, one that stands still is not."""


class SlowBody(InvalidRequest):
    """The body did not come in time."""

    hint = "Send the whole picture at once, at 100 KiB a second or more."


Hold = Callable[[int], None]
"""Counts received bytes; raises `Overloaded` when there is no memory for them."""


class Bodies:
    """The bodies that are being received or wait for a slot, all together.

    Args:
        seconds: Time a body may take; each 100 KiB received adds a second.
        memory_bytes: For all of them; by default three of the largest pictures and some more.
    """

    def __init__(self, *, seconds: float = 30.0, memory_bytes: int = 64 * 1024 * 1024) -> None:
        self.seconds = seconds
        self._free = memory_bytes

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[Hold]:
        """Count the bytes of one request as taken until it is done."""
        taken = 0

        def take(size_bytes: int) -> None:
            nonlocal taken
            if size_bytes > self._free:
                raise Overloaded("other pictures are being received; there is no memory for one more")
            self._free -= size_bytes
            taken += size_bytes

        try:
            yield take
        finally:
            self._free += taken


class SegmentClosed(ProteusError):
    """`POST /segment` is closed: this tailor listens beyond loopback and has no token."""

    code = "segment_closed"
    hint = "Set TAILOR_TOKEN for the tailor, and send it as 'Authorization: Bearer …'."


class NotLoaded(ProteusError):
    """This tailor is still loading its parser."""

    code = "not_loaded"
    retryable = True
    hint = "Try again in a few seconds."


class WrongToken(Unauthorized):
    """The token of this deployment's tailor is missing or wrong."""

    hint = "Send the deployment's TAILOR_TOKEN as 'Authorization: Bearer …'."


@dataclass(frozen=True, kw_only=True)
class Door:
    """Access control of `POST /segment`.

    Attributes:
        token: What callers must send; empty: nothing, but only a tailor that listens on loopback serves them.
        host: Where the tailor listens.
    """

    token: str = ""
    host: str = "127.0.0.1"

    def check(self, authorization: str) -> None:
        """Let a caller in.

        Raises:
            WrongToken: It sent another token, or none.
            SegmentClosed: There is no token, and more than this machine reaches the tailor.
        """
        if not self.token:
            if self.host not in LOOPBACK:
                raise SegmentClosed
            return
        scheme, _, sent = authorization.partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), self.token.encode()):
            raise WrongToken


LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_STATUS: Final[tuple[tuple[type[ProteusError], int], ...]] = (
    (WrongToken, 401),
    (SlowBody, 408),
    (ImageTooLarge, 413),
    (UnsupportedMedia, 415),
    (PhotoRejected, 422),
    (InvalidRequest, 400),
    (Overloaded, 429),
    (ModelUnavailable, 503),
    (SafetyUnavailable, 503),
    (SegmentClosed, 503),
    (NotLoaded, 503),
)

Category = Literal["auto"] | GarmentCategory


def make_app(
    find_bench: Callable[[], Bench | None],
    *,
    metrics: Metrics,
    not_ready: Callable[[], str | None],
    overdue: Callable[[], str | None] = lambda: None,
    bodies: Bodies | None = None,
    door: Door | None = None,
) -> FastAPI:
    """Build the HTTP side of a tailor.

    Args:
        find_bench: Returns the bench, shared with the queue's jobs; None while it is being loaded.
        not_ready: Returns why the tailor cannot work, or None.
        overdue: Returns why the process should be replaced, or None.
        bodies: Limits of the bodies that are being received.
        door: Access control of `/segment`; None: every caller is served.
    """
    door = door or Door()
    app = FastAPI(
        title="Proteus tailor", description="Cuts garments out of pictures.", version="1", docs_url=None, redoc_url=None
    )
    bodies = bodies or Bodies()

    @app.post(
        "/segment",
        response_class=Response,
        responses={
            200: {"content": {"image/png": {}}, "description": "The garment, transparent around it, cropped."},
            **{
                status: {"description": f"`{error.code}` and its kind", "content": {"application/problem+json": {}}}
                for error, status in _STATUS
            },
        },
    )
    async def segment(request: Request, category: Annotated[Category, Query()] = "auto") -> Response:
        """Cut the garment out of the picture in the body (JPEG, PNG, WebP or AVIF; or the first file of a form)."""
        door.check(request.headers.get("authorization", ""))  # before a byte of the body
        bench = find_bench()
        if bench is None:
            raise NotLoaded
        async with bodies.held() as hold:
            data = await read_picture(request, bodies, hold, bench.limits)
            if bench.requests.locked():  # checked only now: a body that never ends holds no place
                raise Overloaded
            async with bench.requests:
                png, headers = await bench.run(
                    lambda parser: segment_picture(
                        data, parser, category=category, limits=bench.limits, safety=bench.safety
                    )
                )
        metrics.requests.labels("200").inc()
        return Response(png, media_type="image/png", headers=headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return await problem(request, InvalidRequest(f"{where}: {first['msg']}, not {first.get('input')!r}"))

    @app.exception_handler(ProteusError)
    async def problem(_request: Request, error: ProteusError) -> Response:
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
        metrics.requests.labels(str(status)).inc()
        return JSONResponse(
            {
                "type": "about:blank",
                "title": type(error).__name__,
                "status": status,
                "detail": error.message,
                "code": error.code,
                "retryable": error.retryable,
                "hint": error.hint,
            },
            status_code=status,
            media_type="application/problem+json",
            headers={"Retry-After": "1"} if error.retryable else {},
        )

    @app.get("/healthz", response_class=PlainTextResponse)
    async def healthz() -> Response:
        """Report whether the process and its loops run."""
        return _probe(overdue())

    @app.get("/readyz", response_class=PlainTextResponse)
    async def readyz() -> Response:
        """Report whether the tailor takes work."""
        return _probe(not_ready())

    @app.get("/metrics", response_class=PlainTextResponse)
    async def show_metrics() -> Response:
        """Return the process's metrics in Prometheus' text form."""
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return app


def _probe(reason: str | None) -> Response:
    return PlainTextResponse(f"{reason or 'ok'}\n", status_code=503 if reason else 200)


async def read_picture(request: Request, bodies: Bodies, hold: Hold, limits: Limits) -> bytes:
    """Return the picture's bytes, never reading more than is allowed, nor for longer.

    Raises:
        ImageTooLarge: The body is too large.
        SlowBody: It did not come in time.
        Overloaded: Other bodies fill the memory for them.
        InvalidRequest: A form without a file, or no form at all behind a form's content type.
    """
    limit = limits.max_bytes
    form = request.headers.get("content-type", "").startswith("multipart/form-data")
    body = bytearray()
    start = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(start + bodies.seconds) as deadline:
            async for chunk in request.stream():
                hold(len(chunk))
                body += chunk
                if len(body) > limit + (FORM_ALLOWANCE_BYTES if form else 0):
                    raise ImageTooLarge(f"the body has more than {limit} bytes")
                deadline.reschedule(start + bodies.seconds + len(body) / SLOWEST_BYTES_PER_SECOND)
        return await _first_file(request.headers, bytes(body)) if form else bytes(body)
    except TimeoutError as error:
        raise SlowBody(f"only {len(body)} bytes of the body came in time") from error


async def _first_file(headers: Headers, body: bytes) -> bytes:
    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    form_type = with_boundary_only(headers["content-type"].encode("latin-1"))
    parser = MultiPartParser(Headers(raw=[(b"content-type", form_type)]), once(), max_files=4, max_fields=8)
    parser.spool_max_size = len(body) + 1  # The body is in memory: a file under /tmp would only be a second copy.
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise InvalidRequest(f"the form cannot be read: {error}") from error
    try:
        for _, value in form.multi_items():
            if isinstance(value, UploadFile):
                return await value.read()
    finally:
        await form.close()
    raise InvalidRequest("the form has no file")


def segment_picture(
    data: bytes,
    parser: Parser,
    *,
    category: str,
    limits: Limits | None = None,
    safety: SafetyCheck | None = None,
) -> tuple[bytes, dict[str, str]]:
    """Return the cut-out's PNG, and as headers what was found; blocks.

    Raises:
        InvalidRequest: The bytes are no picture we take.
        ContentBlocked: The safety model refuses what it shows, at the deployment's level.
        SafetyUnavailable: It could not be examined.
        NoGarmentDetected: There is none in it.
    """
    photo = imaging.decode(data, limits=limits, keep_alpha=True)
    if safety is not None:
        safety.examine(*views_of(photo.pixels, photo.alpha), level=None, picture="input")
    found, given = find_in(photo.pixels, photo.alpha, parser, category=category)
    pixels, box = cut_out(photo.pixels, found.alpha, straight=given)
    headers = {
        "X-Proteus-Category": found.category,
        "X-Proteus-Confidence": f"{found.confidence:.3f}",
        "X-Proteus-Bounding-Box": ",".join(str(side) for side in box),
        "X-Proteus-Worn": "true" if found.worn else "false",
        "X-Proteus-Parser": f"{parser.name}/{parser.version}",
    }
    return imaging.encode(pixels, "png"), headers
