"""`make coverage`: how much of libs and services the tests run, by package, branches included; fails below the bar.

    pytest ─▶ one data file per process, services that tests start among them ─▶ combine ─▶ table

Not counted, although it runs: processes that a test ends with SIGKILL, as lost workers and chaos do; the Lua
scripts and SQL, which run in their servers; and code that torch compiles.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[4]

LEAST_PERCENT: Final = 85.0
"""Of lines and branches together, over all packages."""

TESTS: Final = (
    "tests/chaos",
    "tests/e2e",
    "tests/integration",
    "tests/models",
    "tests/chart",
    "tests/unit",
    "tests/contract",
)


@dataclass(frozen=True, kw_only=True)
class Share:
    """How much of a package ran."""

    statements: int = 0
    branches: int = 0
    run: int = 0
    """Statements and branches that ran."""

    @property
    def percent(self) -> float:
        return 100.0 * self.run / max(1, self.statements + self.branches)

    def __add__(self, other: Share) -> Share:
        return Share(
            statements=self.statements + other.statements,
            branches=self.branches + other.branches,
            run=self.run + other.run,
        )


def shares(files: Mapping[str, Any]) -> dict[str, Share]:
    """Return each package's share of `coverage json`'s files, which lie in `…/src/<package>/…`."""
    found: dict[str, Share] = {}
    for path, measured in sorted(files.items()):
        package, summary = path.partition("/src/")[2].partition("/")[0], measured["summary"]
        found[package] = found.get(package, Share()) + Share(
            statements=summary["num_statements"],
            branches=summary["num_branches"],
            run=summary["covered_lines"] + summary["covered_branches"],
        )
    return found


def table(found: Mapping[str, Share]) -> Iterator[str]:
    """Return the lines to print."""
    yield f"{'package':<12}{'statements':>12}{'branches':>10}{'covered':>10}"
    for name, share in [*found.items(), ("all", sum(found.values(), Share()))]:
        yield f"{name:<12}{share.statements:>12}{share.branches:>10}{share.percent:>9.1f} %"


def main(arguments: Sequence[str]) -> int:
    """Run the given tests, or all of `make test`, under coverage; return the exit status."""
    paths = list(arguments) or ["-m", "not browser and not long", *TESTS]
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "erase"], cwd=ROOT, check=True)
    pytest = ["-m", "pytest", "-q", "-n", os.environ.get("PYTEST_WORKERS", "2"), "--dist", "worksteal", *paths]
    tests = subprocess.run([*coverage, "run", *pytest], cwd=ROOT, check=False).returncode
    subprocess.run([*coverage, "combine", "--quiet"], cwd=ROOT, check=True)
    report = ROOT / ".coverage.json"
    subprocess.run([*coverage, "json", "--quiet", "-o", str(report)], cwd=ROOT, check=True)
    found = shares(json.loads(report.read_text(encoding="utf-8"))["files"])
    print("\n".join(table(found)))
    if tests:
        return tests
    percent = sum(found.values(), Share()).percent
    if percent < LEAST_PERCENT:
        print(f"{percent:.1f} % are less than {LEAST_PERCENT:g} %", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
