"""`GET /v1/fleet/decisions` and `proteus fleet why` on a real gateway: the arbitrator's decisions, without Redis."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from typer.testing import CliRunner

from proteus import keys
from proteus_cli.__main__ import app


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_770_000_000 + seconds, UTC)


async def note(redis: Any, stream: str, seconds: float, **decision: Any) -> None:
    text = json.dumps({"mode": "VIP", "state": "NORMAL", "reason": "calm", "memory": {"rung": 1}, **decision})
    entry = {"by": "a1", "mode": "VIP", "decision": text}
    await redis.xadd(stream, entry, id=f"{int(at(seconds).timestamp() * 1000)}-0")


@pytest.fixture
async def record(redis: Any) -> None:
    """Decisions at 0, 10 and 20 s, one of a shadow at 5 s, and one entry that is none."""
    for seconds, policy in ((0, "table"), (10, "slo"), (20, "slo")):
        await note(redis, keys.DECISIONS, seconds, policy=policy)
    await redis.xadd(keys.DECISIONS, {"decision": "{"}, id=f"{int(at(21).timestamp() * 1000)}-0")
    await note(redis, keys.SHADOW_DECISIONS, 5, policy="table", shadow=True)


@pytest.fixture
async def operator(gateway: Any, account: Any) -> Any:
    return await account(gateway, "ops", scopes=["admin"])


async def test_decisions_are_an_operators_to_read(gateway: Any, operator: Any, record: None) -> None:
    guest = await gateway.guest()
    assert (await guest.http.get("/v1/fleet/decisions")).status_code == 403
    items = (await operator.http.get("/v1/fleet/decisions")).raise_for_status().json()["items"]
    assert [one["decision"]["policy"] for one in items] == ["table", "slo", "slo"]
    assert (items[0]["at"], items[0]["by"]) == ("2026-02-02T02:40:00.000Z", "a1")
    for wrong in ({"limit": 0}, {"limit": 1001}, {"since": "then"}):
        assert (await operator.http.get("/v1/fleet/decisions", params=wrong)).status_code == 422


async def test_why_shows_what_ruled_or_what_the_shadow_would_have_done(
    gateway: Any, operator: Any, record: None
) -> None:
    async def policies(*words: str) -> list[str]:
        where = ["fleet", "why", "--url", gateway.url, "--token", operator.token, "--json"]
        # In a thread: the gateway that it asks runs in this event loop.
        result = await asyncio.to_thread(CliRunner().invoke, app, [*where, *words])
        assert result.exit_code == 0, result.output
        assert '"memory"' not in result.stdout
        # The gateway in this process logs to the same standard output.
        lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
        return [json.loads(line)["policy"] for line in lines]

    assert await policies() == ["table", "slo", "slo"]
    assert await policies("-n", "2") == ["slo"]  # The newest entry is no decision.
    assert await policies("--since", at(5).isoformat()) == ["slo", "slo"]
    assert await policies("--shadow") == ["table"]


async def test_why_says_what_is_missing_or_wrong(gateway: Any, operator: Any) -> None:
    async def said(*words: str) -> tuple[int, str]:
        where = ["fleet", "why", "--url", gateway.url, "--token", operator.token]
        result = await asyncio.to_thread(CliRunner().invoke, app, [*where, *words])
        return result.exit_code, result.output

    status, output = await said("--shadow")
    assert (status, "ARBITRATOR_SHADOW_POLICY" in output) == (0, True)
    status, output = await said("--since", "2999-01-01")
    assert (status, "in the future" in output) == (2, True)
