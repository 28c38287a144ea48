"""An operator that runs in a test, and the objects that it follows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from arbitrator.fleets.board import Board
from arbitrator.operator.api import KubernetesApi
from arbitrator.operator.reconciler import Reconciler
from arbitrator.operator.watch import Watch
from kubernetes_double import KubernetesDouble
from proteus.service.supervision import Loops
from waiting import until as until_awaited

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


async def until(condition: Callable[[], Any]) -> None:
    async def asked() -> Any:
        return condition()

    await until_awaited(asked)


class Operator:
    """A running operator: its board, and a clock that a test sets."""

    def __init__(self) -> None:
        self.board = Board()
        self.now = NOON
        self.loops = Loops(first_pause_seconds=0.05)

    @asynccontextmanager
    async def running(self, double: KubernetesDouble, account: Path) -> AsyncIterator["Operator"]:
        stop = asyncio.Event()
        async with KubernetesApi(double.url, account) as api, asyncio.TaskGroup() as tasks:
            watch = Watch(self.board, api)
            reconciler = Reconciler(api, self.board, every_seconds=0.2, now=lambda: self.now)
            tasks.create_task(self.loops.keep("watch", lambda pulse: watch.run(stop, pulse), stop))
            tasks.create_task(self.loops.keep("operator", lambda pulse: reconciler.run(stop, pulse), stop))
            await until(lambda: double.watchers)
            try:
                yield self
            finally:
                stop.set()


def fleet(name: str = "weaver", **spec: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": "demo", "app.kubernetes.io/component": name}
    return {
        "apiVersion": "proteus.dev/v1alpha1",
        "kind": "WeaverFleet",
        "metadata": {"name": name, "labels": labels},
        "spec": {"deployment": f"demo-{name}", "selector": labels} | spec,
    }


def pod(name: str, component: str = "weaver", started: str = "2026-11-27T11:30:00Z") -> dict[str, Any]:
    labels = {"app.kubernetes.io/instance": "demo", "app.kubernetes.io/component": component}
    status = {"phase": "Running", "startTime": started, "conditions": [{"type": "Ready", "status": "True"}]}
    return {"metadata": {"name": name, "labels": labels, "creationTimestamp": started}, "status": status}


def condition(double: KubernetesDouble, kind: str, name: str = "weaver") -> dict[str, Any]:
    body = double.get("weaverfleets", name) or {}
    found = [one for one in body.get("status", {}).get("conditions", []) if one["type"] == kind]
    return found[0] if found else {}
