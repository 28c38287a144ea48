"""The tailor's composition root: its parsers, its card, its loop and `/segment`, for `proteus.worker.run` to run."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog
import uvicorn

from proteus import keys
from proteus.credentials import Credentials
from proteus.errors import ModelUnavailable
from proteus.registry import WorkerCard
from proteus.service.http_protocol import in_time
from proteus.service.listening import listen
from proteus.service.security_headers import SECURITY_HEADERS
from proteus.stages import TAILOR_WORKS
from proteus.worker.claims import VERDICT_PATIENCE_SECONDS
from proteus.worker.run import Work, WorkerParts, run_worker
from proteus.worker.runtime import WorkerStatus
from proteus.worker.weights import WeightsOrder
from tailor.bench import Bench
from tailor.http import Door, make_app
from tailor.loading import make_bench, weights_of
from tailor.metrics import Metrics
from tailor.settings import Settings
from tailor.tasks import Marking
from tailor.worker import Worker

log = structlog.get_logger()

GRACE_SECONDS: Final = 5
"""How long requests to `/segment` may take to end after the last job."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run one tailor until `stop`.

    Raises:
        ProteusError: From `run_worker`: this process cannot work here.
    """
    await run_worker(Tailor(settings), settings, stop)


class Tailor:
    """The parts that make a worker a tailor."""

    name: Final = "tailor"
    list_name: Final = keys.TAILOR

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        marks = settings.marks
        # Now, before weights are fetched: a certificate that cannot sign is the operator's to change.
        signs = Credentials.of(
            marks.certificate, marks.key.get_secret_value(), now=datetime.now(UTC), names=marks.names
        )
        self._marking = Marking(credentials=signs, anchors=marks.anchors)
        self._bench: Bench | None = None

    @property
    def slots(self) -> int:
        """Most jobs at once."""
        return self._bench.slots if self._bench else 0

    def weights(self) -> list[WeightsOrder]:
        """Return the weights its parser needs."""
        return weights_of(self._settings)

    def load(self, missing: Mapping[str, ModelUnavailable]) -> None:
        """Load the parsers, as many as fit into memory."""
        start = time.monotonic()
        bench = make_bench(self._settings, missing)
        log.info("parser_loaded", parser=bench.name, slots=bench.slots, seconds=round(time.monotonic() - start, 2))
        self._bench = bench

    def work(self, parts: WorkerParts) -> Work:
        """Build the worker."""
        bench, tailor = self._bench, self._settings.tailor
        assert bench is not None
        worker = Worker(tailor, parts, bench=bench, metrics=self._metrics, marking=self._marking)
        longest = max(tailor.store_patience_seconds, VERDICT_PATIENCE_SECONDS)
        return Work(run=worker.run, call_seconds=longest, close=bench.close)

    def card(self, card: WorkerCard) -> WorkerCard:
        """Add the tasks, and the weights they use."""
        bench = self._bench
        weights = {bench.name: f"{bench.name} {bench.version}, {bench.pose_model}"} if bench else {}
        return replace(card, engines=tuple(TAILOR_WORKS), weights=weights)

    @asynccontextmanager
    async def serving(self, status: WorkerStatus, overdue: Callable[[], str | None]) -> AsyncIterator[None]:
        """Serve `/segment` and the probes, also while the parsers load."""
        tailor = self._settings.tailor
        if not tailor.http_port:
            yield
            return
        sockets = listen(
            tailor.http_host, tailor.http_port, port_setting="TAILOR_HTTP_PORT", host_setting="TAILOR_HTTP_HOST"
        )
        app = make_app(
            lambda: self._bench,
            metrics=self._metrics,
            not_ready=status.not_ready,
            overdue=overdue,
            door=Door(token=self._settings.segment.token.get_secret_value(), host=tailor.http_host),
        )
        server = _QuietServer(
            uvicorn.Config(
                app,
                http=in_time(),
                headers=list(SECURITY_HEADERS),
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve(sockets=sockets))
            try:
                yield
            finally:
                server.should_exit = True


class _QuietServer(uvicorn.Server):
    """A uvicorn that leaves signals to the process it lives in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield
