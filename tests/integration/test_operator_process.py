"""An arbitrator as a process that owns a fleet: from the queue to the object in the cluster, and its end on SIGTERM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubernetes_double import KubernetesDouble, serving
from proteus import keys
from workbench.deploy.crd import crd

if TYPE_CHECKING:
    from conftest import Fleet  # type: ignore[import-not-found]

LABELS = {"app.kubernetes.io/component": "weaver"}
BODY = {
    "metadata": {"name": "shop-weaver", "labels": LABELS},
    "spec": {"deployment": "shop-weaver", "selector": LABELS, "minReplicas": 0},
}


async def test_waiting_work_becomes_a_number_for_keda_and_a_status_that_says_why(fleet: Fleet, tmp_path: Path) -> None:
    async with serving(KubernetesDouble(crd()), tmp_path) as double:
        arbitrator = fleet.start(
            "arbitrator",
            "a1",
            ARBITRATOR_TICK_SECONDS="0.1",
            OPERATOR_ENABLED="1",
            OPERATOR_API_SERVER=double.url,
            OPERATOR_ACCOUNT_DIR=str(tmp_path),
            OPERATOR_EVERY_SECONDS="0.2",
        )
        double.create(BODY)

        def status() -> dict[str, Any]:
            return (double.get("weaverfleets", "shop-weaver") or {}).get("status") or {}

        async def at_rest() -> bool:
            return status().get("wantedReplicas") == 0

        await fleet.until(at_rest, what="the fleet is known and wants nothing")
        assert double.get("scaledobjects", "shop-weaver")["spec"]["minReplicaCount"] == 0
        await fleet.submit(*[f"d{n}" for n in range(12)])

        async def awake() -> bool:
            return (status().get("wantedReplicas") or 0) > 0

        await fleet.until(awake, what="waiting work wakes the fleet")
        assert await fleet.redis.scard(keys.weavers_wanted("shop-weaver")) == status()["wantedReplicas"] + 1
        assert (status()["waiting"], status()["mode"]) == (12, "ECONOMY")
        assert status()["reason"]
        assert arbitrator.stop() == 0


async def test_a_server_that_never_answers_keeps_the_queue_served_and_the_process_alive(
    fleet: Fleet, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("shop")
    arbitrator = fleet.start(
        "arbitrator",
        "a1",
        ARBITRATOR_TICK_SECONDS="0.1",
        OPERATOR_ENABLED="1",
        OPERATOR_API_SERVER="http://127.0.0.1:9",
        OPERATOR_ACCOUNT_DIR=str(tmp_path),
    )
    await fleet.submit(*[f"d{n}" for n in range(12)])

    async def so() -> bool:
        return await fleet.redis.get(keys.BATCH_SIZE) == "4"

    await fleet.until(so, what="the batch size follows the queue")
    assert arbitrator.stop() == 0
