"""docs/models.md holds what the cards say."""

from __future__ import annotations

from proteus.licences import CARDS_BY_KIND
from workbench.hub import MODELS
from workbench.model_cards import LIMITS, PAGE, page


def test_the_page_is_written_from_the_cards() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m workbench.model_cards`"


def test_every_model_has_its_limits_and_no_other() -> None:
    assert set(LIMITS) == {card.name for _, card in CARDS_BY_KIND}
    assert set(MODELS) - {"eval"} <= set(LIMITS)
