"""`proteus backup` and `proteus restore`: of the stack that runs here, or of what the environment names."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from proteus_cli.local_stack import DEFAULT_FOLDER, FolderOption, running_in
from proteus_cli.sentences import sentences
from workbench.backup.manifest import BackupError, Manifest
from workbench.backup.restoring import restore as restore_from
from workbench.backup.save import save
from workbench.stack.console import SELF, StackConsole


def backup(
    target: Annotated[Path, typer.Argument(help="A folder: empty, or with an earlier backup.")],
    turns: Annotated[int, typer.Option(min=1, help="Folders below it that take turns; 1: the folder itself.")] = 1,
    with_secrets: Annotated[
        bool, typer.Option(help="Also write the signing key and what reaches the servers.")
    ] = False,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Back up Postgres and the bucket of a running deployment into a folder. Exit status 3: it failed."""
    console, began = StackConsole(), time.monotonic()
    with sentences(console):
        reach = _reach(folder)
        target = turn(target, turns)
        manifest = save(
            target,
            database_url=reach["DATABASE_URL"],
            store=_store(reach),
            secrets=_secrets(reach) if with_secrets else {},
            say=lambda line: console.say(SELF, line),
        )
        size = sum(entry.size_bytes for entry in manifest.objects.values()) + manifest.database.size_bytes
        console.say(SELF, f"{len(manifest.objects)} objects, {size} bytes, {time.monotonic() - began:.1f} s: {target}")
        if manifest.missing:
            console.say(SELF, f"{len(manifest.missing)} objects that rows name were not in the store; see the manifest")


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup.")],
    replace: Annotated[bool, typer.Option(help="Delete what the deployment holds.")] = False,
    folder: FolderOption = DEFAULT_FOLDER,
) -> None:
    """Restore a backup onto an empty deployment. Exit status 3: refused or failed; the sentence says why."""
    console, began = StackConsole(), time.monotonic()
    with sentences(console):
        reach = _reach(folder, "REDIS_URL")
        manifest = restore_from(
            source,
            database_url=reach["DATABASE_URL"],
            redis_url=reach["REDIS_URL"],
            store=_store(reach),
            replace=replace,
            say=lambda line: console.say(SELF, line),
        )
        console.say(SELF, f"{len(manifest.objects)} objects and the database, {time.monotonic() - began:.1f} s")
        console.say(SELF, "restart the gateways now: they migrate, and fill the queue with what is unfinished")


def turn(target: Path, turns: int) -> Path:
    """Return the folder for the next backup: one without a whole backup, else that of the oldest one."""
    if turns == 1:
        return target

    def taken_at(folder: Path) -> str:
        try:
            return Manifest.read(folder).taken_at
        except BackupError:
            return ""

    return min((target / str(number) for number in range(1, turns + 1)), key=taken_at)


def _reach(folder: Path, *more: str) -> Mapping[str, str]:
    """Return the addresses of the environment, else of the stack that runs here: never some of each."""
    if "DATABASE_URL" in os.environ:
        needed = (*more, "OBJECT_STORAGE_ENDPOINT", "OBJECT_STORAGE_ACCESS_KEY", "OBJECT_STORAGE_SECRET_KEY")
        if absent := [name for name in needed if name not in os.environ]:
            raise BackupError(f"DATABASE_URL is set and {absent[0]} is not: a backup takes all from one deployment.")
        return os.environ
    running = running_in(folder)
    if running is None:
        raise BackupError(
            f"No stack runs in {folder}, and the environment names no DATABASE_URL.", way_out="start one: `make up`"
        )
    return running.environment


def _store(reach: Mapping[str, str]) -> ObjectStore:
    return ObjectStore(
        StorageSettings(
            endpoint=reach["OBJECT_STORAGE_ENDPOINT"],
            bucket=reach.get("OBJECT_STORAGE_BUCKET", "proteus"),
            access_key=reach["OBJECT_STORAGE_ACCESS_KEY"],
            secret_key=SecretStr(reach["OBJECT_STORAGE_SECRET_KEY"]),
            region=reach.get("OBJECT_STORAGE_REGION", "us-east-1"),
        )
    )


def _secrets(reach: Mapping[str, str]) -> dict[str, str]:
    names = (
        "PROTEUS_SIGNING_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "OBJECT_STORAGE_ACCESS_KEY",
        "OBJECT_STORAGE_SECRET_KEY",
    )
    return {name: reach[name] for name in names if name in reach}
