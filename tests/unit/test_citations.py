"""What the text cites is in the repository."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"(?<![\w/.-])(?:docs/[\w./-]+\.(?:md|json)|tests/[\w/-]+\.py)")
FOREIGN = re.compile(r"\bSPEC \d|(?<![\w/])facts/[\w-]+\.md")
KINDS = {".py", ".lua", ".md", ".toml", ".yaml", ".yml"}


def texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    kept = [ROOT / name for name in listed if Path(name).suffix in KINDS and (ROOT / name) != Path(__file__)]
    return [path for path in kept if path.is_file()] or sorted((ROOT / "libs").rglob("*.py"))


def test_every_page_and_test_that_is_cited_is_there() -> None:
    cited = {(name, path) for path in texts() for name in CITED.findall(path.read_text())}
    assert len(cited) > 10
    assert sorted(f"{path.relative_to(ROOT)}: {name}" for name, path in cited if not (ROOT / name).exists()) == []


def test_nothing_cites_a_paper_that_is_not_here() -> None:
    assert [str(path.relative_to(ROOT)) for path in texts() if FOREIGN.search(path.read_text())] == []


@pytest.mark.parametrize("text", ["as SPEC 3 says", "(facts/queue.md)"])
def test_such_a_citation_is_found(text: str) -> None:
    assert FOREIGN.search(text)
