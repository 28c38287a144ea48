"""`proteus keys`: a tenant's API keys. Through the gateway's API, scope `keys` or `admin`."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from proteus_cli.console import CommandConsole
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption
from proteus_cli.operator import Door, JsonOption, TokenOption, UrlOption, every, gateway

app = typer.Typer(no_args_is_help=True)

DAY_SECONDS: Final = 86_400

KeyId = Annotated[str, typer.Argument(help="`key_…`, as `proteus keys list` shows it.")]


@app.callback()
def keys(
    context: typer.Context,
    url: UrlOption = None,
    token: TokenOption = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Make, list, revoke and rotate API keys, through the gateway's API."""
    context.obj = Door(url, token, folder)


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="For people: where the key is used.")],
    tenant: Annotated[str | None, typer.Option(help="Administrators only; default: your own.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="tokens, priority:high or admin; default: tokens.")] = None,
    engine: Annotated[list[str] | None, typer.Option(help="An engine it may use; default: all of its tenant.")] = None,
    days: Annotated[float | None, typer.Option(min=0.01, help="Life; default: until it is revoked.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and print it, this once. Exit status: 3 no server, 4 refused."""
    wish: dict[str, Any] = {"name": name, "tenant": tenant, "engines": engine}
    wish |= {"scopes": scope} if scope else {}
    wish |= {"expires_in": int(days * DAY_SECONDS)} if days else {}
    with gateway(context.obj) as ask:
        made = ask("POST", "/v1/keys", json={key: value for key, value in wish.items() if value is not None})
    _print_new(made, as_json=as_json)


@app.command("list")
def list_keys(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Option(help="Administrators only; default: all tenants.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the keys, the newest first; their text is shown nowhere."""
    with gateway(context.obj) as ask:
        found = list(every(ask, "/v1/keys", {"tenant": tenant} if tenant else {}))
    if as_json:
        print(json.dumps(found))
        return
    table = Table("key", "name", "tenant", "scopes", "engines", "made", "last used", "ends", "revoked")
    for one in found:
        table.add_row(
            one["key_id"], one["name"], one["tenant"], " ".join(one["scopes"]), " ".join(one["engines"] or ["all"]),
            one["created_at"], one["last_used_at"] or "", one["expires_at"] or "", one["revoked_at"] or "",
        )  # fmt: skip
    Console().print(table if found else "No keys.")


@app.command()
def revoke(context: typer.Context, key_id: KeyId) -> None:
    """End a key, and all that it opened, within a second."""
    with gateway(context.obj) as ask:
        ask("POST", f"/v1/keys/{key_id}/revoke")
    print(f"{key_id} is revoked.")


@app.command()
def rotate(
    context: typer.Context,
    key_id: KeyId,
    grace_seconds: Annotated[int, typer.Option(min=0, max=7 * DAY_SECONDS, help="How long the old one goes on.")] = (
        DAY_SECONDS
    ),
    as_json: JsonOption = False,
) -> None:
    """Make a key with the same rights and print it, this once; the old one ends after the grace."""
    with gateway(context.obj) as ask:
        made = ask("POST", f"/v1/keys/{key_id}/rotate", json={"grace_seconds": grace_seconds})
    _print_new(made, as_json=as_json)


def _print_new(made: dict[str, Any], *, as_json: bool) -> None:
    """Print the key alone on standard output, so that a script can keep it."""
    if as_json:
        print(json.dumps(made))
        return
    CommandConsole().rich.print(f"{made['key_id']} of tenant {made['tenant']}. It is shown this once: keep it now.")
    print(made["key"])
