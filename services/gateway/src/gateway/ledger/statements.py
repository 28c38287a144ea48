"""What the statements of every noun share: a connection, and rows built from the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Delete,
    Select,
    Table,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from proteus.jobs import UserId

Row = TypeVar("Row")


class Statements:
    """A noun's statements on one connection. A public method is one statement, unless it says otherwise."""

    __slots__ = ("_connection",)

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _all(self, made: Callable[..., Row], statement: Select[Any]) -> list[Row]:
        return [made(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def _one(self, made: Callable[..., Row], statement: Select[Any]) -> Row | None:
        found = (await self._connection.execute(statement)).mappings().first()
        return None if found is None else made(**found)


def oldest_gone(table: Table, *old: ColumnElement[bool], by: Column[Any], limit: int) -> Delete:
    """Return the deletion of the oldest rows that meet these conditions, so many at most.

    Args:
        by: Orders the rows; its index leads to them, however many there are.
    """
    # By their places: for a list of keys Postgres may read the whole table.
    place: ColumnElement[Any] = literal_column(f"{table.name}.ctid")
    rows = select(place).select_from(table).where(*old).order_by(by).limit(limit).correlate(None).scalar_subquery()
    return delete(table).where(place == func.any(func.array(rows)))


def among(column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of these values, however many.

    They are one parameter, an array: `IN` takes one for each, and the driver refuses more than 32,767.
    """
    return column == func.any(bindparam(None, list(values), type_=ARRAY(column.type)))


def newest_first(table: Table, user_id: UserId, before: tuple[datetime, str] | None, limit: int) -> Select[Any]:
    """Return the statement for a page of a user's rows."""
    statement = select(table).where(table.c.user_id == user_id)
    if before:
        statement = statement.where(tuple_(table.c.created_at, table.c.id) < before)
    return statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
