"""Admission of a try-on: collects the inputs of `rules.admission`, and turns its refusals into errors.

An admitted try-on counts against its holders' limits from the decision on, so that requests which arrive together do
not all see the same free place.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway import metrics
from gateway.fleet.watch import FleetWatch
from gateway.limiting import Limiter
from gateway.rules.admission import Admission, Request, Verdict, decide
from gateway.rules.options import TryonOptions, requested_card
from gateway.rules.rates import PICTURES
from gateway.rules.rights import BATCH
from gateway.settings import GatewaySettings
from gateway.submitting.context import SubmitContext
from gateway.submitting.spending import SpendGuard
from proteus import errors
from proteus.engines import EngineCard

_SHEDS: Final[dict[str, type[errors.Overloaded]]] = {
    known.code: known
    for known in (
        errors.Overloaded,
        errors.DeadlineUnreachable,
        errors.TenantCap,
        errors.UserCap,
        errors.NoCapacity,
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Admitted:
    """A try-on that may join the queue.

    Attributes:
        card: The engine that makes it.
        admission: The decision, with the promised ETA.
        position: How many are before it.
        hold: It waits in Postgres until the promoter moves it into the queue.
    """

    card: EngineCard
    admission: Admission
    position: int
    hold: bool


class Admitter:
    """Decides which engine makes a try-on, and whether it may join the queue now."""

    def __init__(self, fleet: FleetWatch, settings: GatewaySettings, limiter: Limiter, spend: SpendGuard) -> None:
        self._fleet = fleet
        self._limiter = limiter
        self._spend = spend
        self._default_engine = settings.default_engine
        self._licences = settings.licences

    def card(self, context: SubmitContext, options: TryonOptions) -> EngineCard:
        """Return the engine; raise if the caller or the deployment may not use it with these options."""
        if options.priority == "high":
            context.caller.require("priority:high")
        card = requested_card(options, self._default_engine, self._fleet.choices, rules=self._licences)
        context.caller.rights.require(
            engine=card.name,
            samples=options.pictures,
            quality=options.quality,
            priority=BATCH if context.of_batch else options.priority,
        )
        return card

    async def check(self, context: SubmitContext, options: TryonOptions) -> None:
        """Raise like `admitting` and `reserved`, and count nothing."""
        admitted = self._decide(context, options)
        await self._spend.check(context, options, admitted.card)

    async def admits_at_no_charge(self, context: SubmitContext, options: TryonOptions) -> bool:
        """Return whether a try-on would be admitted with no quota or cap to count it; count nothing."""
        caller = context.caller
        if caller.key_limits or caller.rights.tenant_limits or await self._spend.caps(caller):
            return False
        try:
            self._decide(context, options, counted=False)
        except errors.ProteusError:
            return False
        return True

    @asynccontextmanager
    async def reserved(self, context: SubmitContext, options: TryonOptions) -> AsyncIterator[None]:
        """Keep the caller within its rights, spend caps and quotas, while the block commits the try-on."""
        async with self._spend.reserved(context, options, self.card(context, options)):
            await self._count(context, options)
            yield

    async def _count(self, context: SubmitContext, options: TryonOptions) -> None:
        """Count the pictures of a try-on against the quotas of its key and its tenant, unless it is refused anyway.

        Raises:
            RateLimited: A quota has no room for them.
        """
        caller = context.caller
        if not (caller.key_limits or caller.rights.tenant_limits):
            return
        self._decide(context, options)
        holders = [(f"tenant:{caller.tenant}", caller.rights.tenant_limits)]
        if caller.key_id:
            holders.append((caller.key_id, caller.key_limits))
        demands = [
            self._limiter.demand(kind, holder, units=options.num_samples, most=limits[kind])
            for holder, limits in holders
            for kind in PICTURES
            if kind in limits
        ]
        await self._limiter.take(*demands)

    @contextmanager
    def admitting(self, context: SubmitContext, options: TryonOptions) -> Iterator[Admitted]:
        """Decide, and count the pictures while the block commits them; a block that raises has committed none.

        Raises:
            IntakePaused: An operator takes no new work for now.
            EngineUnavailable: No worker offers the engine, and none can be started for it.
            Overloaded: It is shed; the error states why and when to come back.
        """
        admitted = self._decide(context, options)
        with self._fleet.admitting(context.caller, context.job_id, options.pictures):
            yield admitted
        metrics.SUBMITS.labels(admitted.admission.verdict.value).inc(options.pictures)

    def _decide(self, context: SubmitContext, options: TryonOptions, *, counted: bool = True) -> Admitted:
        card, pictures = self.card(context, options), options.pictures if counted else 0
        if self._fleet.view.intake.paused:
            self._refused(errors.IntakePaused.code, pictures)
            self._fleet.view.intake.require_open()
        seen = self._fleet.as_seen_by(context.caller, card.name, options.quality)
        if seen.servable is not None and card.name not in seen.servable:
            self._refused(errors.EngineUnavailable.code, pictures)
            raise errors.EngineUnavailable(
                f"No worker offers {card.name}, and none can be started for it.", offered=tuple(sorted(seen.servable))
            )
        now = datetime.now(UTC).timestamp()
        request = Request(
            pictures=options.pictures,
            priority=options.priority,
            deadline_at=now + options.deadline_ms / 1000 if options.deadline_ms else None,
        )
        admission = decide(request, seen.queue, seen.fleet, seen.limits, now)
        if admission.verdict is Verdict.SHED:
            self._refused(admission.code or "shed", pictures)
            raise _SHEDS.get(admission.code, errors.Overloaded)(
                admission.reason, retry_after_seconds=admission.retry_after_seconds
            )
        hold = admission.verdict is Verdict.HOLD
        return Admitted(card=card, admission=admission, position=seen.queue.waiting, hold=hold)

    def _refused(self, code: str, pictures: int) -> None:
        metrics.SUBMITS.labels(code).inc(pictures)
        self._fleet.minutes.refused(code, pictures)
