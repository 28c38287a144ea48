"""Signals end a starting process."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys

import pytest

from proteus.service.startup import kept

STARTING = """
from proteus.service.startup import hear_signals
hear_signals()
print("heard", flush=True)
import time
while True:
    time.sleep(0.01)  # A signal that comes between two instructions does not end a sleep that is about to begin.
"""
HEAVY = {"asyncio", "structlog", "redis", "pydantic", "logging"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_starting_process_ends_at_once_with_the_signals_status_and_no_traceback(number):
    with subprocess.Popen(
        [sys.executable, "-c", STARTING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "heard\n"
        process.send_signal(number)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert (process.returncode, said) == (128 + number, "")


def test_what_stays_is_not_looked_through_again_and_what_comes_later_is(monkeypatch):
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))  # A test's process stays as it is.
    frozen: list[bool] = []
    with kept():
        assert not gc.isenabled()
    assert (frozen, gc.isenabled()) == ([False], True)


def test_the_module_that_hears_signals_imports_nothing_heavy():
    code = "import sys; before = set(sys.modules); import proteus.service.startup; print(*set(sys.modules) - before)"
    said = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=_sources()
    )
    assert not HEAVY & {name.partition(".")[0] for name in said.stdout.split()}


def _sources():
    import proteus

    return os.environ | {"PYTHONPATH": os.path.dirname(os.path.dirname(str(proteus.__file__)))}
