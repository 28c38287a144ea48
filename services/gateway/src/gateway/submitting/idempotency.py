"""Idempotent submits: keys are stored with the jobs they made, and a repeated request finds its job.

Two requests can also make the same row at the same time, with or without a key: two try-ons of one fresh photo both
need its ingest. Postgres lets one of them commit; the other starts over and finds the row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from gateway.ledger.engine import Ledger
from gateway.ledger.session import Writes
from gateway.submitting.context import SubmitContext
from proteus import errors

T = TypeVar("T")

RACES_MOST: Final = 3
"""How often a submit starts over because another one made the same row first."""


class AlreadyAccepted(Exception):
    """The same request with the same key was accepted before; `job_id` (of a draft: its `vton_id`) names the result.

    It ends the handler at any point; `gateway.api.replays` answers every submit in the same way.
    """

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class Raced(Exception):
    """Another request made the same row first; it has committed, so starting over finds it."""


class Idempotency:
    """Keeps a submit from being accepted twice."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def once(
        self,
        context: SubmitContext,
        accept: Callable[[], Awaitable[T]],
        *,
        ahead: Callable[[], Awaitable[T | None]] | None = None,
    ) -> T:
        """Accept a submit that was not accepted before; start over if it is `Raced` or the victim of a deadlock.

        Args:
            ahead: Runs first, before the key is looked up; it accepts a submit only if it binds the key with it.

        Raises:
            AlreadyAccepted: It was accepted before, with the same key.
            IdempotencyConflict: The key came with another request before.
            NotReady: It was raced every time.
        """
        for attempt in range(RACES_MOST):
            try:
                if attempt == 0 and ahead and (accepted := await ahead()) is not None:
                    return accepted
                await self.replay(context)
                return await accept()
            except Raced:
                continue
            except errors.DependencyUnavailable as error:
                if error.reason != "deadlock":
                    raise
        raise errors.NotReady("Other requests are changing the same photo right now.")

    async def replay(self, context: SubmitContext) -> None:
        """Raise like `once` unless the request is new."""
        if context.once is None:
            return
        async with self._ledger.read() as reads:
            found = await reads.idempotency.find(context.once.key, user_id=context.caller.user_id)
        if found is None:
            return
        if found[0] not in {context.once.request_hash, *context.once.also}:
            raise errors.IdempotencyConflict
        # The first commit may still be on this server alone, where its wait for a standby was cut off.
        async with self._ledger.write() as writes:
            await writes.idempotency.confirm(context.once.key, user_id=context.caller.user_id)
        raise AlreadyAccepted(found[1])


async def remember(writes: Writes, context: SubmitContext, job_id: str) -> None:
    """Bind the request's key, if it has one, to the job committed with it.

    Raises:
        Raced: The key was bound meanwhile.
    """
    if context.once and not await writes.idempotency.remember(
        context.once.key, user_id=context.caller.user_id, request_hash=context.once.request_hash, job_id=job_id
    ):
        raise Raced
