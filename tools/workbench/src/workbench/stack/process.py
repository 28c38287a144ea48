"""One child process: started under a tether, its output in a log file, probed until it is ready, stopped in time.

A `Program` says what to run; a `Process` runs it. Start it from a thread that stays: the kernel counts the *thread*
that forked as the parent.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.stack import tether
from workbench.stack.errors import StackError
from workbench.stack.ports import refuse_taken_port

_POLL_SECONDS = 0.03
_TAIL_LINES = 12

Identity = Literal["same", "namespace", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run and how to know that it is ready.

    Attributes:
        port: Where it will listen on 127.0.0.1; it does not start while another process does.
        environment: Added to ours.
        is_ready: Called repeatedly, from any thread, until it returns True; quick, and never raises.
        stop_signal: Asks the program to end; `stop_seconds` later it is killed.
        identity: See `workbench.stack.tether`.
        way_out: What the user can do when it does not start.
    """

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool]
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    ready_seconds: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    identity: Identity = "same"
    way_out: str = ""


class Process:
    """A running `Program`.

    Args:
        program: What to run.
        log: Its output, standard and error, line by line; appended.
        on_line: Also receives every line, from a thread of its own.

    Raises:
        StackError: Its port is taken: another server's answers must not pass for ours.
    """

    def __init__(self, program: Program, *, log: Path, on_line: Callable[[str], None] | None = None) -> None:
        self.program = program
        self.log = log
        self.tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._on_line = on_line
        self._asked = False
        refuse_taken_port(program.name, program.port)
        log.parent.mkdir(parents=True, exist_ok=True)
        shim = (sys.executable, "-I", "-S", tether.__file__)
        terms = (str(os.getpid()), str(int(program.stop_signal)), program.identity)
        self._popen = subprocess.Popen(
            (*shim, *terms, *program.command),
            env={**os.environ, **program.environment},
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"log-{program.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    def wait_ready(self) -> None:
        """Block until the program answers.

        Raises:
            StackError: It ended instead (the message carries its last lines), or it took too long and was stopped.
        """
        deadline = time.monotonic() + self.program.ready_seconds
        while not self._check_ready():
            if time.monotonic() > deadline:
                self.stop()
                raise StackError(
                    f"{self.program.name} did not answer within {self.program.ready_seconds:g} s.",
                    way_out=self.program.way_out or f"see its log, {self.log}",
                )
            time.sleep(_POLL_SECONDS)

    def ask_to_stop(self) -> None:
        """Send the program's stop signal, once: a second one makes services stop at once."""
        if self.exit_code is None and not self._asked:
            self._asked = True
            self._popen.send_signal(self.program.stop_signal)

    def kill(self) -> None:
        """Kill it at once."""
        if self.exit_code is None:
            self._popen.kill()

    async def ended(self) -> int:
        """Wait until it ends; return the exit status."""
        if self.exit_code is not None:
            return self.exit_code
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        handle = os.pidfd_open(self.pid)
        loop.add_reader(handle, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        return self._popen.wait()

    def stop(self, *, seconds: float | None = None) -> int:
        """Ask it to stop, kill it when it does not, and return the exit status."""
        self.ask_to_stop()
        try:
            code = self._popen.wait(self.program.stop_seconds if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            code = self._popen.wait()
        self._reader.join(timeout=1)
        return code

    def _check_ready(self) -> bool:
        if self.exit_code is not None:
            self._reader.join(timeout=1)
            raise StackError(
                f"{self.program.name} ended with status {self.exit_code} while starting. Its last lines:\n"
                + "\n".join(f"    {line}" for line in self.tail),
                way_out=self.program.way_out or f"the whole log is {self.log}",
            )
        return self.program.is_ready()

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as lines, self.log.open("a", encoding="utf-8") as log:
            for raw in lines:
                line = raw.decode(errors="replace").rstrip()
                self.tail.append(line)
                log.write(line + "\n")
                log.flush()
                if self._on_line is not None:
                    self._on_line(line)
