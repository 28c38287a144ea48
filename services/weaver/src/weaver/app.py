"""The weaver's composition root: its engines, its card and its loop, for `proteus.worker.run` to run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from proteus import keys
from proteus.credentials import Credentials
from proteus.engines import canvas_of
from proteus.errors import EngineError, ModelUnavailable
from proteus.marker import Marker, find_watermark
from proteus.registry import WorkerCard
from proteus.worker.claims import VERDICT_PATIENCE_SECONDS
from proteus.worker.run import Work, WorkerParts, run_worker
from proteus.worker.runtime import WorkerStatus
from proteus.worker.safety import SafetyCheck, load_safety
from proteus.worker.weights import WeightsOrder
from weaver.claiming import Claimer
from weaver.control import ConfigReader
from weaver.delivery import Delivery
from weaver.engine_runner import EngineRunner
from weaver.loading import device_of, fitting, load_engines, weights_of
from weaver.metrics import Metrics
from weaver.pipelines.contract import Engine
from weaver.profile import CostProfile, keys_of
from weaver.progress import INTERVAL_SECONDS, ProgressReporter
from weaver.settings import Settings, WeaverSettings
from weaver.worker import Worker


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run one weaver until `stop`.

    Raises:
        ProteusError: From `run_worker`: this process cannot work here.
        EngineError: An engine is broken; every job it was given is settled or handed back.
    """
    weaver = Weaver(settings)
    await run_worker(weaver, settings, stop)
    if weaver.runner is not None and weaver.runner.sick:
        raise EngineError("An engine fails even its own sample: this process ends, for a fresh one.")


class Weaver:
    """The parts that make a worker a weaver."""

    name: Final = "weaver"
    list_name: Final = keys.JOBS

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._profile = CostProfile(max_batch=settings.weaver.max_batch)
        self._engines: Mapping[str, Engine] = {}
        self._safety = SafetyCheck()
        marks = settings.marks
        # Now, before weights are fetched: a certificate that cannot sign is the operator's to change.
        self._marker = Marker(
            label=marks.label,
            watermark=find_watermark(marks.watermark),
            credentials=Credentials.of(
                marks.certificate, marks.key.get_secret_value(), now=datetime.now(UTC), names=marks.names
            ),
        )
        self.runner: EngineRunner | None = None

    @property
    def slots(self) -> int:
        """Most pictures at once."""
        return self._settings.weaver.max_batch

    def weights(self) -> list[WeightsOrder]:
        """Return the weights its engines and the safety model need."""
        return weights_of(self._settings)

    def load(self, missing: Mapping[str, ModelUnavailable]) -> None:
        """Load the engines, measure them, and compute how many pictures fit into memory."""
        self._safety = load_safety(self._settings.safety, missing)
        self._engines = load_engines(self._settings, self._profile, missing)
        self._settings = self._settings.model_copy(update={"weaver": fitting(self._settings.weaver)})

    def work(self, parts: WorkerParts) -> Work:
        """Build the worker."""
        weaver, progress = self._settings.weaver, ProgressReporter(parts.claims.queue)
        parts = replace(parts, marker=self._marker, safety=self._safety)
        parts.claims.device = device_of(weaver)
        config = ConfigReader(parts.redis, max_age_seconds=weaver.poll_seconds)
        worker, self.runner = make_worker(
            weaver,
            self._engines,
            parts,
            config=config,
            profile=self._profile,
            progress=progress,
            metrics=Metrics(),
        )
        return Work(
            run=worker.run,
            call_seconds=max(weaver.store_patience_seconds, VERDICT_PATIENCE_SECONDS),
            close=self.runner.close,
            beside=lambda loops, over: loops.repeat("progress", progress.tell, over, every_seconds=INTERVAL_SECONDS),
        )

    def card(self, card: WorkerCard) -> WorkerCard:
        """Add the engines and their costs."""
        described, profile = [engine.card for engine in self._engines.values()], self._profile
        batch_keys = [key for one in described for key in keys_of(one)]
        tables = {key: table for key in batch_keys if (table := profile.table(key))}
        step_seconds, fixed_seconds = profile.parts()
        # By batch key as well: gateways and arbitrators of the version before read only that.
        canvases = {key: canvas_of(key) for key in tables} | {canvas: canvas for canvas in step_seconds}
        spreads = profile.spreads()
        return replace(
            card,
            engines=tuple(self._engines) or self._settings.weaver.engines,
            weights={one.name: f"{one.name} {one.full_version}" for one in described},
            licence={one.name: one.weights_licence for one in described},
            device=device_of(self._settings.weaver),
            seconds_per_batch={key: table.to_json() for key, table in tables.items()},
            step_seconds=step_seconds,
            fixed_seconds=fixed_seconds,
            measured_up_to={key: profile.measured_up_to(canvas) for key, canvas in canvases.items()},
            batch_spread={key: spreads[canvas] for key, canvas in canvases.items() if canvas in spreads},
            batches={str(size): many for size, many in self.runner.batches.items()} if self.runner else {},
        )

    def serving(self, status: WorkerStatus, overdue: Callable[[], str | None]) -> AbstractAsyncContextManager[object]:
        """Serve nothing beside the queue."""
        return nullcontext()


def make_worker(
    settings: WeaverSettings,
    engines: Mapping[str, Engine],
    parts: WorkerParts,
    *,
    config: ConfigReader,
    profile: CostProfile,
    progress: ProgressReporter,
    metrics: Metrics,
) -> tuple[Worker, EngineRunner]:
    """Build the worker and its engine runner."""
    for name, engine in engines.items():
        metrics.engine.labels(name, engine.card.full_version).set(1)
    claims, work_available = parts.claims, parts.status.work_available
    runner = EngineRunner(engines, parts, profile=profile, progress=progress, metrics=metrics)
    claimer = Claimer(
        settings, claims=claims, config=config, runner=runner, profile=profile, work_available=work_available
    )
    delivery = Delivery(
        engines,
        parts,
        progress=progress,
        metrics=metrics,
        patience_seconds=settings.store_patience_seconds,
    )
    worker = Worker(
        settings,
        parts,
        claimer=claimer,
        runner=runner,
        delivery=delivery,
        progress=progress,
        metrics=metrics,
    )
    return worker, runner
