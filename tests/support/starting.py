"""A service as the first process of a container, from its first instant: for asking it to end while it starts.

Process 1 of a namespace has no default action for a signal: what is sent before a handler is set is lost. Where this
machine lends no namespace the process is an ordinary one, and the rest holds all the same.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import psutil

HEARS_SECONDS = 30.0
END_SECONDS = 2.0
"""How long a service may take to end after SIGTERM on a machine that has a core for it."""

SAMPLE_SECONDS = 0.05


def crowding() -> float:
    """Return how much longer than its CPU time a piece of work takes at this moment: 1 where a core is free."""
    wall, cpu = time.monotonic(), time.process_time()
    while (used := time.process_time() - cpu) < SAMPLE_SECONDS:
        pass
    return max(1.0, (time.monotonic() - wall) / used)


class Starting:
    """A service that has just been started, with its log of imports (`python -X importtime`).

    Args:
        arguments: After `python -m`.
        environment: Added to this process's own.
        log: Where its standard error goes.
    """

    def __init__(self, *arguments: str, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self._outer = subprocess.Popen(
                [*_namespace(), sys.executable, "-X", "importtime", "-m", *arguments],
                env={**{name: value for name, value in os.environ.items() if "COV" not in name}, **environment},
                stdout=out,
                stderr=out,
            )

    def wait_until_it_hears(self) -> None:
        """Return as soon as it has a handler for SIGTERM."""
        deadline = time.monotonic() + HEARS_SECONDS
        while not self._hears():
            assert self._outer.poll() is None, self.log.read_text()[-2_000:]
            assert time.monotonic() < deadline, "it never had a handler for SIGTERM"
            time.sleep(0.001)

    def ask_to_end(self) -> float:
        """Send SIGTERM; return after how many seconds it had ended, as on a machine that has a core for it.

        It is killed after five times what it may take.
        """
        before = crowding()
        self._inner().send_signal(signal.SIGTERM)
        asked_at = time.monotonic()
        try:
            self._outer.wait(5 * END_SECONDS)
        except subprocess.TimeoutExpired:
            self._outer.kill()
            self._outer.wait()
        return (time.monotonic() - asked_at) / max(before, crowding())

    @property
    def status(self) -> int:
        """Its exit status."""
        assert self._outer.returncode is not None
        return self._outer.returncode

    def imported(self, module: str) -> bool:
        """Tell whether it has imported a module."""
        return any(line.rpartition("|")[2].strip() == module for line in self.log.read_text().splitlines())

    def said(self) -> str:
        """What it logged beside its imports."""
        return "\n".join(line for line in self.log.read_text().splitlines() if not line.startswith("import time:"))

    def _inner(self) -> psutil.Process:
        outer = psutil.Process(self._outer.pid)
        return next(iter(outer.children()), outer) if _namespace() else outer

    def _hears(self) -> bool:
        inner = self._inner()
        if _namespace() and inner.pid == self._outer.pid:
            return False
        try:
            status = Path(f"/proc/{inner.pid}/status").read_text()
        except FileNotFoundError:
            return False
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@cache
def _namespace() -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    if not unshare:
        return ()
    prefix = (unshare, "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
    return prefix if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0 else ()
