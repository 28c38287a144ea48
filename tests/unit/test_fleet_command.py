"""`proteus fleet why` reads what the arbitrator noted."""

from __future__ import annotations

import json
import os
from pathlib import Path

from typer.testing import CliRunner

from workbench.decisions import noted
from workbench.fleet import UNREACHABLE, app, local_url
from workbench.stack.home import Home, Running

ENTRY = (
    "1706956800000-0",
    {
        "by": "arbitrator-1",
        "mode": "SURGE",
        "decision": json.dumps(
            {
                "policy": "slo",
                "state": "DEGRADED",
                "mode": "SURGE",
                "reason": "the queue is too long",
                "batch_size": 8,
                "degraded_fraction": 0.25,
                "desired_replicas": 6,
                "ready": 4,
                "waiting": 31,
                "memory": {"rung": 2},
            }
        ),
    },
)


def test_a_noted_decision_says_when_what_and_why() -> None:
    (decision,) = noted([ENTRY])
    assert decision.at.isoformat() == "2024-02-03T10:40:00+00:00"
    assert decision.row()[1:] == (
        "slo",
        "SURGE / DEGRADED",
        "8",
        "25%",
        "4 → 6",
        "31",
        "the queue is too long",
    )
    assert "memory" not in decision.to_json()


def test_the_local_stack_says_where_its_redis_is(tmp_path: Path) -> None:
    assert local_url(tmp_path).endswith(":6379/0")
    home, environment = Home(tmp_path), {"REDIS_URL": "redis://127.0.0.1:7001/0"}
    with home.held():
        home.publish(Running(pid=os.getpid(), gateway_url="", ready=True, environment=environment))
        assert local_url(tmp_path) == "redis://127.0.0.1:7001/0"


def test_a_silent_redis_is_a_sentence_and_a_status() -> None:
    result = CliRunner().invoke(app, ["why", "--redis-url", "redis://127.0.0.1:1/0"])
    assert result.exit_code == UNREACHABLE
    assert "does not answer" in result.output
