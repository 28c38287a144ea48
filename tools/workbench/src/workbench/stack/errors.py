"""The local stack's errors: always a sentence, and a way out."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from proteus.errors import ProteusError

EMBEDDED_ON: Final = frozenset({("Linux", "x86_64"), ("Linux", "amd64")})
"""System and machine that the embedded servers' wheels carry programs for."""


class StackError(ProteusError):
    """The local stack cannot run."""

    code = "stack_failed"

    def __init__(self, message: str, *, way_out: str = "") -> None:
        super().__init__(message)
        self.way_out = way_out


def refuse_other_machines(*, system: str, machine: str) -> None:
    """Raise `StackError` unless this is Linux on x86-64."""
    if (system, machine.lower()) not in EMBEDDED_ON:
        raise StackError(
            f"The embedded servers run on Linux x86-64 only and this is {system} {machine}.",
            way_out="use `docker compose up` instead",
        )


def program_of(module: str, path: str) -> Path:
    """Return a program inside an installed module, without importing the module."""
    found = find_spec(module)
    folder = Path(found.origin).parent if found and found.origin else Path(sys.prefix)
    return installed(folder / path, package=module)


def installed(path: Path, *, package: str) -> Path:
    """Return the path of a package's program, or say that the package is missing."""
    if not path.is_file():
        raise StackError(
            f"{path.name} of the package {package} is not installed in {sys.prefix}.",
            way_out="run `make install` to mend the virtual environment",
        )
    return path
