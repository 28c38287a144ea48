"""The commands of `proteus`, found by the entry-point group `proteus.commands` and imported when they are called.

A distribution that is installed beside this one registers its commands in that group: `name = "module:attribute"`,
where the attribute is a function or a Typer application. `KNOWN` holds each command's line of `--help`, so that
`--help` imports no command, and a command whose distribution is missing still has a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

GROUP: Final = "proteus.commands"
CLI: Final = "proteus-cli"
WORKBENCH: Final = "proteus-workbench"
WORKBENCH_INSTALL: Final = "`make install` in a clone of the repository installs it"


@dataclass(frozen=True)
class Known:
    """A command that this version knows.

    Attributes:
        help: First line of its help.
        distribution: The package that brings it.
    """

    help: str
    distribution: str = CLI


KNOWN: Final[Mapping[str, Known]] = {
    "up": Known("Run the whole fleet on this machine until Ctrl+C; data is kept.", WORKBENCH),
    "down": Known("Stop the fleet that runs on this machine.", WORKBENCH),
    "logs": Known("Show the logs and follow them.", WORKBENCH),
    "env": Known("Print the environment of a service of the running stack, to run it from an editor.", WORKBENCH),
    "clean": Known("Stop the fleet and delete its data, logs and secrets; model weights stay.", WORKBENCH),
    "demo": Known(
        "Start a fresh fleet, run three real try-ons through its API, save the pictures, stop the fleet.", WORKBENCH
    ),
    "backup": Known(
        "Back up Postgres and the bucket of a running deployment into a folder. Exit status 3: it failed.", WORKBENCH
    ),
    "restore": Known(
        "Restore a backup onto an empty deployment. Exit status 3: refused or failed; the sentence says why.",
        WORKBENCH,
    ),
    "support-bundle": Known(
        "Write a ZIP for support: versions, settings, health, queues, failures, logs. No secrets, no photos.",
        WORKBENCH,
    ),
    "tryon": Known("Put a garment on a person. Exit status: 0 done, 1 failed, 3 no server, 4 refused."),
    "batch": Known("Make many pictures with what nobody else needs: submit, follow, cancel, fetch."),
    "token": Known("Print an access token for a tenant's account. Exit status 4: nothing to sign it with, or refused."),
    "login": Known("Log in with an email address and a password; later commands use it."),
    "logout": Known("End the login of this user, here and at the gateway."),
    "keys": Known("Make, list, revoke and rotate API keys, through the gateway's API."),
    "usage": Known(
        "Show GPU seconds, queue seconds and cost: yours, your tenant's, or all. Exit status: 3 no server, 4 refused."
    ),
    "webhooks": Known("Add, list, test and remove webhook endpoints, and send deliveries again."),
    "admin": Known("Make administrators."),
    "models": Known("List every engine and parser with its licences."),
    "weights": Known("Fetch one model's weights from the model hub and check them.", WORKBENCH),
    "eval": Known(
        "Measure how good try-ons are; without a command, cut every drawn garment and measure the cuts.", WORKBENCH
    ),
    "replay": Known(
        "Show what another policy would have done to waits, goodput and cost, on the recorded arrivals.",
        WORKBENCH,
    ),
    "simulate": Known(
        "Run the standard set of simulations and write its page, or run one case and show it.", WORKBENCH
    ),
    "size": Known(
        "Size a fleet: simulate a day on it with the production rules. Exit status 1: no fleet keeps the goal.",
        WORKBENCH,
    ),
    "fleet": Known("Show what the arbitrator decided and why; drain workers."),
    "queue": Known("Inspect and repair the queues, pause and resume intake, through the gateway's API."),
}
"""Name -> its line of `--help`, and its distribution."""


@cache
def installed() -> Mapping[str, EntryPoint]:
    """Return the commands that are installed here, by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def names() -> list[str]:
    """Return the names of the commands that can be called, the known ones in their order first."""
    here = installed()
    return [*(name for name in KNOWN if name in here), *sorted(here.keys() - KNOWN.keys())]


def help_of(name: str) -> str:
    """Return the first line of a command's help, without importing it."""
    if name in KNOWN:
        return KNOWN[name].help
    point = installed()[name]
    return f"Comes with {point.dist.name}." if point.dist else ""


def missing(name: str) -> str | None:
    """Return what to install for a known command that is missing; None: it is installed, or unknown."""
    if name in installed() or name not in KNOWN:
        return None
    distribution = KNOWN[name].distribution
    way_out = WORKBENCH_INSTALL if distribution == WORKBENCH else f"`pip install --force-reinstall {distribution}` does"
    return f"`proteus {name}` comes with the package {distribution}, which is not installed here: {way_out}."
