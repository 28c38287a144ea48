"""`proteus webhooks`: a tenant's webhook endpoints, through the gateway's API; an API key of the scope `webhooks`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.moments import option
from proteus_cli.operator import Door, JsonOption, TokenOption, UrlOption, every, gateway

app = typer.Typer(no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(help="`wh_…`, as `proteus webhooks ls` shows it.")]


@app.callback()
def webhooks(
    context: typer.Context,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Add, list, test and remove webhook endpoints, and send deliveries again.

    PROTEUS_TOKEN is an API key with the scope `webhooks`.
    """
    context.obj = Door(url, token, folder)


@app.command("ls")
def list_webhooks(context: typer.Context, as_json: JsonOption = False) -> None:
    """Show the endpoints, the newest first, and whether they get anything."""
    with gateway(context.obj) as ask:
        found = list(every(ask, "/v1/webhooks", {}))
    if as_json:
        print(json.dumps(found))
        return
    table = Table("endpoint", "address", "events", "state", "fails since", "last success")
    for one in found:
        state = "on" if one["enabled"] else f"off: {one['disabled_reason']}"
        table.add_row(
            one["webhook_id"], one["url"] or "of each try-on", " ".join(one["events"]), state,
            one["failing_since"] or "", one["last_success_at"] or "",
        )  # fmt: skip
    Console().print(table if found else "No endpoints.")


@app.command()
def add(
    context: typer.Context,
    address: Annotated[
        str | None, typer.Argument(help="https://…; none: it signs for the address of each try-on.")
    ] = None,
    event: Annotated[list[str] | None, typer.Option(help="Default: every end of a try-on.")] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Add an endpoint and print its secret, this once. Exit status: 3 no server, 4 refused."""
    wish: dict[str, Any] = {"url": address, "description": description} | ({"events": event} if event else {})
    with gateway(context.obj) as ask:
        made = ask("POST", "/v1/webhooks", json=wish)
    if as_json:
        print(json.dumps(made))
        return
    CommandConsole().rich.print(f"{made['webhook_id']} is on. Its secret is shown this once: keep it now.")
    print(made["secret"])


@app.command("rm")
def remove(context: typer.Context, webhook_id: WebhookId) -> None:
    """Remove an endpoint with its deliveries."""
    with gateway(context.obj) as ask:
        ask("DELETE", f"/v1/webhooks/{webhook_id}")
    print(f"{webhook_id} is removed.")


@app.command()
def ping(context: typer.Context, webhook_id: WebhookId) -> None:
    """Send a test message; `deliveries` shows what came of it."""
    with gateway(context.obj) as ask:
        print(ask("POST", f"/v1/webhooks/{webhook_id}/ping")["delivery_id"])


@app.command()
def deliveries(
    context: typer.Context,
    webhook_id: WebhookId,
    delivery_id: Annotated[str | None, typer.Argument(help="`msg_…`: all of this one, its attempts too.")] = None,
    state: Annotated[str | None, typer.Option(help="pending, delivered or failed.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what was sent to an endpoint or waits for it."""
    path = f"/v1/webhooks/{webhook_id}/deliveries"
    with gateway(context.obj) as ask:
        if delivery_id is not None:
            print(json.dumps(ask("GET", f"{path}/{delivery_id}"), indent=None if as_json else 2))
            return
        found = ask("GET", path, params={"limit": 100, **({"state": state} if state else {})})["items"]
    if as_json:
        print(json.dumps(found))
        return
    table = Table("delivery", "type", "try-on", "state", "attempts", "last answer", "next")
    for one in found:
        table.add_row(
            one["delivery_id"], one["type"], one["job_id"], one["state"], str(one["attempts"]),
            str(one["last_status"] or one["last_error"] or ""), one["next_at"] or "",
        )  # fmt: skip
    Console().print(table if found else "No deliveries.")


@app.command()
def replay(
    context: typer.Context,
    webhook_id: WebhookId,
    delivery_id: Annotated[str | None, typer.Argument(help="`msg_…`: this one.")] = None,
    since: Annotated[str | None, typer.Option(help="All since: `2h` ago, or a time in ISO 8601.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only those that were given up.")] = False,
) -> None:
    """Send ended deliveries again, each with the id it had."""
    if (delivery_id is None) == (since is None):
        raise typer.BadParameter("name either a delivery or --since")
    wish: dict[str, Any] = {"failed_only": failed}
    wish |= (
        {"delivery_id": delivery_id}
        if since is None
        else {"since": option(since, now=datetime.now(UTC), name="--since").isoformat()}
    )
    with gateway(context.obj) as ask:
        many = ask("POST", f"/v1/webhooks/{webhook_id}/replay", json=wish)["replayed"]
    print(f"{many} {'delivery is' if many == 1 else 'deliveries are'} sent again.")
