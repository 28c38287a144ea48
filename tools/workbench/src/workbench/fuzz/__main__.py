"""`make fuzz`: attack a fleet of its own with invented requests, frames and pictures for minutes.

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

from workbench.chaos.fleet import Fleet
from workbench.chaos.shape import Shape
from workbench.fuzz.run import Bounds, Verdict, run
from workbench.fuzz.target import SETTINGS, Target
from workbench.stack.errors import StackError
from workbench.unlimited import UNLIMITED

FOLDER = Path(".proteus")


def main(
    seconds: Annotated[float, typer.Option(help="No round begins after them.")] = 600,
    requests: Annotated[int, typer.Option(help="No round begins after so many.")] = 1_000_000,
    seed: Annotated[int | None, typer.Option(help="Random seed; default: another one each time.")] = None,
) -> None:
    """Attack until a bound is reached."""
    start = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - start:6.1f} s  {line}", flush=True)

    folder = FOLDER.resolve() / "fuzz"
    shutil.rmtree(folder, ignore_errors=True)
    lots = secrets.randbelow(10**6) if seed is None else seed
    bounds = Bounds(seconds=seconds, requests=requests)
    try:
        verdict = asyncio.run(attack(folder, FOLDER.resolve() / "models", bounds, seed=lots, say=say))
    except* StackError as group:
        say(str(group.exceptions[0]))
        raise typer.Exit(3) from group
    for place, sample in verdict.samples.items():
        say(f"{place}\n      {sample}")
    say("every bar holds" if not verdict.missed else f"the fleet's logs are in {folder}/logs")
    print(json.dumps({**verdict.numbers, **verdict.statuses, "seed": lots, "seconds": round(time.monotonic() - start)}))
    sys.exit(1 if verdict.missed else 0)


async def attack(folder: Path, models: Path, bounds: Bounds, *, seed: int, say: Callable[[str], None]) -> Verdict:
    """Run a fleet of its own for the attack; it goes with it."""
    settings = {
        "LEASE_SECONDS": "15", "LEASE_BEAT_SECONDS": "3", "WEAVER_ENGINES": "timed", "PROTEUS_ENGINES": "timed,puppet",
        "PROTEUS_DEFAULT_ENGINE": "timed", "WEAVER_TIMED_CURVE": "1:0.05,4:0.1",
        **UNLIMITED, **SETTINGS,
    }  # fmt: skip
    fleet = Fleet(folder, models=models, shape=Shape(gateways=1, weavers=1), environment=settings, say=say)
    async with fleet.running():
        logs = folder / "logs"
        target = Target(
            url=next(iter(fleet.gateways.values())),
            signing_key=fleet.environment["PROTEUS_SIGNING_KEY"],
            secrets={fleet.environment[name] for name in ("PROTEUS_SIGNING_KEY", "OBJECT_STORAGE_SECRET_KEY")},
            logs=lambda: "\n".join(
                path.read_text(errors="replace") for path in logs.glob("*.log") if path.stem.partition("-")[2]
            ),
        )
        verdict = await asyncio.to_thread(run, target, bounds, seed=seed, say=say)
        for name in fleet.unasked_ends:
            say(f"{name} ended by itself")
            verdict.numbers["server_errors"] += 1
        return verdict


if __name__ == "__main__":
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(main)
    app()
