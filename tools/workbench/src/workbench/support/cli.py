"""`proteus support-bundle`: of the stack that runs here, or of what the environment and the options name."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from proteus_cli import access, logins
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption, address_of, running_in
from proteus_cli.operator import TOKEN_SECONDS, TokenOption, UrlOption
from proteus_cli.sentences import sentences
from workbench.stack.console import SELF, StackConsole
from workbench.stack.environments import SERVICES, read_by
from workbench.support.bundle import collect, write
from workbench.support.redaction import Redactor
from workbench.support.sources import Deployment


def support_bundle(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The ZIP; default: named by the time.")] = None,
    url: UrlOption = None,
    token: TokenOption = None,
    values: Annotated[Path | None, typer.Option(help="The chart's values: `helm get values proteus > FILE`.")] = None,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Write a ZIP for support: versions, settings, health, queues, failures, logs. No secrets, no photos."""
    console = StackConsole()
    with sentences(console):
        at = _deployment(folder, url, token, values)
        redactor = Redactor([at.environment, *at.services.values(), os.environ], [token or "", *_of_the_stack(folder)])
        files = collect(at, redactor, say=lambda line: console.say(SELF, line))
        target = output or Path(f"proteus-support-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
        write(files, target)
        away = json.loads(files["about.json"])["away"]
        console.say(SELF, f"{target}: {len(files)} files, {len(away)} parts did not answer. Look through it first.")


def _deployment(folder: Path, url: str | None, token: str | None, values: Path | None) -> Deployment:
    address = address_of(folder, url).rstrip("/")
    running = running_in(folder) if url is None else None
    ours = {name for service in SERVICES for name in read_by(service)}
    environment = running.environment if running else {name: os.environ[name] for name in ours & os.environ.keys()}

    def admin() -> str:
        return (
            token
            or logins.access_token(address)
            or access.mint(folder, tenant=access.OPERATORS, scopes=["admin"], seconds=TOKEN_SECONDS)
        )

    return Deployment(
        gateway_url=address,
        token=admin,
        environment=environment,
        services=running.services if running else {},
        logs=folder / "logs" if (folder / "logs").is_dir() else None,
        values=values,
    )


def _of_the_stack(folder: Path) -> list[str]:
    """Return the secrets that a local stack keeps, running or not."""
    kept = folder / "secrets.json"
    if not kept.is_file():
        return []
    return [str(value) for value in json.loads(kept.read_text(encoding="utf-8")).values()]
