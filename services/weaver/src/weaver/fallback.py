"""Who makes a picture that its engine's own gate does not show: the card's fallback, where a ready worker has it.

The job goes back to the queue for that engine, as a retryable failure does: its token, its attempts and its deadline
are the queue's, so it is made once. Its body still names the engine that was chosen, and so the result says that
another one made it.
"""

from __future__ import annotations

from redis.asyncio import Redis

from proteus import keys
from proteus.engines import CARDS, EngineCard, canvas_of
from proteus.keys import QueueKeys
from proteus.payloads import TryonWork
from proteus.queue import Instead
from proteus.registry import WorkerState, list_workers


async def instead_of(card: EngineCard, work: TryonWork, redis: Redis) -> Instead | None:
    """Return the engine that makes a job in this one's place; None: no worker can.

    Raises:
        RedisError: The registry cannot be read now.
    """
    other = CARDS.get(card.fallback)
    if other is None or work.garment_category not in other.categories or work.mask_mode not in other.mask_modes:
        return None
    ready = [one for one in await list_workers(redis, QueueKeys(keys.JOBS)) if one.state is WorkerState.READY]
    if not any(other.name in one.engines for one in ready):
        return None
    batch_key = other.batch_key(work.quality)
    return Instead(engine=other.name, batch_key=batch_key, canvas_key=canvas_of(batch_key))
