"""A weaver and a gateway may have different versions of an engine while a release rolls: no job fails for its key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proteus.engines import CARDS
from weaver.claiming import own_key
from weaver.profile import keys_of


@pytest.mark.parametrize("card", CARDS.values(), ids=list(CARDS))
def test_a_key_of_another_version_is_the_preset_with_its_canvas_and_steps(card) -> None:
    later = replace(card, version=f"{card.version}.1")
    for mine, theirs in zip(keys_of(card), keys_of(later), strict=True):
        assert mine != theirs
        assert own_key(card, theirs) == mine
        assert own_key(card, mine) == mine


@pytest.mark.parametrize("key", ["", "catvton", "catvton/2", "catvton/2/10x10/7", "fashn/1/x"])
def test_a_key_that_is_no_preset_here_is_made_balanced(key) -> None:
    assert own_key(CARDS["catvton"], key) == CARDS["catvton"].batch_key("balanced")


def test_named_weights_change_the_version_that_is_shown_and_no_batch_key() -> None:
    card = CARDS["catvton"]
    named = replace(card, weights_version="b")
    assert named.full_version == f"{card.version}+b"
    assert keys_of(named) == keys_of(card)
