"""The weaver's loop: claim -> fetch -> weave -> store -> complete, until told to stop.

Everything a job needs to survive this process lives in Redis and in the store: the loop may be killed at any line. The
engine never waits for the store or for pictures where that can be helped: the next batch is claimed, fetched and
prepared just before the running one ends, and the last one is pasted, encoded and stored while the next is woven. Not
earlier: what waits in a worker's hands cannot go to one that is free.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import structlog

from proteus.claims import Claims
from proteus.heart import Heart
from proteus.jobs import Stage
from proteus.lifecycle import wait
from proteus.patience import patiently
from proteus.queue import Claimed, Failure
from proteus.storage import ObjectStore
from proteus.supervision import LOOP_ERRORS, Pulse
from weaver.claiming import Claimer
from weaver.delivery import Delivery
from weaver.inputs import fetch
from weaver.loom import Loom, Piece
from weaver.metrics import Metrics
from weaver.progress import ProgressTeller
from weaver.settings import WeaverSettings

log = structlog.get_logger()

TROUBLE_PAUSE_SECONDS: Final = 1.0
"""Pause after Redis did not answer a claim."""

WAIT_SECONDS: Final = 1.0
"""How long deliveries are waited for before the loop turns."""

DELIVERIES: Final = 2
"""Batches that may still be on their way to the store when another one starts."""

FIRST_FETCH_SECONDS: Final = 0.2
"""Guess until a fetch was measured."""

AHEAD: Final = 1.5
"""The next batch is claimed this many times what fetching and preparing takes before the running one should end."""


class Worker:
    """One weaver.

    Args:
        bell: Set when there may be work (a wake-up, a stop); the loop sleeps on it.
    """

    def __init__(
        self,
        settings: WeaverSettings,
        *,
        claims: Claims,
        claimer: Claimer,
        store: ObjectStore,
        loom: Loom,
        delivery: Delivery,
        progress: ProgressTeller,
        heart: Heart,
        metrics: Metrics,
        bell: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._claimer = claimer
        self._store = store
        self._loom = loom
        self._delivery = delivery
        self._progress = progress
        self._heart = heart
        self._metrics = metrics
        self._bell = bell
        self._fetch_seconds = FIRST_FETCH_SECONDS
        self._deliveries: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Work until `stop`; then hand back what has not started and finish what runs.

        Returns early when an engine is broken (`Loom.sick`): every job it was given is settled or handed back by then.
        Whatever else goes wrong is raised once nothing is in hand any more, so that it can be started again.
        """
        self._claims.on_wait = pulse.turn
        try:
            await self._work(stop, pulse)
        except Exception as error:
            await self._claims.give_up(error)
            raise

    async def _work(self, stop: asyncio.Event, pulse: Pulse) -> None:
        async with asyncio.TaskGroup() as group:
            batch = await self._prepare(stop)
            while not (stop.is_set() or self._loom.sick):
                pulse.turn()
                if not batch:
                    # With empty hands before waiting: what runs alone is given to no others.
                    if self._deliveries:
                        while self._deliveries:
                            pulse.turn()
                            await asyncio.wait(self._deliveries, timeout=WAIT_SECONDS)
                    else:
                        await wait(self._bell, seconds=self._settings.poll_seconds)
                    batch = await self._prepare(stop)
                    continue
                ahead = group.create_task(self._prepare_ahead(stop))
                await self._weave(batch, group, stop)
                batch = await ahead
            await self._hand_back(batch)

    async def _prepare_ahead(self, stop: asyncio.Event) -> list[Piece]:
        await self._loom.nearly_done(AHEAD * self._fetch_seconds)
        return await self._prepare(stop)

    async def _prepare(self, stop: asyncio.Event) -> list[Piece]:
        """Claim and fetch a batch; empty if there is none now."""
        if stop.is_set() or self._loom.sick:
            return []
        self._bell.clear()
        try:
            jobs = await self._claimer.next(stop)
        except Exception as error:  # An edge: a claim that fails is asked again, whatever the queue answered.
            LOOP_ERRORS.labels("work").inc()
            log.warning("claim_failed", reason=f"{type(error).__name__}: {error}"[:500])
            await wait(stop, seconds=TROUBLE_PAUSE_SECONDS)
            return []
        self._metrics.held.set(self._claims.count)
        return await self._fetch(jobs) if jobs else []

    async def _fetch(self, jobs: Sequence[Claimed]) -> list[Piece]:
        async def one(job: Claimed) -> Piece | Failure | Claimed:
            engine = self._loom.engines[job.engine]
            self._progress.note(job, Stage.FETCHING)
            try:
                inputs = await patiently(
                    lambda: engine.prepare(fetch(self._store, job, engine.card), job.batch_key),
                    seconds=self._settings.store_patience_seconds,
                    moved=self._moved,
                    waits=lambda: True,
                )
            except Exception as error:  # whatever is wrong with one job's body or pictures is its own
                return self._delivery.failed(job, error, began_at=start)
            return Piece(job=job, inputs=inputs)

        start = time.monotonic()
        found = await asyncio.gather(*(one(job) for job in jobs))
        took = time.monotonic() - start
        self._heart.moved()
        self._metrics.stage.labels("fetching").observe(took)
        # An engine that waits costs more than a job that is claimed early: it rises at once and falls slowly.
        self._fetch_seconds = max(took, self._fetch_seconds + 0.2 * (took - self._fetch_seconds))
        pieces = [one for one in found if isinstance(one, Piece)]
        for piece in pieces:
            piece.fetch_seconds = took
        await self._delivery.settle([], [one for one in found if not isinstance(one, Piece)])
        return pieces

    async def _weave(self, pieces: Sequence[Piece], group: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        while len(self._deliveries) >= DELIVERIES:
            self._claims.on_wait()
            await asyncio.wait(self._deliveries, timeout=WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)

        def emit(done: Sequence[Piece]) -> None:
            task = group.create_task(self._delivery.deliver(done))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)

        await self._hand_back(await self._loom.weave(pieces, emit=emit, stop=stop))

    def _moved(self) -> None:
        self._heart.moved()
        self._claims.on_wait()

    async def _hand_back(self, pieces: Sequence[Piece]) -> None:
        if pieces:
            await self._claims.hand_back([piece.job for piece in pieces])
            log.info("handed_back", count=len(pieces))
