"""The real Prometheus fires each alert in the hour it is for, and none in an ordinary one.

`promtool` comes with Debian's package `prometheus`. A case is an hour or more of samples, one a minute; what fires is
asked of Prometheus' own series ALERTS, so that a case also says what stays silent.
"""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry

from arbitrator.loop import Metrics as ArbitratorMetrics
from tailor.metrics import Metrics as TailorMetrics
from weaver.metrics import Metrics as WeaverMetrics

from .conftest import CHART, ROOT

PROMTOOL = shutil.which("promtool")
RULES = [rule for group in yaml.safe_load((CHART / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]

FOREIGN = {
    "up": "Prometheus",
    "keda_scaled_object_errors_total": "KEDA's operator",
    "kubelet_volume_stats_available_bytes": "the kubelet",
    "kubelet_volume_stats_capacity_bytes": "the kubelet",
    "kube_cronjob_status_last_successful_time": "kube-state-metrics",
}
"""Metrics that are not ours, and whose they are."""

GATEWAY = 'instance="gateway:9100",namespace="proteus"'
PICTURES = "proteus_gateway_pictures_total"
JOBS, TAILOR = "queue:jobs", "tailorJob"
HOUR = 60

Series = dict[str, str]


def gateway(name: str, **labels: str) -> str:
    more = "".join(f',{key}="{value}"' for key, value in labels.items())
    return f"{name}{{{GATEWAY}{more}}}"


def pictures(outcome: str) -> str:
    return gateway(PICTURES, outcome=outcome)


def depth(queue: str, place: str) -> str:
    return gateway("proteus_queue_depth_jobs", queue=queue, place=place)


def errors(metric: str, loop: str, instance: str) -> str:
    return f'{metric}{{instance="{instance}",loop="{loop}"}}'


STUCK = 'proteus_loop_stuck_ratio{instance="weaver:9100",loop="heartbeat"}'
LEADER = 'proteus_arbitrator_leader{instance="arbitrator:9100"}'
WANTED = 'proteus_arbitrator_desired_replicas{instance="arbitrator:9100"}'
WEAVERS = gateway("proteus_fleet_weavers_count")
OLDEST = gateway("proteus_queue_oldest_wait_seconds", queue=JOBS)
KEDA = 'up{job="keda-operator",instance="keda:8080"}'
SCALED = 'keda_scaled_object_errors_total{namespace="proteus",scaledObject="proteus-weaver"}'
FREE = 'kubelet_volume_stats_available_bytes{namespace="proteus",persistentvolumeclaim="postgres"}'
WHOLE = FREE.replace("available", "capacity")
STORED, NOT_STORED = (
    f'proteus_storage_calls_total{{instance="weaver:9100",outcome="{o}"}}' for o in ("answered", "failed")
)
USED, WASTED = (f'proteus_weaver_{w}seconds_total{{instance="weaver:9100"}}' for w in ("engine_", "wasted_engine_"))
BACKUP = 'kube_cronjob_status_last_successful_time{namespace="proteus",cronjob="proteus-backup"}'

CALM: Series = {
    gateway("proteus_gateway_held_jobs"): "0x600",
    pictures("in_time"): "0+10x600",
    pictures("late"): "0x600",
    pictures("failed"): "0x600",
    pictures("rejected"): "0x600",
    depth(JOBS, "waiting"): "2x600",
    depth(JOBS, "running"): "3x600",
    depth(JOBS, "dead"): "0x600",
    OLDEST: "4x600",
    WEAVERS: "2x600",
    WANTED: "2x600",
    LEADER: "1x600",
    STUCK: "0x600",
    KEDA: "1x600",
    SCALED: "0x600",
    FREE: "60x600",
    WHOLE: "100x600",
    STORED: "0+60x600",
    NOT_STORED: "0x600",
    USED: "0+30x600",
    WASTED: "0x600",
    BACKUP: "0x600",
    gateway("proteus_gateway_record_seconds_bucket", le="0.05"): "0+60x600",
    gateway("proteus_gateway_record_seconds_bucket", le="30"): "0+60x600",
    gateway("proteus_gateway_record_seconds_bucket", le="+Inf"): "0+60x600",
    gateway("proteus_gateway_events_set_aside_total", queue=JOBS): "0x600",
    gateway("proteus_gateway_facts_refused_total", kind="overdue"): "0x600",
    gateway("proteus_webhook_overdue_seconds"): "3x600",
    gateway("proteus_webhook_endpoints_disabled_total", reason="gone"): "0x600",
}
"""A calm day: ten pictures and sixty calls of the store in a minute."""

ORDINARY: dict[str, Series] = {
    "calm": {},
    "a cold start and twenty bad selfies": {
        # Nobody for ten minutes; then the node is there, what waited comes late, and KEDA fails a few times on the way.
        pictures("in_time"): "0x11 0+2x100",
        pictures("late"): "0x9 5 10 15 20x100",
        pictures("rejected"): "0x9 0+5x3 20x100",
        depth(JOBS, "waiting"): "0 4 8 12 16 20x5 10 0x100",
        depth(JOBS, "running"): "0x9 4x100",
        OLDEST: "0 60+60x8 30 0x100",
        WEAVERS: "0x4 1x100",
        WANTED: "0 1x100",
        SCALED: "0 1 2 3x100",
        gateway("proteus_loop_errors_total", loop="fleet"): "0x100",
    },
    "a restart of everything": {
        pictures("in_time"): "0+10x29 _x2 0+10x60",
        pictures("late"): "0x29 _x2 8x60",
        pictures("failed"): "0x29 _x2 1x60",
        depth(JOBS, "running"): "3x29 _x2 0x2 3x60",
        OLDEST: "4x29 _x2 120 60 4x60",
        LEADER: "1x29 _x2 0 1x60",
        WEAVERS: "2x29 _x2 0x2 2x60",
        NOT_STORED: "0x29 5 10 12x60",
        KEDA: "1x29 0x2 1x60",
        errors("proteus_gateway_loop_errors_total", "recorder", "gateway:9100"): "0x29 _x2 8x60",
        errors("proteus_loop_errors_total", "work", "weaver:9100"): "0x29 _x2 8x60",
        depth(JOBS, "dead"): "0x31 1x60",
        gateway("proteus_webhook_overdue_seconds"): "3x29 _x2 200 3x60",
    },
    "a quiet night with one late picture": {
        pictures("in_time"): "0x60",
        pictures("late"): "0x30 1x60",
        depth(JOBS, "waiting"): "0x60",
        depth(JOBS, "running"): "0x60",
        STORED: "0x60",
        NOT_STORED: "0x60",
        WANTED: "0x60",
        WEAVERS: "0x60",
        USED: "0x60",
    },
}

INCIDENTS: dict[str, tuple[set[str], int, Series]] = {
    "pictures late": (
        {"ProteusPicturesLateFast", "ProteusPicturesLate"},
        HOUR,
        {pictures("in_time"): "0+2x60", pictures("late"): "0+10x60"},
    ),
    "pictures late for hours": (
        {"ProteusPicturesLate"},
        6 * HOUR,
        {pictures("in_time"): "0+6x400", pictures("late"): "0+4x400"},
    ),
    "late pictures that are over": ({"ProteusPicturesLate"}, 75, {pictures("late"): "0+100x60 6000x60"}),
    "pictures fail": (
        {"ProteusPicturesFailFast", "ProteusPicturesFail"},
        HOUR,
        {pictures("failed"): "0+3x60"},
    ),
    "pictures fail for hours": ({"ProteusPicturesFail"}, 6 * HOUR, {pictures("failed"): "0+1x400"}),
    "too few weavers": ({"ProteusPicturesWaitTooLong"}, HOUR, {OLDEST: "4x30 900+60x60"}),
    "no weaver": (
        {"ProteusNoWorker"},
        HOUR,
        {depth(JOBS, "running"): "3x20 0x60", WEAVERS: "2x20 0x60", WANTED: "0x60"},
    ),
    "no tailor": ({"ProteusNoWorker"}, HOUR, {depth(TAILOR, "waiting"): "1x60", depth(TAILOR, "running"): "0x60"}),
    "KEDA is not there": ({"ProteusKedaAway"}, HOUR, {KEDA: "1x30 0x60"}),
    "KEDA cannot count": ({"ProteusKedaAway"}, HOUR, {SCALED: "0x30 0+2x60"}),
    "KEDA is away and not scraped": ({"ProteusFleetTooSmall"}, HOUR, {WANTED: "2x20 6x60"}),
    "store away": ({"ProteusStoreAway"}, HOUR, {STORED: "0+60x50 3000x60", NOT_STORED: "0x50 0+3x60"}),
    "disk full": ({"ProteusDiskFull"}, HOUR, {FREE: "4x60"}),
    "disk fills": ({"ProteusDiskFills"}, 6 * HOUR, {FREE: "30-0.05x400"}),
    "dead letters": ({"ProteusDeadLetters"}, HOUR, {depth(JOBS, "dead"): "0x50 0+1x60"}),
    "recorder behind": (
        {"ProteusRecorderBehind"},
        HOUR,
        {gateway("proteus_gateway_record_seconds_bucket", le="0.05"): "0+30x60"},
    ),
    "an event set aside": (
        {"ProteusEventsSetAside"},
        HOUR,
        {gateway("proteus_gateway_events_set_aside_total", queue=JOBS): "0x55 1x60"},
    ),
    "a fact refused": (
        {"ProteusEventsSetAside"},
        HOUR,
        {gateway("proteus_gateway_facts_refused_total", kind="overdue"): "0x55 1x60"},
    ),
    "a dead loop": ({"ProteusLoopStuck"}, HOUR, {STUCK: "0x50 1x2 _ 0x60"}),
    "a gateway's loop fails": (
        {"ProteusGatewayLoopFails"},
        HOUR,
        {
            errors("proteus_gateway_loop_errors_total", "recorder", "gateway:9100"): "0+30x60",
            errors("proteus_loop_errors_total", "recorder", "gateway:9100"): "0+30x60",
        },
    ),
    "a worker's loop fails": (
        {"ProteusWorkerLoopFails"},
        HOUR,
        {errors("proteus_loop_errors_total", "work", "weaver:9100"): "0+30x60"},
    ),
    "no arbitrator leads": ({"ProteusNoArbitrator"}, HOUR, {LEADER: "1x50 0x60"}),
    "no arbitrator is there": ({"ProteusNoArbitrator"}, HOUR, {LEADER: "1x40 _x60"}),
    "engines work for nobody": ({"ProteusEngineSecondsWasted"}, 2 * HOUR, {WASTED: "0+3x120"}),
    "webhooks wait": ({"ProteusWebhooksOverdue"}, HOUR, {gateway("proteus_webhook_overdue_seconds"): "3x30 901+60x60"}),
    "an endpoint is gone": (
        {"ProteusWebhookEndpointDisabled"},
        HOUR,
        {gateway("proteus_webhook_endpoints_disabled_total", reason="gone"): "0x50 1x60"},
    ),
    "no backup": ({"ProteusBackupOld"}, HOUR, {BACKUP: "-180000x60"}),
}
"""Incident -> what fires, after how many minutes, and in what it differs from a calm day."""


def case(changes: Series, fired: set[str], *, minute: int, query: str) -> dict[str, Any]:
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in (CALM | changes).items()],
        "promql_expr_test": [
            {
                "expr": query,
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(fired)],
            }
        ],
    }


