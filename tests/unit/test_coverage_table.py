"""What `make coverage` prints and what it fails by."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.coverage import Share, shares, table


def measured(*, statements: int, lines: int, branches: int = 0, taken: int = 0) -> dict[str, Any]:
    return {
        "summary": {
            "num_statements": statements,
            "covered_lines": lines,
            "num_branches": branches,
            "covered_branches": taken,
        }
    }


def test_files_are_counted_by_package_branches_included() -> None:
    found = shares(
        {
            "services/tailor/src/tailor/app.py": measured(statements=10, lines=5),
            "services/tailor/src/tailor/parsers/classic.py": measured(statements=6, lines=6, branches=4, taken=4),
            "libs/proteus/src/proteus/keys.py": measured(statements=1, lines=1),
        }
    )
    assert found == {"proteus": Share(statements=1, run=1), "tailor": Share(statements=16, branches=4, run=15)}
    assert found["tailor"].percent == pytest.approx(75.0)
    assert [line.split() for line in table(found)][1:] == [
        ["proteus", "1", "0", "100.0", "%"],
        ["tailor", "16", "4", "75.0", "%"],
        ["all", "17", "4", "76.2", "%"],
    ]


def test_a_file_that_nothing_imported_counts_as_not_run() -> None:
    found = shares({"services/weaver/src/weaver/app.py": measured(statements=40, lines=0)})
    assert found["weaver"].percent == 0.0
