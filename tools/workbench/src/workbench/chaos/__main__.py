"""`make chaos`: break a fleet for two minutes, count from outside, check the bars of docs/contract.md.

The last line is JSON. Exit status: 0 all bars hold, 1 one is missed, 3 the fleet cannot run.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from workbench.chaos.previous import named, python_of
from workbench.chaos.run import run
from workbench.chaos.scenario import SCENARIOS
from workbench.stack.errors import StackError

FOLDER = Path(".proteus")


def main(
    scenario: Annotated[str, typer.Argument(help=f"One of {', '.join(SCENARIOS)}.")] = "full",
    seed: Annotated[int | None, typer.Option(help="Random seed; default: another one each time.")] = None,
    previous: Annotated[
        str, typer.Option(envvar="PREVIOUS", help="`rollout`: the version before; default: the last tag, or v0.1.0.")
    ] = "",
) -> None:
    """Run a scenario."""
    if scenario not in SCENARIOS:
        raise typer.BadParameter(f"{scenario!r} is none of {', '.join(SCENARIOS)}")
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {line}", flush=True)

    folder = FOLDER.resolve() / "chaos"
    shutil.rmtree(folder, ignore_errors=True)
    lots = secrets.randbelow(10**6) if seed is None else seed
    try:
        before = _before(previous, say=say) if SCENARIOS[scenario].previous else None
        models = FOLDER.resolve() / "models"
        verdict = asyncio.run(
            run(SCENARIOS[scenario], folder=folder, models=models, seed=lots, say=say, previous=before)
        )
    except* StackError as group:
        found: BaseException = group
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        say(str(found))
        raise typer.Exit(3) from found
    for sentence in verdict.missed:
        say(f"MISSED: {sentence}")
    say("every bar holds" if not verdict.missed else f"the fleet's logs are in {folder}/logs")
    print(json.dumps({**verdict.numbers, "seed": lots, "seconds": round(time.monotonic() - start)}))
    sys.exit(1 if verdict.missed else 0)


def _before(given: str, *, say: Callable[[str], None]) -> Path:
    commit = named(given, repository=Path.cwd())
    say(f"the version before is {commit[:12]}")
    return python_of(commit, repository=Path.cwd(), folder=FOLDER.resolve() / "previous")


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
