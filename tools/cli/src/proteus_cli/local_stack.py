"""How a command finds the stack that runs on this machine: `proteus up` (of the workbench) writes, this reads.

.proteus/lock           held (flock) by the running supervisor; the kernel releases it however that ends: never stale
.proteus/stack.json     the running supervisor's pid and addresses, readable by its owner alone
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_FOLDER: Final = Path(".proteus")
DEFAULT_URL: Final = "http://127.0.0.1:8000"

FolderOption = Annotated[Path, typer.Option("--folder", help="The local stack's folder.")]


@dataclass(frozen=True, kw_only=True)
class Running:
    """What the supervisor states of itself.

    Attributes:
        environment: The variables that reach its servers, secrets included.
        python: The interpreter that runs its services.
        services: Service -> the variables that it gets beside the caller's own, secrets included.
    """

    pid: int
    gateway_url: str
    ready: bool
    environment: Mapping[str, str] = field(default_factory=dict)
    python: str = ""
    services: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def lock_of(folder: Path) -> Path:
    """Return the file that a running supervisor holds."""
    return folder / "lock"


def state_of(folder: Path) -> Path:
    """Return the file in which a running supervisor states its pid and addresses."""
    return folder / "stack.json"


def is_held(folder: Path) -> bool:
    """Tell whether a supervisor holds the folder."""
    lock = lock_of(folder)
    if not lock.exists():
        return False
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def running_in(folder: Path) -> Running | None:
    """Return the stack that runs there, if one does and has written its state."""
    state = state_of(folder)
    if not is_held(folder) or not state.is_file():
        return None
    known = {one.name for one in fields(Running)}
    said = json.loads(state.read_text())
    return Running(**{name: value for name, value in said.items() if name in known})


def address_of(folder: Path, url: str | None) -> str:
    """Return the gateway's address: the given one, the local stack's, or the default."""
    if url:
        return url
    running = running_in(folder)
    return running.gateway_url if running else DEFAULT_URL
