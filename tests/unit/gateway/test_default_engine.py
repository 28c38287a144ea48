"""The engine of a submit that names none."""

import pytest

from gateway.rules.options import default_engine
from proteus.licences import LicenceRules


@pytest.mark.parametrize(
    ("setting", "offered", "commercial_only", "chosen"),
    [
        ("puppet", {"catvton"}, False, "puppet"),
        ("fashn", set(), False, "fashn"),
        ("auto", set(), False, "puppet"),
        ("auto", {"puppet"}, False, "puppet"),
        ("auto", {"puppet", "catvton"}, False, "catvton"),
        ("auto", {"puppet", "catvton"}, True, "puppet"),
        ("auto", {"puppet", "catvton", "fashn"}, True, "fashn"),
        ("auto", {"timed"}, False, "puppet"),
    ],
)
def test_the_default_follows_the_setting_or_the_fleet(
    setting: str, offered: set[str], commercial_only: bool, chosen: str
) -> None:
    assert default_engine(setting, offered, rules=LicenceRules("commercial" if commercial_only else "any")) == chosen
