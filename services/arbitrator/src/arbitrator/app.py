"""The arbitrator's composition root: builds everything once, runs the loop until SIGTERM."""

from __future__ import annotations

import asyncio
from functools import partial

from redis.asyncio import Redis

from arbitrator.actuators.redis import RedisActuator
from arbitrator.fleet_judge import FleetJudge
from arbitrator.fleets.board import Board
from arbitrator.history import History
from arbitrator.loop import Loop, Metrics
from arbitrator.observe import Observer
from arbitrator.policies.contract import Policy
from arbitrator.policies.named import POLICIES
from arbitrator.policies.replicas import HoldingPolicy
from arbitrator.settings import ArbitratorSettings, Settings
from arbitrator.shadow import Shadow
from proteus import keys
from proteus.queue import JobQueue
from proteus.service.probes import probe_server
from proteus.service.supervision import Loops
from proteus.worker.runtime import worker_client


def make_policy(settings: ArbitratorSettings, *, name: str = "") -> Policy:
    """Return the policy called `name`, by default the one the settings name."""
    policy = POLICIES[name or settings.policy](settings.slo_seconds)
    return HoldingPolicy(policy, idle_seconds=settings.idle_seconds) if settings.local_replicas else policy


def make_shadow(settings: Settings, redis: Redis) -> Shadow | None:
    """Return the shadow the settings name, if they name one."""
    name = settings.arbitrator.shadow_policy
    if not name:
        return None
    return Shadow(make_policy(settings.arbitrator, name=name), redis, identity=settings.deployment.worker_id)


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run the loop until `stop`. It only reads the queue: gateways and workers reap."""
    async with worker_client(settings.redis.url) as redis:
        queue, engine, board = JobQueue(redis, keys.JOBS), settings.deployment.default_engine, Board()
        observer = Observer(redis, queue, settings.arbitrator, engine=engine)
        history = History(redis, cold_start_seconds=settings.arbitrator.cold_start_seconds)
        judge = FleetJudge(redis, queue.keys, board, settings.arbitrator, engine=engine, history=history)
        loop = Loop(
            observer,
            make_policy(settings.arbitrator),
            RedisActuator(
                redis,
                identity=settings.deployment.worker_id,
                lease_seconds=settings.arbitrator.lease_seconds,
                local_replicas=settings.arbitrator.local_replicas,
            ),
            tick_seconds=settings.arbitrator.tick_seconds,
            metrics=Metrics(),
            shadow=make_shadow(settings, redis),
            fleets=lambda: judge.declared(observer.readings, leading=loop.leading),
        )
        loops = Loops()
        probes = probe_server(
            settings.probe.port, host=settings.probe.host, not_ready=loop.not_ready, overdue=loops.overdue
        )
        async with probes, asyncio.TaskGroup() as tasks:
            tasks.create_task(loops.keep("tick", partial(loop.run, stop), stop))
            if settings.operator.enabled:
                from arbitrator.operator.running import operate  # kopf: only where there is an API server.

                tasks.create_task(operate(settings.operator, board, loops, stop))
