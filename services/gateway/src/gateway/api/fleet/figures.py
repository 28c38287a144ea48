"""What the fleet did in the last minutes, and what another one would do, for operators (scope `admin`)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Query

from gateway.api.dependencies import ServicesDep, needs
from gateway.api.fleet.figures_models import FiguresBody, WhatIfBody, WhatIfRequest
from gateway.api.guarding import GuardedRouter
from gateway.fleet.figures import cost_of, first_minute, series, weaver_minutes
from gateway.fleet.minutes import LONGEST_MINUTES
from gateway.fleet.what_if import Imagined, what_if
from gateway.rules.options import card_of
from gateway.rules.prices import PriceTable

viewer: Final = needs("admin")
"""Refuses callers that do not operate the deployment; nothing here changes anything, so nothing is written down."""

router = GuardedRouter(prefix="/v1/fleet", tags=["fleet"], dependencies=[Depends(viewer)])


@router.get("/figures", summary="Show what the fleet did lately")
async def figures(services: ServicesDep, minutes: Annotated[int, Query(ge=5, le=LONGEST_MINUTES)] = 60) -> FiguresBody:
    """Return the last minutes: arrivals against ends, depth, weavers, refusals, how long each part took, what it cost.

    Pictures are counted by the ledger. Depths, weavers and refusals are what the gateways saw; Redis keeps it two
    hours.
    """
    now = datetime.now(UTC)
    start = first_minute(now, minutes=minutes)
    async with services.ledger.read() as reads:
        arrived = await reads.figures.arrived(start)
        ended = await reads.figures.ended(start)
        failures = await reads.figures.failures(start)
        timings = await reads.figures.timings(start)
        versions = await reads.figures.versions(start)
    seen = await services.fleet.minutes.read(minutes=minutes, now=now.timestamp())
    slots = series(start, minutes=minutes, arrived=arrived, ended=ended, seen=seen)
    prices = PriceTable.of(services.settings.prices)
    weaver_hour = prices.mean_hour((card.engines, card.device) for card in services.fleet.view.weavers)
    cost = cost_of(
        weaver_hour=weaver_hour,
        pictures=timings.pictures,
        weighed=timings.weighed,
        engine_seconds=timings.engine_seconds,
        minutes_of_weavers=weaver_minutes(slots),
    )
    return FiguresBody.of(
        slots,
        timings=timings,
        versions=versions,
        failures=failures,
        cost=cost,
        weaver_hour=weaver_hour,
        currency=prices.currency,
    )


@router.post("/what-if", summary="Ask what another fleet would do")
async def imagine(services: ServicesDep, wish: WhatIfRequest) -> WhatIfBody:
    """Return the speed, waits and cost of a fleet that you imagine, by the times that your weavers measured.

    The flow is steady: the estimates are those of admission and of the arbitrator, no simulation. For a day with a peak
    run `proteus size`.
    """
    settings, view = services.settings, services.fleet.view
    card = card_of(wish.engine, rules=settings.licences)
    prices = PriceTable.of(settings.prices)
    offering = [((card.name,), one.device) for one in view.weavers if card.name in one.engines]
    waiting = services.fleet.waiting_for(card.name) if wish.waiting is None else wish.waiting
    outcome = what_if(
        Imagined(
            weavers=wish.weavers,
            batch_size=wish.batch_size,
            degraded_share=wish.degraded_share,
            arrivals_per_minute=wish.arrivals_per_minute,
            waiting=waiting,
        ),
        view.weavers,
        engine=card,
        quality=wish.quality,
        admission=settings.admission,
        weaver_hour=prices.mean_hour(offering or [((card.name,), "")]),
        now=time.time(),
    )
    return WhatIfBody.of(outcome, waiting=waiting, currency=prices.currency)
