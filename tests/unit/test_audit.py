"""What an audit may claim: known advisories fail, and what was not checked is never called clean."""

import json

import pytest

from workbench.deploy.audit import CLEAN, UNCHECKED, VULNERABLE, judged, pins

SOUND = {"name": "redis", "version": "8.1.0", "vulns": []}
HURT = {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1"}, {"id": "PYSEC-2"}]}
SKIPPED = {"name": "proteus-x", "skip_reason": "not found"}


def said(*rows: dict[str, object]) -> str:
    return json.dumps({"dependencies": rows, "fixes": []})


def test_everything_checked_and_nothing_known_is_clean() -> None:
    verdict = judged(1, said(SOUND), "")
    assert (verdict.status, verdict.sentence()) == (CLEAN, "1 of 1 packages were checked: no advisory is known")


def test_a_known_advisory_is_named() -> None:
    verdict = judged(2, said(SOUND, HURT), "Found 2 known vulnerabilities")
    assert verdict.status == VULNERABLE
    assert verdict.advisories == ("pillow 1.0: PYSEC-1", "pillow 1.0: PYSEC-2")


@pytest.mark.parametrize("answer", ["", "Traceback …", "{}", "[]", "null"])
def test_without_an_answer_it_says_that_nothing_was_checked_and_why(answer: str) -> None:
    verdict = judged(3, answer, "ERROR: x\nConnectionError: no route")
    assert verdict.status == UNCHECKED
    assert verdict.sentence() == "Nothing was checked: ConnectionError: no route"


def test_a_part_that_was_not_checked_is_no_part_of_the_claim() -> None:
    skipped = judged(2, said(SOUND, SKIPPED), "")
    assert (skipped.status, skipped.checked) == (UNCHECKED, 1)
    assert "1 of 2 packages were checked" in skipped.sentence()
    assert "proteus-x: not found" in skipped.sentence()
    unanswered = judged(2, said(SOUND), "")
    assert (unanswered.status, "1 got no answer" in unanswered.sentence()) == (UNCHECKED, True)


def test_an_advisory_counts_even_where_the_rest_was_not_checked() -> None:
    assert judged(3, said(HURT, SKIPPED), "").status == VULNERABLE


def test_what_is_asked_about_is_every_locked_package_and_torch() -> None:
    asked = {pin.partition("==")[0] for pin in pins()}
    assert {"pillow", "redis", "ruff", "torch", "uv"} <= asked
