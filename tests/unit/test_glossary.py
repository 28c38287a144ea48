"""Public names use the words of docs/glossary.md, and none of those that it retires."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| word ")
]
RETIRED = {word.strip(): row[0] for row in ROWS for word in row[2].split(",") if word.strip()}


def public_names(path: Path) -> list[str]:
    """Return a module's own name and those of its public classes and functions."""
    defined = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, defined)]
    return [path.stem, *(name for name in found if not name.startswith("_"))]


def words_of(name: str) -> list[str]:
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def retired_words(path: Path) -> list[str]:
    return [f"{name}: say {RETIRED[word]}" for name in public_names(path) for word in words_of(name) if word in RETIRED]


def test_a_word_stands_for_one_thing() -> None:
    words = [row[0] for row in ROWS]
    assert len(words) > 30
    assert len(words) == len(set(words))
    assert not set(words) & set(RETIRED)
    assert {"loom", "heart", "standing"} <= set(RETIRED)


def test_a_retired_word_is_found(tmp_path: Path) -> None:
    (tmp_path / "loom.py").write_text("class HeartRate: ...\ndef has_gap(): ...\n")
    assert retired_words(tmp_path / "loom.py") == ["loom: say engine runner", "HeartRate: say heartbeat"]


@pytest.mark.parametrize("folder", ["libs", "services"])
def test_no_public_name_uses_a_retired_word(folder: str) -> None:
    modules = [path for path in sorted((ROOT / folder).rglob("*.py")) if "versions" not in path.parts]
    assert len(modules) > 30
    assert [found for path in modules for found in retired_words(path)] == []
