"""`make bench-depth`: what a call of the queue costs Redis while 100 to 20,000 jobs wait, and what a job weighs there.

One Valkey with the product's durability; the jobs are submissions with payloads and bodies of real size, some in the
middle of another engine. A call's cost is the server's own CPU clock (INFO cpu, main thread) over many calls, so other
load on the machine hardly counts. Each pair of calls leaves the depth as it was. Figures for people go to standard
error, one line of JSON ends standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis

from proteus import redis_client
from proteus.jobs import JobId, WorkerId
from proteus.keys import JOBS
from proteus.queue import Completion, JobQueue, Submission
from workbench.stack.ports import free_port
from workbench.stack.process import Process
from workbench.stack.valkey import Valkey

DEPTHS: Final = (100, 1_000, 5_000, 20_000)
CALLS: Final = 300
WORKER: Final = WorkerId("bench")
BODY: Final = {
    **dict.fromkeys(("user_id", "vton_id", "trace_id", "result_url", "quality", "garment_category"), "0" * 36),
    **dict.fromkeys(("person_key", "garment_key"), "0" * 90),
    **{"job_type": "tryon", "n": 1, "engine": "catvton", "seed": 1, "output_format": "png", "options": {}},
}
"""As much as the gateway writes."""


def order(name: str, *, engine: str = "catvton") -> Submission:
    """Return a submission like the gateway's."""
    payload = {
        "id": f"job_{name}",
        "user_photo_url": "/v1/images/" + "0" * 40,
        "cloth_clean_url": "/v1/images/" + "1" * 40,
    }
    key = f"{engine}/1/768x1024/20"
    return Submission(id=JobId(f"job_{name}"), epoch=1, payload=payload, body=BODY, engine=engine, batch_key=key)


class Depth:
    """A queue in which so many jobs wait, and the calls that are measured there."""

    def __init__(self, redis: Redis, depth: int) -> None:
        self._redis = redis
        self._queue = JobQueue(redis, JOBS)
        self._depth = depth
        self._calls = min(CALLS, depth // 5)
        self._made = 0

    async def fill(self) -> float:
        """Fill the queue; return the bytes that a waiting job takes."""
        await self._redis.flushdb()
        await self._queue.submit(order("first"))  # With it come the scripts and the queue's own keys.
        before = await self._memory()
        half, calls = self._depth // 2, self._calls
        others = range(half + calls + 1, half + 2 * calls + 2)  # Beyond those that are cancelled.
        await self._queue.submit(
            *[order(f"{n:06}", engine="fashn" if n in others else "catvton") for n in range(self._depth)]
        )
        return (await self._memory() - before) / self._depth

    async def figures(self) -> dict[str, float]:
        """Return server microseconds per call."""
        half = self._depth // 2
        return {
            "submit, and cancel at the tail": await self._cost(self._submit_and_cancel),
            "submit, and cancel at the head": await self._cost(self._cancel_at(0)),
            "submit, and cancel in the middle": await self._cost(self._cancel_at(half)),
            "submit, claim, complete": await self._cost(self._claim_and_complete),
            "submit, claim from the middle": await self._cost(self._claim_behind_others),
            "claim of an engine that nothing waits for": await self._cost(self._claim_nothing),
            "the numbers of the queue": await self._cost(self._queue.stats),
        }

    async def _cost(self, call: Callable[[], Awaitable[Any]]) -> float:
        await call()
        before = await self._cpu()
        for _ in range(self._calls):
            await call()
        return (await self._cpu() - before) / self._calls * 1e6

    async def _submit_and_cancel(self) -> None:
        one = await self._submit()
        await self._queue.cancel(one)

    def _cancel_at(self, place: int) -> Callable[[], Awaitable[None]]:
        ids = iter(range(place, self._depth))

        async def cancel() -> None:
            await self._submit()
            await self._queue.cancel(JobId(f"job_{next(ids):06}"))

        return cancel

    async def _claim_and_complete(self) -> None:
        await self._submit()
        [job] = (await self._queue.claim(WORKER, free=1, engines=["catvton"])).jobs
        await self._queue.complete(WORKER, [Completion(id=job.id, token=job.token, result={"result_key": "0" * 90})])

    async def _claim_behind_others(self) -> None:
        await self._submit()
        [_job] = (await self._queue.claim(WORKER, free=1, engines=["fashn"])).jobs

    async def _claim_nothing(self) -> None:
        await self._queue.claim(WORKER, free=8, engines=["classic"])

    async def _submit(self) -> JobId:
        self._made += 1
        one = order(f"more_{self._made}")
        await self._queue.submit(one)
        return one.id

    async def _cpu(self) -> float:
        found: dict[str, Any] = await self._redis.info("cpu")
        return float(found["used_cpu_user_main_thread"]) + float(found["used_cpu_sys_main_thread"])

    async def _memory(self) -> int:
        found: dict[str, Any] = await self._redis.info("memory")
        return int(found["used_memory"])


async def measure(url: str, depths: tuple[int, ...]) -> dict[int, dict[str, float]]:
    """Return depth -> call -> server microseconds, and the bytes of a waiting job."""
    found = {}
    async with redis_client.client(url, decode_responses=True) as redis:
        for depth in depths:
            print(f"{depth:,} jobs wait", file=sys.stderr, flush=True)
            queue = Depth(redis, depth)
            weight = await queue.fill()
            found[depth] = await queue.figures() | {"bytes of a waiting job": weight}
    return found


def table(found: dict[int, dict[str, float]]) -> str:
    """Return the figures as a table of Markdown."""
    first, *_ = found.values()
    lines = ["| | " + " | ".join(f"{depth:,}" for depth in found) + " |", "|---|" + "---|" * len(found)]
    for call in first:
        lines.append(f"| {call} | " + " | ".join(f"{figures[call]:,.0f}" for figures in found.values()) + " |")
    return "\n".join(lines)


def main() -> None:
    """Start a server with the product's durability, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--depths", type=int, nargs="+", default=DEPTHS, help="how many jobs wait")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        server = Valkey(Path(temporary) / "valkey", port=free_port(), durable=True)
        server.prepare()
        process = Process(server.program(), log=Path(temporary) / "valkey.log")
        try:
            process.wait_ready()
            found = asyncio.run(measure(server.url, tuple(options.depths)))
        finally:
            process.kill()
            process.stop()
    print(table(found), file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
