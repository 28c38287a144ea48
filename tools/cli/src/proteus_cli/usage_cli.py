"""`proteus usage`: what jobs used and cost, through the gateway's API."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.moments import option
from proteus_cli.operator import Door, JsonOption, TokenOption, UrlOption, gateway


class Dimension(StrEnum):
    """What usage is summed by."""

    DAY = "day"
    TENANT = "tenant"
    USER = "user"
    KEY = "key"
    ENGINE = "engine"


def usage(
    by: Annotated[list[Dimension] | None, typer.Option(help="Repeat it to sum by several.")] = None,
    since: Annotated[str | None, typer.Option(help="2h, 30d or a time; default: 30 days ago.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's.")] = None,
    user: Annotated[str | None, typer.Option(help="Only this user's; `me`: your own.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print the groups as CSV.")] = False,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Show GPU seconds, queue seconds and cost: yours, your tenant's, or all. Exit status: 3 no server, 4 refused."""
    groups = [str(one) for one in by or (Dimension.DAY, Dimension.ENGINE)]
    asked: dict[str, Any] = {"by": groups, "tenant": tenant, "user": user, "format": "csv" if as_csv else None}
    if since:
        asked["since"] = option(since, now=datetime.now(UTC), name="--since").isoformat()
    asked = {name: value for name, value in asked.items() if value is not None}
    with gateway(Door(url, token, folder)) as ask:
        found = ask("GET", "/v1/usage", params=asked)
    if as_csv:
        print(found, end="")
        return
    if as_json:
        print(json.dumps(found))
        return
    table = Table(*groups, "pictures", "GPU s", "unbilled s", "queue s", f"cost {found['currency']}")
    for one in [*found["items"], found["total"]]:
        cost = "unknown" if one["cost"] is None else f"{one['cost']:.4f}"
        names = [str(one.get(name) or "") for name in groups]
        if one is found["total"]:
            names[0] = "all"
        table.add_row(
            *names, str(one["pictures"]), f"{one['gpu_seconds']:.1f}", f"{one['unbilled_seconds']:.1f}",
            f"{one['queue_seconds']:.1f}", cost,
        )  # fmt: skip
    Console().print(table)
    if found["total"]["unknown_attempts"]:
        print(f"{found['total']['unknown_attempts']} attempts came from workers that report no usage.")
