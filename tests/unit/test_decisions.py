"""Every decision says when it was made and whether it still stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[2] / "docs" / "decisions").glob("*.md"))
HEAD = re.compile(
    r"# (?P<number>\d{4}) [A-Z].*\n\n20\d\d-\d\d-\d\d · "
    r"(?:accepted(?:, amended by (?P<amended>\d{4}))?|superseded by (?P<superseded>\d{4}))\n\n"
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_decision_has_its_number_a_date_and_a_status(page: Path) -> None:
    found = HEAD.match(page.read_text(encoding="utf-8"))
    assert found, "begin with `# NNNN Title`, then `YYYY-MM-DD · accepted`"
    assert found["number"] == page.name[:4]


def test_what_amends_or_supersedes_a_decision_is_a_later_page() -> None:
    heads = {page.name[:4]: HEAD.match(page.read_text(encoding="utf-8")) for page in PAGES}
    later = {number: head["amended"] or head["superseded"] for number, head in heads.items() if head}
    assert {number: other for number, other in later.items() if other and (other not in heads or other <= number)} == {}


@pytest.mark.parametrize("text", ["# 0001 A choice\n\nText", "# 0001 A choice\n\n2026-11-21 · perhaps\n\n"])
def test_a_page_without_them_is_found(text: str) -> None:
    assert not HEAD.match(text)
