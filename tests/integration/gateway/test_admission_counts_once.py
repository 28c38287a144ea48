"""A picture counts once against its holder's limits, however submit and reading of the fleet fall together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from gateway.fleet.watch import FleetWatch
from gateway.rules.tokens import Caller
from proteus.jobs import UserId

GUEST = Caller(user_id=UserId("user_1"), tenant="guests", scopes=frozenset(), expires_at=0, kind="guest")
SUBMIT = (
    "INSERT INTO users (id, kind, tenant) VALUES ('user_1', 'guest', 'guests') ON CONFLICT DO NOTHING",
    """INSERT INTO images (id, user_id, kind, declared_type, declared_bytes, sweep_at)
       VALUES ('img_1', 'user_1', 'person', 'image/png', 7, now()) ON CONFLICT DO NOTHING""",
    """INSERT INTO tryons (id, vton_id, user_id, status, person_image_id, garment_image_id, options, trace_id)
       VALUES (:id, 'vton_' || :id, 'user_1', 'queued', 'img_1', 'img_1', '{}', 't')""",
    """INSERT INTO jobs (id, kind, user_id, tenant, tryon_id, state, stage, engine, batch_key, trace_id, created_at)
       VALUES (:id, 'tryon', 'user_1', 'guests', :id, 'queued', 'waiting', 'puppet', 'k', 't', :at)""",
)


@dataclass
class Backlog:
    """The ledger's backlog, before whose snapshot something happens."""

    real: Any
    before: Callable[[], Awaitable[None]]

    async def unfinished(self, **asked: Any) -> Any:
        await self.before()
        return await self.real.unfinished(**asked)


@dataclass
class Reads:
    backlog: Backlog
    engine_offers: Any
    deployment: Any


@dataclass
class Ledger:
    """A ledger whose reading of the backlog takes its time."""

    real: Any
    before: Callable[[], Awaitable[None]]

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Reads]:
        async with self.real.read() as reads:
            yield Reads(Backlog(reads.backlog, self.before), reads.engine_offers, reads.deployment)


@pytest.mark.parametrize("moment", ["before", "during", "after"])
async def test_a_submit_counts_once_whenever_the_fleet_is_read(gateway_settings, parts, moment: str) -> None:
    async def commit() -> None:
        async with parts.ledger.write() as writes:
            for statement in SUBMIT:
                values = {"id": "job_1", "at": datetime.now(UTC)}
                named = {name: values[name] for name in values if f":{name}" in statement}
                await writes.users._connection.execute(text(statement), named)

    async def submit() -> None:
        with fleet.admitting(GUEST, "job_1", 1):
            await commit()

    async def nothing() -> None: ...

    fleet = FleetWatch(
        parts.redis, Ledger(parts.ledger, submit if moment == "during" else nothing), parts.queues,
        admission=gateway_settings.admission, limits=gateway_settings.limits,
        named_engines=frozenset({"puppet"}), default_engine="puppet",
    )  # fmt: skip
    if moment == "before":
        await submit()
    await fleet.refresh()
    if moment == "after":
        await submit()
    seen = fleet.queue_view(GUEST, "puppet")
    assert (seen.guest_waiting, seen.guest_total, seen.tenant_total) == (1, 1, 1)
