"""`make audit`: known advisories against every package of every lock, and PyTorch; JSON on the last line.

Status 0: every package was checked and has no advisory. 1: an advisory is known. 3: some packages could not be checked,
for example without a network: the result does not cover those.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from workbench.deploy.locks import ROOT, SETS, blocks

CLEAN: Final = 0
VULNERABLE: Final = 1
UNCHECKED: Final = 3
_PIN: Final = re.compile(r"[A-Za-z0-9._-]+==[^\s;]+")


@dataclass(frozen=True)
class Verdict:
    """The result of an audit.

    Attributes:
        asked: Packages to check.
        checked: Packages checked.
        advisories: `package version: id` of each known one.
        reason: Why not all were checked; empty: all were.
    """

    asked: int
    checked: int
    advisories: tuple[str, ...]
    reason: str = ""

    @property
    def status(self) -> int:
        if self.advisories:
            return VULNERABLE
        return CLEAN if self.checked == self.asked else UNCHECKED

    def sentence(self) -> str:
        """Return the result as a sentence for people."""
        if not self.checked:
            return f"Nothing was checked: {self.reason}"
        known = "; ".join(self.advisories) or "no advisory is known"
        missed = f"; {self.asked - self.checked} could not be checked: {self.reason}" if self.reason else ""
        return f"{self.checked} of {self.asked} packages were checked: {known}{missed}"


def pins() -> list[str]:
    """Return `name==version` of every locked package, and of PyTorch, which no lock holds."""
    texts = [(ROOT / name).read_text() for name in SETS]
    found = {match[0] for text in texts for block in blocks(text).values() if (match := _PIN.match(block))}
    torch = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("torch==")]
    return sorted({*found, *torch})


def judged(asked: int, said: str, complaints: str) -> Verdict:
    """Return the verdict that pip-audit's answer means.

    Args:
        asked: Packages in its input.
        said: Its JSON, or nothing where it reached no database.
        complaints: Its stderr.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (complaints.strip().splitlines() or ["pip-audit said nothing"])[-1]
        return Verdict(asked, 0, (), last[:300])
    checked = [row for row in rows if "skip_reason" not in row]
    skipped = [f"{row['name']}: {row['skip_reason']}" for row in rows if "skip_reason" in row]
    advisories = tuple(f"{row['name']} {row['version']}: {one['id']}" for row in checked for one in row["vulns"])
    missing = asked - len(rows)
    reason = "; ".join([*skipped, *([f"{missing} got no answer"] if missing else [])])
    return Verdict(asked, len(checked), advisories, reason[:600])


def main() -> int:
    """Run pip-audit, print the result, return the status."""
    asked = pins()
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(asked) + "\n")
        file.flush()
        program = Path(sysconfig.get_path("scripts")) / "pip-audit"
        words = [
            "--disable-pip",
            "--no-deps",
            "--progress-spinner",
            "off",
            "--timeout",
            "20",
            "-f",
            "json",
            "-r",
            file.name,
        ]
        done = subprocess.run([str(program), *words], capture_output=True, text=True, check=False)
    verdict = judged(len(asked), done.stdout, done.stderr)
    print(verdict.sentence())
    print(json.dumps({"asked": verdict.asked, "checked": verdict.checked, "advisories": verdict.advisories}))
    return verdict.status


if __name__ == "__main__":
    sys.exit(main())
