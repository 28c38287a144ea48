"""The engine of a submit that names none."""

from itertools import chain, combinations

import pytest

from gateway.rules.options import TryonOptions, default_engine, requested_card
from proteus.artefacts import ACCESSORIES, CLOTHES
from proteus.engines import AUTO_ORDER, CARDS
from proteus.errors import CategoryUnsupported
from proteus.jobs import Category
from proteus.licences import LicenceRules

ANY = LicenceRules("any")


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


FLEETS = [*chain.from_iterable(combinations(AUTO_ORDER, many) for many in range(1, len(AUTO_ORDER) + 1))]


@pytest.mark.parametrize("category", [*CLOTHES, *ACCESSORIES])
@pytest.mark.parametrize("offered", FLEETS, ids="-".join)
def test_the_default_is_the_first_that_can_put_the_garment_on_and_a_named_engine_that_cannot_is_refused(
    category: str, offered: tuple[str, ...]
) -> None:
    options = TryonOptions(category=Category(category))
    able = [name for name in AUTO_ORDER if name in offered and category in CARDS[name].categories]
    if able:
        assert requested_card(options, "auto", offered, rules=ANY).name == able[0]
    for name in sorted({*offered} - {*able}):
        with pytest.raises(CategoryUnsupported, match=f"{name} cannot put on the category '{category}', only upper, "):
            requested_card(options.model_copy(update={"model": name}), "auto", offered, rules=ANY)
    if not able:
        with pytest.raises(CategoryUnsupported, match="no engine of this deployment can"):
            requested_card(options, "auto", offered, rules=ANY)


def test_every_engine_takes_only_categories_that_a_submit_can_name() -> None:
    assert {one.value for one in Category} == {"auto", *CLOTHES, *ACCESSORIES}
    assert all(set(card.categories) <= {*CLOTHES, *ACCESSORIES} for card in CARDS.values())
