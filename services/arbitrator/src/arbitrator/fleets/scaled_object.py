"""The ScaledObject of a fleet: the fields that the operator owns, as a manifest for server-side apply. Pure.

It equals the chart's (`proteus.scaledObjectSpec`) for the same values, so that adopting a fleet changes nothing that
KEDA acts on. A test renders both. What is not in the manifest belongs to others: a person may set it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.spec import GROUP, KIND, VERSION, FleetSpec, Form
from proteus import keys

FIELD_MANAGER: Final = "proteus-arbitrator"
PAUSED: Final = "autoscaling.keda.sh/paused"
HELD: Final = "autoscaling.keda.sh/paused-replicas"
HELM: Final = "meta.helm.sh/"
"""Helm takes an object into its release only with its own annotations and label: they are copied from the fleet."""

_QUEUE: Final = keys.QueueKeys(keys.JOBS)


@dataclass(frozen=True, kw_only=True)
class FleetObject:
    """A WeaverFleet's metadata, as far as it is needed."""

    name: str
    namespace: str
    uid: str
    generation: int = 0
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def scaled_object(fleet: FleetObject, spec: FleetSpec, bounds: Bounds) -> dict[str, Any]:
    """Return the manifest. Applying the same one twice changes nothing."""
    annotations = {name: value for name, value in fleet.annotations.items() if name.startswith(HELM)}
    if bounds.held is not None:
        annotations[HELD] = str(bounds.held)
    elif bounds.paused:
        annotations[PAUSED] = "true"
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {
            "name": spec.deployment,
            "namespace": fleet.namespace,
            "labels": dict(fleet.labels),
            "annotations": annotations,
            "ownerReferences": [
                {
                    "apiVersion": f"{GROUP}/{VERSION}",
                    "kind": KIND,
                    "name": fleet.name,
                    "uid": fleet.uid,
                    "controller": True,
                    # True would need a right on weaverfleets/finalizers; the garbage collector works without.
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": _spec(fleet.name, spec, bounds),
    }


def _spec(name: str, spec: FleetSpec, bounds: Bounds) -> dict[str, Any]:
    # While the fleet is closed its annotation holds it at 0; KEDA wants a maximum all the same.
    most = max(bounds.max_replicas, 1)
    made: dict[str, Any] = {
        "scaleTargetRef": {"name": spec.deployment, "envSourceContainerName": spec.container},
        "cooldownPeriod": spec.scaling.cooldown_seconds,
        "minReplicaCount": bounds.min_replicas,
        "maxReplicaCount": most,
        "fallback": {
            "failureThreshold": 3,
            "replicas": max(1, bounds.min_replicas),
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behaviour()}},
        "triggers": [_trigger(trigger, list_name, length, spec) for trigger, list_name, length in _counted(name, spec)],
    }
    if bounds.min_replicas == 0:
        made["pollingInterval"] = spec.scaling.polling_interval_seconds
    if spec.scaling.form is not Form.PLAIN:
        made["advanced"]["scalingModifiers"] = {
            "formula": formula(spec),
            "target": "1",
            "activationTarget": "0",
            "metricType": "AverageValue",
        }
    return made


def formula(spec: FleetSpec) -> str:
    """Return KEDA's expression for the number of pods."""
    waiting = " + ".join(trigger for trigger, _ in _waiting(spec))
    counted = f"max([({waiting} + retry + inflight) / {spec.jobs_per_pod}.0, busy])"
    return f"wanted > 0 ? wanted - 1 : {counted}" if spec.scaling.form is Form.SIGNAL else counted


def _waiting(spec: FleetSpec) -> list[tuple[str, str]]:
    """Return (trigger, key) of what waits: the whole list, or the index of each of the fleet's engines."""
    if not spec.engines or spec.scaling.form is Form.PLAIN:
        return [("jobs", _QUEUE.list)]
    return [(f"jobs_{number}", _QUEUE.index(engine)) for number, engine in enumerate(spec.engines)]


def _counted(name: str, spec: FleetSpec) -> Iterator[tuple[str, str, int]]:
    """Yield (trigger, key, length).

    Retries, leases and busy workers are counted for all engines: while the arbitrator is silent a fleet may have pods
    too many, and never stops one that works.
    """
    per_pod = spec.jobs_per_pod
    for trigger, key in _waiting(spec):
        yield trigger, key, per_pod
    if spec.scaling.form is not Form.PLAIN:
        yield "retry", _QUEUE.retry, per_pod
        yield "inflight", _QUEUE.leases, per_pod
        yield "busy", _QUEUE.busy, 1
    if spec.scaling.form is Form.SIGNAL:
        yield "wanted", keys.weavers_wanted(name), 1


def _trigger(name: str, list_name: str, length: int, spec: FleetSpec) -> dict[str, Any]:
    metadata = {"listName": list_name, "listLength": str(length)}
    primary = spec.redis.sentinel_primary
    if primary:
        metadata |= {"addressesFromEnv": "REDIS_ADDR", "sentinelMaster": primary}
    else:
        metadata["addressFromEnv"] = "REDIS_ADDR"
    if spec.redis.tls:
        metadata["enableTLS"] = "true"
    made: dict[str, Any] = {"type": "redis-sentinel" if primary else "redis", "name": name, "metadata": metadata}
    if spec.redis.authentication:
        made["authenticationRef"] = {"name": spec.redis.authentication}
    return made


def _behaviour() -> dict[str, Any]:
    """Return the HPA's behaviour: up at once, down by one pod per two minutes after ten (docs/contract.md)."""
    return {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "policies": [
                {"type": "Percent", "value": 100, "periodSeconds": 30},
                {"type": "Pods", "value": 4, "periodSeconds": 30},
            ],
        },
        "scaleDown": {
            "stabilizationWindowSeconds": 600,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 120}],
        },
    }
