"""Two who choose ports at the same time choose different ones, before anybody listens."""

from __future__ import annotations

import subprocess
import sys

from workbench.stack.ports import free_port

_CHOOSER = "from workbench.stack.ports import free_port; print(free_port(), flush=True); input()"


def test_a_port_that_another_process_chose_is_taken_until_that_process_ends() -> None:
    command = (sys.executable, "-c", _CHOOSER)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        assert free_port(wanted=[port]) != port
        other.communicate("\n")
    assert free_port(wanted=[port]) == port


def test_a_process_chooses_no_port_twice_unless_it_asks_for_it() -> None:
    chosen = [free_port() for _ in range(40)]
    assert len(set(chosen)) == 40
    assert free_port(wanted=chosen[:1]) == chosen[0]
    assert free_port(wanted=chosen[:1], taken=chosen[:1]) != chosen[0]
