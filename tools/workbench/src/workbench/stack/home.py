"""The local stack's folder: data, logs, secrets, the ports of last time, and the supervisor that runs now.

.proteus/lock           held (flock) by the running supervisor; the kernel releases it however that ends: never stale
.proteus/stack.json     the running supervisor's pid and addresses
.proteus/ports.json     ports, kept for the next start
.proteus/secrets.json   passwords and keys of this folder alone, readable by its owner
.proteus/marks          the development certificate that signs pictures, and its key
.proteus/data, logs, models
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from proteus_cli.local_stack import Running, is_held, lock_of, running_in, state_of
from workbench.stack.errors import StackError
from workbench.stack.ports import free_port

PREFERRED_PORTS: Final = {"gateway": 8000, "tailor": 8001, "s3": 8333}
"""Tried first on the first start, by one stack at a time; the other ports are chosen freely."""

_STOP_SECONDS: Final = 60
_POLL_SECONDS: Final = 0.1


class Home:
    """One stack's folder.

    Args:
        root: The folder; made when the stack starts.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "data"
        self.logs = self.root / "logs"
        self._lock = lock_of(self.root)
        self._state = state_of(self.root)
        self._may_prefer = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process while the block runs.

        Raises:
            StackError: A stack runs here already; the message says where.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StackError(self._already_running(), way_out="`make down` stops it") from None
            self._state.unlink(missing_ok=True)
            try:
                with _preferred_ports() as self._may_prefer:
                    yield
            finally:
                self._state.unlink(missing_ok=True)

    def publish(self, running: Running) -> None:
        """Write the running stack's state for `make down`, `proteus tryon` and a second `make up`."""
        _write_private(self._state, asdict(running))

    def running(self) -> Running | None:
        """Return the stack that runs here, if one does and has written its state."""
        return running_in(self.root)

    def stop(self) -> bool:
        """Ask the stack that runs here to stop and wait for it; False: none runs.

        Raises:
            StackError: It does not stop.
        """
        found = self.running()
        if found is None:
            return False
        os.kill(found.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while is_held(self.root):
            if time.monotonic() > deadline:
                raise StackError(
                    f"The stack (pid {found.pid}) did not stop within {_STOP_SECONDS} s.",
                    way_out=f"`kill -KILL {found.pid}` ends it and everything that it started",
                )
            time.sleep(_POLL_SECONDS)
        return True

    def clean(self) -> None:
        """Stop what runs here; delete data, logs, secrets and the demo's folder. Other files stay."""
        self.stop()
        for name in ("data", "logs", "demo"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        for name in ("lock", "ports.json", "secrets.json", "stack.json"):
            (self.root / name).unlink(missing_ok=True)

    def ports(self, *names: str) -> dict[str, int]:
        """Return a free port for each name, last time's or the preferred one where possible; remember them."""
        memory = self.root / "ports.json"
        last = _read(memory)
        chosen: dict[str, int] = {}
        for name in names:
            known, usual = last.get(name), PREFERRED_PORTS.get(name)
            # Clients keep addresses of the store: its port stays. The other servers return to their usual port.
            order = (known, usual) if name == "s3" else (usual, known)
            wanted = [port for port in order if port and (self._may_prefer or port not in PREFERRED_PORTS.values())]
            chosen[name] = free_port(wanted=wanted, taken=chosen.values(), with_grpc=name == "s3")
        _write_private(memory, last | chosen)
        return chosen

    def secret(self, name: str) -> str:
        """Return a secret of this folder, made on first use."""
        memory = self.root / "secrets.json"
        known = _read(memory)
        if name not in known:
            known[name] = secrets.token_hex(32)
            _write_private(memory, known)
        return str(known[name])

    def _already_running(self) -> str:
        found = self.running()
        if found is None or not found.ready:
            return f"A stack is just starting or stopping in {self.root}."
        return f"The stack already runs (pid {found.pid}): page {found.gateway_url}/app, API {found.gateway_url}/docs."


@contextmanager
def _preferred_ports() -> Iterator[bool]:
    """Hold the preferred ports while the block runs; False: another stack does.

    A port is free until its server listens, so two stacks that start together would both choose it.
    """
    with (Path(tempfile.gettempdir()) / f"proteus-ports-{os.getuid()}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        except BlockingIOError:
            held = False
        yield held


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
    except ValueError as error:
        raise StackError(f"{path} is damaged: {error}.", way_out=f"delete {path}, or `make clean`") from error
    return found if isinstance(found, dict) else {}


def _write_private(path: Path, value: object) -> None:
    """Write JSON readable by its owner alone, in one move: a reader sees the old or the new file."""
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(value, indent=2) + "\n")
    partial.replace(path)
