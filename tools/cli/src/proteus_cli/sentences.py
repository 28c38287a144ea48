"""How a command ends: an error becomes a sentence on standard error and an exit status."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from proteus.errors import ProteusError
from proteus_cli.console import CommandConsole
from proteus_client import ClientError, JobEnded, Refused

FAILED: Final = 1
UNREACHABLE: Final = 3
REFUSED: Final = 4
INTERRUPTED: Final = 130


@contextmanager
def sentences(console: CommandConsole) -> Iterator[None]:
    """Turn errors into sentences and exit statuses."""
    try:
        yield
    except JobEnded as error:
        console.fail(error)
        raise typer.Exit(FAILED) from error
    except Refused as error:
        console.fail(error)
        raise typer.Exit(REFUSED) from error
    except (ProteusError, ClientError) as error:
        console.fail(error)
        raise typer.Exit(UNREACHABLE) from error
    except (KeyboardInterrupt, asyncio.CancelledError) as error:
        raise typer.Exit(INTERRUPTED) from error
