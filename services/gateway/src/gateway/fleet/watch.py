"""What the gateway knows of queues, workers and tenants: read once a second, so that no submit has to.

A background loop calls `FleetWatch.refresh`. Between two readings `admitting` counts what this process accepted, so
a burst within a second is judged by what it adds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import metrics
from gateway.fleet.intake import Intake, read_intake
from gateway.fleet.minutes import Minutes
from gateway.fleet.servable import REMEMBERED_SECONDS, rivals_of, servable_engines
from gateway.fleet.view import AdmissionInputs, FleetView, Holder, holders, holders_of
from gateway.ledger.engine import Ledger
from gateway.rules.admission import Caps, Limits, QueueView
from gateway.rules.tokens import Caller
from gateway.settings import AdmissionSettings, LimitSettings
from proteus import fleet_config
from proteus.engines import CARDS, Quality
from proteus.errors import Conflict, DependencyUnavailable
from proteus.estimates import CostTable, Eta, Fleet, Pace, eta
from proteus.fleet_config import FleetConfig
from proteus.fleet_view import EngineFleet, engine_fleet
from proteus.jobs import OUTSIDE, Stage
from proteus.keys import JOBS, TAILOR, WARM, WEAVER_REPLICAS, QueueKeys
from proteus.queue import AnyQueue
from proteus.registry import WorkerCard, read_registry

log = structlog.get_logger()

LEFT_OUT_MOST: Final = 100
"""Workers whose bad cards are remembered, so that each is logged once."""

FRESH_SECONDS: Final = 10.0
"""An older reading parks and refuses nothing: Redis or Postgres is away, the workers may not be."""

NOTED_EVERY_SECONDS: Final = 60.0


class FleetWatch:
    """The latest reading, and what is derived from it."""

    def __init__(
        self,
        redis: Redis,
        ledger: Ledger,
        queues: Mapping[str, AnyQueue],
        *,
        admission: AdmissionSettings,
        limits: LimitSettings,
        named_engines: frozenset[str],
        default_engine: str,
    ) -> None:
        self._redis = redis
        self._ledger = ledger
        self._queues = queues
        self._settings = admission
        self._limits = limits
        self._named_engines = named_engines
        self._default_engine = default_engine
        self._noted_at: dict[str, float] = {}
        self._admitted: Counter[Holder] = Counter()
        self._fresh: dict[str, tuple[Caller, int]] = {}
        self._uncommitted: dict[str, tuple[Caller, int]] = {}
        self._admitted_in_all = 0
        self._left_out: dict[str, str] = {}
        self.view = FleetView()
        self.minutes = Minutes(redis)
        self._fleets: dict[tuple[str, Quality], Fleet] = {}
        self._fleets_of = self.view

    async def refresh(self) -> None:
        """Read queues, registry, configuration and tenants."""
        self._fresh = dict(self._uncommitted)
        stats = {name: await queue.stats() for name, queue in self._queues.items()}
        weavers, tailors = [await self._cards(name) for name in (JOBS, TAILOR)]
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.mget(fleet_config.KEYS)
            pipeline.pttl(WARM)
            values, warm_ms = await pipeline.execute()
        config = FleetConfig.read(dict(zip(fleet_config.KEYS, values, strict=True)))
        await self._note_engines(weavers)
        async with self._ledger.read() as reads:
            # A submit that begins and commits before the snapshot is in it, and among the fresh ones.
            begun = datetime.now(UTC)
            rows = await reads.backlog.unfinished(besides=tuple(self._fresh), new_since=begun)
            rows = [row for row in rows if row.new_tryon_id not in self._fresh]
            intake = await read_intake(reads.deployment)
            remembered = await reads.engine_offers.names(
                since=datetime.now(UTC) - timedelta(seconds=REMEMBERED_SECONDS)
            )
        waiting: Counter[Holder] = Counter()
        total: Counter[Holder] = Counter()
        for row in rows:
            for holder in holders(row.tenant, row.guest_id, row.origin):
                total[holder] += row.many
                if row.stage not in OUTSIDE:
                    waiting[holder] += row.many
        self._admitted, self._admitted_in_all = Counter(), 0
        for caller, pictures in self._fresh.values():
            self._count(caller, pictures)
        self.view = FleetView(
            stats=stats,
            weavers=weavers,
            tailors=tailors,
            waiting_of=waiting,
            total_of=total,
            held=sum(row.many for row in rows if row.stage is Stage.HELD),
            batch_limit=config.batch_size,
            degraded_fraction=config.degraded_share,
            mode=config.mode,
            ruling=config.ruling,
            asked_weavers=config.weaver_replicas,
            warm_until=_end_of(warm_ms),
            remembered_engines=remembered,
            intake=intake,
            read_at=time.monotonic(),
        )
        self._export()

    async def _cards(self, list_name: str) -> Sequence[WorkerCard]:
        """Read a registry; log each unreadable card once."""
        found = await read_registry(self._redis, QueueKeys(list_name))
        metrics.CARDS_LEFT_OUT.labels(list_name).set(len(found.left_out))
        for worker, reason in found.left_out.items() - self._left_out.items():
            log.error("card_left_out", queue=list_name, worker=worker, reason=reason)
        self._left_out = {**self._left_out, **found.left_out} if len(self._left_out) < LEFT_OUT_MOST else {}
        return found.cards

    async def _note_engines(self, weavers: Sequence[WorkerCard]) -> None:
        """Store which engines are offered, once a minute."""
        now = time.monotonic()
        offered = {name for card in weavers for name in card.engines if name in CARDS}
        due = {name for name in offered if now - self._noted_at.get(name, -inf) > NOTED_EVERY_SECONDS}
        if due:
            async with self._ledger.write() as writes:
                await writes.engine_offers.note(due)
            self._noted_at |= dict.fromkeys(due, now)

    async def keep_warm(self, *, seconds: int) -> None:
        """Request a ready weaver for so long; a longer request that exists already stays.

        Raises:
            Conflict: No arbitrator here would act on it.
            DependencyUnavailable: Redis does not answer.
        """
        try:
            if fleet_config.count(await self._redis.get(WEAVER_REPLICAS)) is None:
                raise Conflict("How many weavers run here is not the arbitrator's to say: they cannot be warmed up.")
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.set(WARM, "1", ex=seconds, nx=True)
                pipeline.expire(WARM, seconds, gt=True)
                pipeline.pttl(WARM)
                *_, warm_ms = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise DependencyUnavailable("Redis does not answer.") from error
        self.view = replace(self.view, warm_until=_end_of(warm_ms))

    def decided(self, intake: Intake) -> None:
        """Take in what an operator has just decided; other gateways read it within a second."""
        self.view = replace(self.view, intake=intake)

    @contextmanager
    def admitting(self, caller: Caller, tryon_id: str, pictures: int) -> Iterator[None]:
        """Count pictures during their commit and until a reading has them, each once; not if the commit fails."""
        self._fresh[tryon_id] = self._uncommitted[tryon_id] = (caller, pictures)
        self._count(caller, pictures)
        try:
            yield
        except BaseException:
            if self._fresh.pop(tryon_id, None) is not None:
                self._count(caller, -pictures)
            raise
        finally:
            self._uncommitted.pop(tryon_id, None)  # A draft may be submitted twice at once.

    def _count(self, caller: Caller, pictures: int) -> None:
        for holder in holders_of(caller):
            self._admitted[holder] += pictures
        self._admitted_in_all += pictures

    def as_seen_by(self, caller: Caller, engine: str, quality: Quality) -> AdmissionInputs:
        """Return the inputs of an admission decision at this moment."""
        return AdmissionInputs(
            servable=self.servable,
            queue=self.queue_view(caller, engine),
            fleet=self.fleet(engine, quality),
            limits=self.limits,
        )

    def queue_view(self, caller: Caller, engine: str) -> QueueView:
        """The queue for a caller and an engine: what waits for its workers, and what the caller's holders have."""
        counts: dict[str, int] = {}
        for holder in holders_of(caller):
            fresh = self._admitted.get(holder, 0)
            counts[f"{holder[0]}_waiting"] = self.view.waiting_of.get(holder, 0) + fresh
            counts[f"{holder[0]}_total"] = self.view.total_of.get(holder, 0) + fresh
        stats = self.view.stats[JOBS]
        return QueueView(
            waiting=self.waiting_for(engine), busy_workers=stats.busy_workers, running=stats.running, **counts
        )

    def waiting_for(self, engine: str) -> int:
        """Pictures on the list that workers of this engine may take before a new one."""
        stats = self.view.stats[JOBS]
        rivals = rivals_of(engine, self.view.weavers)
        others = sum(many for name, many in stats.waiting_by_engine.items() if name not in rivals)
        return max(0, stats.waiting - others) + self._admitted_in_all

    @property
    def offered(self) -> frozenset[str]:
        """The engines that workers offer, ready or loading."""
        return frozenset(name for card in self.view.weavers for name in card.engines)

    @property
    def choices(self) -> frozenset[str]:
        """The candidates for a default engine: those offered, or while there are none those servable."""
        return self.offered or self.servable or frozenset()

    @property
    def servable(self) -> frozenset[str] | None:
        """The engines that can be served, now or after a start; None: the fleet has not been read lately."""
        if self.view.read_at is None or time.monotonic() - self.view.read_at > FRESH_SECONDS:
            return None
        return servable_engines(
            self.view.weavers,
            named=self._named_engines,
            remembered=self.view.remembered_engines,
            default_engine=self._default_engine,
            max_replicas=self._settings.max_replicas,
        )

    def shares_workers(self, engine: str) -> bool:
        """Whether the engine's workers also take jobs of others."""
        return rivals_of(engine, self.view.weavers) != {engine}

    @property
    def limits(self) -> Limits:
        return Limits(
            eta_limit_seconds=self._settings.eta_limit_seconds,
            tenant_queue_cap=self._limits.tenant_queued,
            tenant_total_cap=self._limits.tenant_total,
            held_below=self._limits.promote_below,
            guest=self._caps(1),
            address=self._caps(self._limits.address_share),
        )

    def _caps(self, share: int) -> Caps:
        limits = self._limits
        return Caps(queued=limits.guest_queued * share or None, total=limits.guest_total * share or None)

    def fleet(self, engine: str, quality: Quality = "balanced") -> Fleet:
        """The workers available for an engine, at their measured pace for a quality; computed once per view."""
        if self._fleets_of is not self.view:
            self._fleets, self._fleets_of = {}, self.view
        if (known := self._fleets.get((engine, quality))) is None:
            known = self._fleets[(engine, quality)] = self._fleet(engine, quality)
        return known

    def _fleet(self, engine: str, quality: Quality) -> Fleet:
        described, cold = CARDS[engine], self._settings.cold_start_seconds
        seen = engine_fleet(
            [card for card in self.view.weavers if engine in card.engines],
            batch_key=described.batch_key(quality),
            degraded_key=described.batch_key(quality, degraded=True),
            cold_start_seconds=cold,
            now=time.time(),
        )
        pace, measured = self._pace(seen)
        return Fleet(
            pace=pace,
            measured=measured,
            ready=seen.ready,
            starting=seen.starting,
            starting_in_seconds=seen.starting_in_seconds,
            max_replicas=self._settings.max_replicas,
            cold_start_seconds=cold,
            joins=seen.cost is not None and seen.cost.joins,
        )

    def eta(self, engine: str, quality: Quality, *, ahead: int) -> Eta:
        """When a job of this engine with `ahead` others before it is done."""
        stats = self.view.stats[JOBS]
        return eta(ahead, stats.busy_workers, self.fleet(engine, quality), running=stats.running)

    def _pace(self, seen: EngineFleet) -> tuple[Pace, bool]:
        """Return the pace, and whether it is measured; without a worker it is the deployment's figure."""
        limit, fraction = self.view.batch_limit, self.view.degraded_fraction
        pace = Pace.of(
            seen.cost.table if seen.cost else CostTable((self._settings.default_picture_seconds,)),
            batch_limit=limit,
            degraded=seen.degraded.table if seen.degraded else None,
            fraction=fraction,
        )
        measured = seen.cost is not None and seen.cost.measured(limit)
        guessed = fraction > 0 and seen.degraded is not None and not seen.degraded.measured(limit)
        return pace, not seen.ready or (measured and not guessed)

    def _export(self) -> None:
        for name, stats in self.view.stats.items():
            for place in ("waiting", "running", "retrying", "parked", "dead"):
                metrics.QUEUE_DEPTH.labels(name, place).set(getattr(stats, place))
            metrics.QUEUE_OLDEST.labels(name).set(stats.oldest_waiting_ms / 1000)
        metrics.HELD.set(self.view.held)
        metrics.WEAVERS.set(len(self.view.weavers))


def _end_of(left_ms: int) -> float | None:
    """Return when a key with this TTL expires; Redis returns -2 for a missing key."""
    return time.time() + left_ms / 1000 if left_ms > 0 else None
