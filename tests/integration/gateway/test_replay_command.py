"""`proteus replay` against a real gateway: a recorded run is played again, and what is missing is said."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from proteus import keys
from proteus.jobs import WorkerId
from proteus.keys import QueueKeys
from proteus.registry import WorkerCard, WorkerState, register
from proteus_cli.__main__ import app
from workbench.stack.postgres import psql

KEY, CHEAP = "timed/1/384x512/8", "timed/1/384x512/3"
COSTS = {size: 2.0 + 0.1 * (size - 1) for size in range(1, 9)}
PICTURES = 240

# Ten minutes ago one worker began to take one picture at a time, at 2 s each, while one arrived every second.
START = datetime.now(UTC) - timedelta(minutes=10)


def write_run(database_url: str, pictures: int) -> None:
    """Write the rows that the run would have left."""
    values = []
    for n in range(pictures):
        ready, started = START + timedelta(seconds=n + 1), START + timedelta(seconds=2 * n + 1)
        times = ", ".join(f"'{at.isoformat()}'" for at in (ready, ready, started, started + timedelta(seconds=2)))
        values.append(
            f"('job_{n}', 'tryon', 'u', 'shop', 'completed', 'timed', '{KEY}', '{CHEAP}', 't', "
            f"'{{\"degraded\": false}}', {times})"
        )
    psql(database_url, "INSERT INTO users (id, kind, tenant) VALUES ('u', 'guest', 'shop')")
    psql(
        database_url,
        "INSERT INTO jobs (id, kind, user_id, tenant, state, engine, batch_key, degraded_batch_key, trace_id, result,"
        f" created_at, updated_at, started_at, finished_at) VALUES {', '.join(values)}",
    )


@pytest.fixture
async def fleet(redis) -> None:
    """One weaver that has measured its costs, under policy `table` since before the run."""
    costs = {KEY: {str(size): seconds for size, seconds in COSTS.items()}}
    card = WorkerCard(id=WorkerId("w1"), state=WorkerState.READY, engines=("timed",), seconds_per_batch=costs)
    await register(redis, QueueKeys(keys.JOBS), card)
    decision = json.dumps({"policy": "table", "ready": 1})
    before = int((START - timedelta(minutes=1)).timestamp() * 1000)
    await redis.xadd(keys.DECISIONS, {"by": "a1", "mode": "VIP", "decision": decision}, id=f"{before}-0")


@pytest.fixture
async def replay(gateway, account, redis_url):
    """Runs the command; returns its status and what it said."""
    token = (await account(gateway, "ops", scopes=["admin"])).token

    async def run(*words: str, token: str = token, redis_url: str = redis_url, since: datetime = START):
        where = ["--url", gateway.url, "--token", token, "--redis-url", redis_url, "--since", since.isoformat()]
        # In a thread: the gateway that it asks runs in this event loop.
        return await asyncio.to_thread(CliRunner().invoke, app, ["replay", *where, *words])

    return run


@pytest.mark.long
async def test_another_policy_is_set_beside_what_ruled_and_what_was_measured(
    gateway, gateway_settings, fleet, replay
) -> None:
    write_run(database_url(gateway_settings), PICTURES)
    end = START + timedelta(seconds=PICTURES + 10)
    result = await replay("--policy", "slo", "--until", end.isoformat(), "--json", "--replicas", "1")
    assert result.exit_code == 0, result.output
    made = comparison(result.stdout)
    assert (made["pictures"], made["policy"], made["ruled"], made["notes"]) == (PICTURES, "slo", "table", [])
    # One a second against one every two seconds: picture n waited n seconds and was done two later.
    assert made["measured"]["wait_p50"] == pytest.approx((PICTURES - 1) / 2, abs=0.01)
    assert made["measured"]["goodput"] == pytest.approx(11 / PICTURES, abs=0.001)
    # Policy `table` would have batched beyond a depth of ten: the worker that did not shows as a distance.
    table, slo = made["simulated"]["table"], made["simulated"]["slo"]
    assert made["wait_p95_error_seconds"] == pytest.approx(made["measured"]["wait_p95"] - table["wait_p95"], abs=0.01)
    assert made["wait_p95_error_seconds"] > 100
    assert slo["wait_p95"] < table["wait_p95"] < 30
    assert slo["cost_per_1000"] == pytest.approx(1000 / (PICTURES * slo["goodput"]), rel=0.01)
    assert "simulated slo" in result.stderr
    assert "smaller differences mean nothing" in result.stderr


async def test_the_table_is_for_people_and_uses_what_the_weavers_measured(
    gateway, gateway_settings, fleet, replay
) -> None:
    write_run(database_url(gateway_settings), 30)
    result = await replay("--policy", "table")
    assert result.exit_code == 0, result.output
    assert "30 pictures" in result.stdout
    assert "t(1): 2.00 s" in result.stdout
    assert "measured (table)" in result.stdout
    assert "simulated slo" not in result.stdout


async def test_a_record_without_decisions_is_played_and_the_doubt_is_told(
    gateway, gateway_settings, replay, tmp_path
) -> None:
    write_run(database_url(gateway_settings), 30)
    file = tmp_path / "t-b.json"
    file.write_text(json.dumps({"normal": {"1": 2.0}}))
    result = await replay("--policy", "table", "--t-b", str(file), "--replicas", "1", "--json")
    assert result.exit_code == 0, result.output
    made = comparison(result.stdout)
    assert made["ruled"] == "slo"
    assert "no decision of this period is noted" in made["notes"][0]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--policy", "slo"], 1, "Only 5 pictures could be queued"),
        (["--policy", "slo", "--until", (START + timedelta(seconds=0.5)).isoformat()], 1, "No picture could be queued"),
        (["--policy", "greedy"], 2, "'greedy' is not one of table, slo"),
        (["--policy", "slo", "--since", "2999-01-01"], 2, "in the future"),
        (["--policy", "slo", "--since", "whenever"], 2, "is no time"),
        (["--policy", "slo", "--since", "5s"], 2, "have not had their time"),
        (["--policy", "slo", "--until", "1h"], 2, "is not after"),
        (["--policy", "slo", "--max-replicas", "1", "--min-replicas", "2"], 2, "below --min-replicas"),
        (["--policy", "slo", "--redis-url", "redis://127.0.0.1:1/0"], 3, "Redis does not answer"),
        (["--policy", "slo", "--url", "http://127.0.0.1:1"], 3, "does not answer"),
        (["--policy", "slo", "--token", "not-one"], 4, "access token"),
    ],
)
async def test_what_cannot_be_replayed_is_a_sentence_and_a_status(
    gateway, gateway_settings, fleet, replay, words, status, said
) -> None:
    write_run(database_url(gateway_settings), 5)
    result = await replay(*words)
    assert result.exit_code == status, result.output
    assert said in " ".join(result.output.replace("│", " ").split())


async def test_a_batch_key_that_nobody_measured_is_not_guessed(gateway, gateway_settings, redis, replay) -> None:
    write_run(database_url(gateway_settings), 30)
    result = await replay("--policy", "slo")
    assert result.exit_code == 1
    assert f"No worker has measured t(b) of {KEY}: none is ready." in " ".join(result.output.split())
    assert "--t-b" in result.output


def comparison(printed: str):
    """The command's line of JSON; the gateway of this process logs beside it."""
    return json.loads(next(line for line in printed.splitlines() if line.startswith('{"since"')))


def database_url(settings) -> str:
    return settings.database.url.replace("+asyncpg", "")
