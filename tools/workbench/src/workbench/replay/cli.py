"""The command `proteus replay`: reads gateway and Redis, simulates, and prints the columns side by side.

Exit status: 0 compared, 1 too little to compare or no measured t(b), 2 wrong usage, 3 no server, 4 the API refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from redis.asyncio import Redis
from rich.console import Console

from arbitrator.policies.named import POLICIES
from proteus.errors import ProteusError
from proteus.keys import JOBS, QueueKeys
from proteus.registry import WorkerCard, WorkerState, list_workers
from proteus_cli import moments
from proteus_cli.console import CommandConsole
from proteus_cli.decisions import Noted
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.operator import Door, TokenOption, UrlOption, every, gateway
from workbench.replay import costs, recorded
from workbench.replay.comparison import Fleet, compare, plan_of
from workbench.replay.record import Arrival, Record, clock
from workbench.replay.recorded import RedisOption, asked
from workbench.replay.ruling import ruling
from workbench.replay.show import show
from workbench.simulate.costs import FORM, Tables, from_file

FAILED: Final = 1
PAGE: Final = 1_000


def replay(
    policy: Annotated[str, typer.Option(help=f"The policy to try: {' or '.join(POLICIES)}.")],
    since: Annotated[str, typer.Option(help="2h (s, m, h, d ago) or an ISO time.")] = "2h",
    until: Annotated[str | None, typer.Option(help="As --since; default: now, less one SLO.")] = None,
    t_b: Annotated[
        Path | None,
        typer.Option("--t-b", exists=True, dir_okay=False, help=f"{FORM}; default: as the weavers measured."),
    ] = None,
    slo_seconds: Annotated[float, typer.Option(min=0.1, envvar="ARBITRATOR_SLO_SECONDS")] = 12.0,
    replicas: Annotated[int | None, typer.Option(min=0, help="At the start; default: weavers ready now.")] = None,
    min_replicas: Annotated[int, typer.Option(min=0, envvar="ARBITRATOR_MIN_REPLICAS")] = 1,
    max_replicas: Annotated[
        int | None, typer.Option(min=1, envvar="ARBITRATOR_MAX_REPLICAS", help="Default: the fleet does not scale.")
    ] = None,
    cold_start_seconds: Annotated[float, typer.Option(min=0, envvar="ARBITRATOR_COLD_START_SECONDS")] = 120.0,
    eta_limit_seconds: Annotated[float, typer.Option(min=0.1, envvar="ADMISSION_ETA_LIMIT_SECONDS")] = 600.0,
    node_hour_price: Annotated[float, typer.Option(min=0, help="Of a GPU node, in any currency.")] = 1.0,
    url: UrlOption = None,
    token: TokenOption = None,
    redis_url: RedisOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON on standard output.")] = False,
) -> None:
    """Show what another policy would have done to waits, goodput and cost, on the recorded arrivals.

    The weavers' t(b) and the noted decisions come from Redis, the arrivals from the gateway (scope admin).
    Exit status: 1 too little is recorded or measured, 2 wrong usage, 3 no server, 4 refused.
    """
    now = datetime.now(UTC)
    if policy not in POLICIES:
        raise typer.BadParameter(f"{policy!r} is not one of {', '.join(POLICIES)}", param_hint="--policy")
    if max_replicas is not None and max_replicas < min_replicas:
        raise typer.BadParameter(f"{max_replicas} is below --min-replicas {min_replicas}", param_hint="--max-replicas")
    start, end = _period(since, until, slo_seconds=slo_seconds, now=now)
    given = _costs_of(t_b)

    async def look(redis: Redis) -> tuple[list[Noted], list[WorkerCard]]:
        return await recorded.ruling(redis, since=start, until=end), await list_workers(redis, QueueKeys(JOBS))

    noted, cards = asked(redis_url, folder, look)
    with gateway(Door(url, token, folder)) as ask:
        period = {"since": start.isoformat(), "until": end.isoformat(), "limit": PAGE}
        found = [Arrival.model_validate(one) for one in every(ask, "/v1/queue/arrivals", period)]
    try:
        record = Record.of(found, since=start, until=end)
        cost, degraded = given or costs.from_cards(cards, engine=record.engine, batch_key=record.batch_key)
        rule = ruling(noted, since=start, until=end)
        workers = replicas if replicas is not None else _ready(cards) or rule.workers
        plan = plan_of(workers, at_least=min_replicas, at_most=max_replicas, cold_start_seconds=cold_start_seconds)
    except ProteusError as error:
        CommandConsole().fail(error)
        raise typer.Exit(FAILED) from error
    fleet = Fleet(
        cost=cost,
        degraded=degraded,
        plan=plan,
        slo_seconds=slo_seconds,
        eta_limit_seconds=eta_limit_seconds,
        node_hour_price=node_hour_price,
    )
    made = compare(record, fleet, ruled=rule.policy, policy=policy, now=now)
    notes = [*rule.notes, *record.notes]
    show(made, record, fleet, notes=notes, console=Console(stderr=as_json))
    if as_json:
        period = {"since": start.isoformat(), "until": end.isoformat(), "pictures": len(record.arrivals)}
        print(json.dumps({**period, "policy": policy, **made.to_json(), "notes": notes}))


def _period(since: str, until: str | None, *, slo_seconds: float, now: datetime) -> tuple[datetime, datetime]:
    """Return the period; pictures of the last SLO have not had their time yet."""
    start = moments.option(since, now=now, name="--since")
    end = moments.option(until, now=now, name="--until") if until else now
    if end <= start:
        raise typer.BadParameter(f"{clock(end)} is not after --since, {clock(start)}", param_hint="--until")
    end = min(end, now - timedelta(seconds=slo_seconds))
    if end <= start:
        still = f"pictures that arrived within the last {slo_seconds:g} s (the SLO) have not had their time yet"
        raise typer.BadParameter(f"{still}: name an earlier one", param_hint="--since")
    return start, end


def _costs_of(file: Path | None) -> Tables | None:
    try:
        return from_file(file) if file else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--t-b") from error


def _ready(cards: Sequence[WorkerCard]) -> int:
    return sum(card.state is WorkerState.READY for card in cards)