NOW = 'group by (alertname) (ALERTS{alertstate="firing"})'
EVER = 'group by (alertname) (max_over_time(ALERTS{alertstate="firing"}[24h]))'


def check(tmp_path: Path, cases: list[dict[str, Any]], *, minutes: int) -> None:
    """Run the cases; Prometheus judges its rules every so many minutes."""
    if PROMTOOL is None:
        pytest.skip("promtool is not installed here: apt-get install prometheus")
    (tmp_path / "alerts.yaml").write_text((CHART / "alerts.yaml").read_text())
    (tmp_path / "cases.yaml").write_text(
        yaml.safe_dump({"rule_files": ["alerts.yaml"], "evaluation_interval": f"{minutes}m", "tests": cases})
    )
    done = subprocess.run(
        [PROMTOOL, "test", "rules", "cases.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_incident_fires_its_alert_and_no_other(tmp_path: Path) -> None:
    check(
        tmp_path, [case(changes, fired, minute=at, query=NOW) for fired, at, changes in INCIDENTS.values()], minutes=5
    )


def test_an_ordinary_hour_fires_nothing(tmp_path: Path) -> None:
    check(tmp_path, [case(changes, set(), minute=HOUR, query=EVER) for changes in ORDINARY.values()], minutes=1)


def test_every_alert_has_an_incident_that_fires_it() -> None:
    assert set().union(*(fired for fired, _, _ in INCIDENTS.values())) == {rule["alert"] for rule in RULES}


def test_every_alert_has_one_name_a_severity_and_a_page_in_the_runbook() -> None:
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md", rule["alert"]
        assert anchor in anchors, rule["alert"]


def exported() -> set[str]:
    """Every name of a sample that the services export, from their own registries."""
    importlib.import_module("gateway.metrics")
    apart = [CollectorRegistry() for _ in range(3)]
    for made, registry in zip((ArbitratorMetrics, TailorMetrics, WeaverMetrics), apart, strict=True):
        made(registry)
    return set(chain.from_iterable(map(names, (REGISTRY, *apart))))


def names(registry: CollectorRegistry) -> Iterator[str]:
    for metric in registry.collect():
        yield metric.name + {"counter": "_total", "histogram": "_bucket"}.get(metric.type, "")


def test_every_metric_of_a_rule_is_exported() -> None:
    words = {word for rule in RULES for word in re.findall(r"\b[a-z]+_[a-z_]+\b|\bup\b", rule["expr"])}
    functions = {"histogram_quantile", "max_over_time", "predict_linear"}
    labels = {"job", "queue", "place"}
    ours = {word for word in words if word.startswith("proteus_")}
    assert ours <= exported()
    assert words - ours - functions - labels == set(FOREIGN)
