"""Facts about the deployment as a whole, by name."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text, select
from sqlalchemy.dialects.postgresql import insert as upsert

from gateway.ledger.schema import METADATA
from gateway.ledger.statements import Statements

deployment = Table(
    "deployment",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""Facts about the deployment as a whole: the Redis epoch this ledger last agreed with."""


class DeploymentReads(Statements):
    """Reads of facts about the deployment."""

    async def fact(self, name: str) -> str | None:
        """A fact about the deployment."""
        return (
            await self._connection.execute(select(deployment.c.value).where(deployment.c.name == name))
        ).scalar_one_or_none()


class DeploymentWrites(DeploymentReads):
    """Changes of facts about the deployment."""

    async def set_fact(self, name: str, value: str) -> None:
        statement = upsert(deployment).values(name=name, value=value)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=[deployment.c.name], set_={"value": value})
        )
