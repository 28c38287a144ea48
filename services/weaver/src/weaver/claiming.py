"""Claims the next batch: how many pictures pay now, and whether to wait a moment for company.

`weaver.batching` decides; this module reads its inputs and claims from the queue.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

import structlog

from proteus.canary import parts_of
from proteus.engines import EngineCard, canvas_of
from proteus.estimates import CostTable
from proteus.queue import Claimed
from proteus.service.lifecycle import wait
from proteus.worker.claims import Claims
from weaver.batching import OLD_AT_SLO_SHARE, Load, Plan, joining, plan, spare_batch
from weaver.control import Config, ConfigReader
from weaver.engine_runner import EngineRunner
from weaver.profile import CostProfile, keys_of
from weaver.settings import WeaverSettings

log = structlog.get_logger()

JOIN_SCAN_CAP: Final = 32
"""Jobs to look at for a running session: several times a second, so not far from the head."""

NEVER_WOVEN: Final = CostTable((1.0,))
"""Costs of a key that was never woven: one picture at a time until the first one is measured."""


def own_key(card: EngineCard, batch_key: str) -> str:
    """Return what this version calls the batch key of a job that a gateway of another version submitted.

    The same canvas and steps under another version of the engine are the same preset. A preset that this version does
    not have becomes the balanced one: the picture is made.
    """
    own = keys_of(card)
    if batch_key in own:
        return batch_key
    form = batch_key.split("/", 2)[2:]
    return next((key for key in own if key.split("/", 2)[2:] == form), card.batch_key("balanced"))


class Claimer:
    """Claims jobs for this worker.

    Args:
        work_available: Set when there may be work.
    """

    def __init__(
        self,
        settings: WeaverSettings,
        *,
        claims: Claims,
        config: ConfigReader,
        runner: EngineRunner,
        profile: CostProfile,
        work_available: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._claims = claims
        self._config = config
        self._runner = runner
        self._profile = profile
        self._work_available = work_available
        self._engines = tuple(runner.engines)
        self._versions = {name: engine.card.full_version for name, engine in runner.engines.items()}
        self._last_key = next(iter(runner.engines.values())).card.batch_key("balanced")

    async def next(self, stop: asyncio.Event, *, spare: bool = True) -> list[Claimed]:
        """Claim as many jobs of one key as pay in a batch; none if nothing waits that this worker may take.

        Args:
            stop: Wait for no more.
            spare: If there are no others, take spare jobs.
        """
        config = await self._config.read()
        planned = self._plan(self._last_key, config).claim
        jobs = await self._take(planned, config, estimate_ms=self._estimate_ms(planned, config), spare=spare)
        if not jobs:
            return []
        key = self._last_key = jobs[0].batch_key
        surplus = jobs[self._paying(key, config, spare=jobs[0].spare) :]
        if surplus:  # The claim was planned with the costs of another key, or for others.
            await self._claims.hand_back(surplus)
            jobs = jobs[: -len(surplus)]
        try:
            await self._wait_for_company(jobs, config, stop)
        except Exception as error:  # Only company is lost; the jobs in hand are woven.
            log.warning("no_company", reason=f"{type(error).__name__}: {error}"[:500])
        self._tell(jobs)
        return jobs

    def _tell(self, jobs: list[Claimed], **more: bool) -> None:
        for job in jobs:
            log.info(
                "claimed",
                job_id=job.id,
                trace_id=job.trace_id,
                token=job.token,
                batch_key=job.batch_key,
                degraded=job.degraded,
                batch=len(jobs),
                **more,
            )

    async def join(self, beside: Claimed, inside: int) -> tuple[list[Claimed], int]:
        """Claim jobs that may join those that run.

        Args:
            beside: One that runs.
            inside: How many will run when they come.

        Returns:
            The jobs, and the most that may run together.
        """
        config, cost = await self._config.read(), self._profile.table(beside.batch_key) or NEVER_WOVEN
        slo_seconds = self._settings.slo_seconds
        memory_cap = self._runner.memory_cap(canvas_of(beside.batch_key))
        rule = joining(inside, cost, batch_limit=self._limit(config), slo_seconds=slo_seconds, memory_cap=memory_cap)
        if not rule.claim or not (config.waiting or self._work_available.is_set()):
            return [], rule.limit
        jobs = await self._take(
            rule.claim,
            config,
            key=beside.shared_key or beside.batch_key,
            estimate_ms=self._estimate_ms(1, config),
            waited_ms=int(rule.waited_seconds * 1000),
            overtake_ms=int(OLD_AT_SLO_SHARE * slo_seconds * 1000),
            scan_cap=JOIN_SCAN_CAP,
        )
        self._tell(jobs, joins=True)
        return jobs, rule.limit

    async def _wait_for_company(self, jobs: list[Claimed], config: Config, stop: asyncio.Event) -> None:
        """Add to a batch while waiting for more pays."""
        claimed_at = time.monotonic()
        while not (jobs[0].solo or jobs[0].spare or stop.is_set()):
            key, waited_seconds = jobs[0].batch_key, time.monotonic() - claimed_at
            more = self._plan(key, config, in_hand=len(jobs), waited_seconds=waited_seconds)
            if more.claim <= 0 or more.wait_seconds <= 0:
                return
            self._work_available.clear()
            await wait(self._work_available, seconds=more.wait_seconds)
            jobs += await self._take(more.claim, config, key=jobs[0].shared_key or key)

    async def _take(self, count: int, config: Config, **more: Any) -> list[Claimed]:
        """Take jobs as the configuration says; each carries the batch key of this worker's own version."""
        jobs = await self._claims.take(
            count,
            engines=self._engines,
            degraded_fraction=config.degraded_fraction,
            canaries=parts_of(config.canaries, self._versions),
            **more,
        )
        return self._with_own_keys(jobs)

    def _with_own_keys(self, jobs: list[Claimed]) -> list[Claimed]:
        return [replace(job, batch_key=own_key(self._runner.engines[job.engine].card, job.batch_key)) for job in jobs]

    def _plan(self, key: str, config: Config, *, in_hand: int = 0, waited_seconds: float = 0.0) -> Plan:
        load = Load(
            in_hand=in_hand,
            waiting=0 if in_hand else config.waiting,
            arrivals_per_second=config.arrivals_per_second,
            waited_seconds=waited_seconds,
        )
        return plan(
            load,
            self._profile.table(key) or NEVER_WOVEN,
            batch_limit=self._limit(config),
            memory_cap=self._runner.memory_cap(canvas_of(key)),
        )

    def _paying(self, key: str, config: Config, *, spare: bool) -> int:
        limit = min(self._limit(config), self._runner.memory_cap(canvas_of(key)) or self._settings.max_batch)
        cost = self._profile.table(key) or NEVER_WOVEN
        return spare_batch(cost, limit) if spare else cost.paying_batch(limit)

    def _limit(self, config: Config) -> int:
        return min(config.batch_size, self._settings.max_batch)

    def _estimate_ms(self, planned: int, config: Config) -> int:
        """Return the least time for the planned batch: the claim sheds jobs that cannot meet their deadline even so."""
        batch = max(1, min(planned, config.waiting))
        least = [
            self._profile.least_seconds(engine.card, key, batch)
            for engine in self._runner.engines.values()
            for key in keys_of(engine.card)
            if config.degraded_fraction > 0 or key != engine.card.batch_key("balanced", degraded=True)
        ]
        return int(min(least) * 1000)
