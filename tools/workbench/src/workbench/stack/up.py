"""`proteus up`: the local stack in the foreground, until Ctrl+C, SIGTERM or `proteus down`."""

from __future__ import annotations

import asyncio
import os
import platform
import signal
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from proteus_cli.local_stack import Running
from workbench.stack.console import SELF, StackConsole
from workbench.stack.errors import refuse_other_machines
from workbench.stack.home import PREFERRED_PORTS, Home
from workbench.stack.plan import Plan, make_plan
from workbench.stack.supervisor import Say, Supervisor


@asynccontextmanager
async def stack(
    home: Home, *, models: Path, given: Mapping[str, str], say: Say, without: Collection[str] = ()
) -> AsyncIterator[Plan]:
    """Run a stack, except the services `without`, in a folder while the block runs.

    The first SIGINT or SIGTERM cancels it, the second kills it.

    Raises:
        StackError: It cannot start, here or at all.
    """
    refuse_other_machines(system=platform.system(), machine=platform.machine())
    with home.held():
        plan = make_plan(home, models=models, given=given, without=without)
        said = Running(
            pid=os.getpid(),
            gateway_url=plan.gateway_url,
            ready=False,
            environment=plan.reach,
            python=sys.executable,
            services=plan.environments,
        )
        home.publish(said)
        usual = PREFERRED_PORTS["gateway"]
        if not plan.gateway_url.endswith(f":{usual}"):
            say(SELF, f"port {usual} is taken, so the gateway will be at {plan.gateway_url}")
        supervisor = Supervisor(plan, logs=home.logs, say=say)
        with _signals(supervisor):
            async with supervisor.running():
                home.publish(replace(said, ready=True))
                yield plan


@contextmanager
def _signals(supervisor: Supervisor) -> Iterator[None]:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    asked = False

    def on_signal() -> None:
        nonlocal asked
        if asked:
            supervisor.kill()
        else:
            asked = True
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def up(
    home: Home, *, models: Path, given: Mapping[str, str], console: StackConsole, without: Collection[str] = ()
) -> None:
    """Run the stack until a signal ends it."""
    try:
        async with stack(home, models=models, given=given, say=console.say, without=without) as plan:
            for name in without:
                console.say(SELF, f"{name} is left to you: `proteus env {name}` prints its environment")
            console.welcome(plan.gateway_url, guests=plan.environment["AUTH_GUESTS"])
            console.say(SELF, "Ctrl+C stops it; the data stays for the next time")
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.say(SELF, "stopped")
