"""Cancel: a job no queue holds yet ends here, a waiting one ends in its queue, a running one at its next step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog
from redis.exceptions import RedisError

from gateway.ledger.engine import Ledger
from gateway.ledger.jobs import JobRow
from gateway.recording.recorder import Recorder
from gateway.recording.transitions import fact
from proteus.jobs import OUTSIDE, EventKind
from proteus.queue import AnyQueue, Verdict

log = structlog.get_logger()


async def cancel(
    units: Sequence[JobRow], *, ledger: Ledger, queues: Mapping[str, AnyQueue], recorder: Recorder
) -> None:
    """Cancel these jobs; ended ones stay so. If Redis is away the rows keep the request, and the reconciler acts."""
    alive = [unit for unit in units if not unit.terminal]
    if not alive:
        return
    async with ledger.write() as writes:
        await writes.jobs.request_cancel([unit.id for unit in alive])
    here = [unit for unit in alive if unit.stage in OUTSIDE]
    queued = [unit for unit in alive if unit not in here]
    if queued:
        try:
            ids = [unit.id for unit in queued]
            verdicts = await queues[queued[0].kind.queue].cancel(*ids)
        except (RedisError, OSError) as error:
            log.warning("cancel_waits_for_redis", jobs=len(queued), error=str(error))
            verdicts = []
        # Refused: the queue does not have it (yet), or it ended a moment ago; the row decides.
        here += [unit for unit, verdict in zip(queued, verdicts, strict=False) if verdict is Verdict.REFUSED]
    now = datetime.now(UTC)
    await recorder.settle([fact(unit, EventKind.CANCELED, now=now) for unit in here])
