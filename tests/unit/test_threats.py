"""docs/security.md names a test for every threat, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILES = re.compile(r"`(tests/[\w/]+(?:\.py|/))`")


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def test_every_test_and_file_that_the_page_names_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 40
    for path, test in named:
        assert test in names_in(path), f"{path} has no test {test}"
    for path in FILES.findall(PAGE):
        assert (ROOT / path).exists(), path


def test_every_threat_has_a_test_of_its_own() -> None:
    model = PAGE.partition("## Threat model")[2].partition("\n## ")[0]
    threats = [line for line in model.splitlines() if line.startswith("| ") and not line.startswith("| attack ")]
    assert len(threats) > 30
    for threat in threats:
        assert NAMED.search(threat), threat
