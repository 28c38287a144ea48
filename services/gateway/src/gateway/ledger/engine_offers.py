"""Engine offers: when a worker last offered each engine."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, DateTime, Table, Text, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements

engine_offers = Table(
    "engine_offers",
    METADATA,
    Column("engine", Text, primary_key=True),
    Column("offered_at", DateTime(timezone=True), nullable=False),
)
"""When a worker last offered each engine: what a fleet that has scaled to zero can run."""


class EngineOfferReads(Statements):
    """Reads of engine offers."""

    async def names(self, *, since: datetime) -> frozenset[str]:
        """The engines that workers have offered since then."""
        statement = select(engine_offers.c.engine).where(engine_offers.c.offered_at >= since)
        return frozenset((await self._connection.execute(statement)).scalars())


class EngineOfferWrites(EngineOfferReads):
    """Changes of engine offers."""

    async def note(self, names: Iterable[str]) -> None:
        """Store that workers offer these engines now."""
        statement = upsert(engine_offers).values([{"engine": name, "offered_at": func.now()} for name in sorted(names)])
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[engine_offers.c.engine], set_={"offered_at": statement.excluded.offered_at}
            )
        )
