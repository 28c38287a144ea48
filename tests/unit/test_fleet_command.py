"""`proteus fleet why` shows what the arbitrator noted."""

from __future__ import annotations

import json
import os
from pathlib import Path

from typer.testing import CliRunner

from gateway.fleet.decisions import noted
from proteus_cli.decisions import Noted
from proteus_cli.fleet import app
from proteus_cli.local_stack import Running
from proteus_cli.sentences import UNREACHABLE
from workbench.replay.recorded import local_url
from workbench.stack.home import Home

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
    (entry,) = noted([ENTRY])
    decision = Noted.read({"at": entry.at.isoformat(), "by": entry.by, "decision": entry.decision})
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


def test_an_entry_that_is_no_decision_is_left_out() -> None:
    bad = [("1-0", {}), ("2-0", {"decision": "{"}), ("3-0", {"decision": "[]"}), ("x", {"decision": "{}"})]
    bad += [(f"{10**30}-0", {"decision": "{}"}), ("4-0", {"decision": "[" * 100_000})]
    assert [one.by for one in noted([*bad, ENTRY])] == ["arbitrator-1"]


def test_a_silent_gateway_is_a_sentence_and_a_status() -> None:
    result = CliRunner().invoke(app, ["why", "--url", "http://127.0.0.1:1", "--token", "t"])
    assert result.exit_code == UNREACHABLE
    assert "does not answer" in result.output
