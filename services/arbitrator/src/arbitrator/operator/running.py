"""The operator's two loops, beside the arbitrator's own: the watch and the reconciler."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from arbitrator.fleets.board import Board
from arbitrator.operator.api import CALL_SECONDS, KubernetesApi
from arbitrator.operator.reconciler import Reconciler
from arbitrator.operator.watch import Watch
from arbitrator.settings import OperatorSettings
from proteus.service.supervision import Loops


async def operate(settings: OperatorSettings, board: Board, loops: Loops, stop: asyncio.Event) -> None:
    """Follow the WeaverFleets of this namespace until `stop`: one loop watches, one reconciles."""
    async with KubernetesApi(settings.api_server, Path(settings.account_dir)) as api, asyncio.TaskGroup() as tasks:
        reconciler = Reconciler(api, board, every_seconds=settings.every_seconds, now=lambda: datetime.now(UTC))
        tasks.create_task(loops.keep("fleet-watch", partial(Watch(board, api).run, stop), stop))
        # Three calls of a fleet may each take their deadline before the next turn of the loop.
        call_seconds = 3 * CALL_SECONDS
        tasks.create_task(loops.keep("operator", partial(reconciler.run, stop), stop, call_seconds=call_seconds))
