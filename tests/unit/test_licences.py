"""Licences: what the commercial policy refuses, and that every card says enough."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.app import build
from gateway.settings import GatewaySettings, TokenSettings
from proteus import licences
from proteus.engines import CARDS
from proteus.errors import LicenceRefused

NON_COMMERCIAL = {"catvton", "segformer"}


@pytest.mark.parametrize(("kind", "card"), licences.CARDS_BY_KIND, ids=lambda value: getattr(value, "name", value))
def test_the_commercial_policy_refuses_exactly_what_is_not_for_commercial_use(kind, card) -> None:
    assert licences.refusal(card, "any") is None
    sentence = licences.refusal(card, "commercial")
    if card.name not in NON_COMMERCIAL:
        assert sentence is None
        licences.require(card, "commercial")
        return
    assert sentence is not None
    assert card.name in sentence
    assert card.weights_licence in sentence
    assert sentence.endswith(".")
    with pytest.raises(LicenceRefused) as caught:
        licences.require(card, "commercial")
    assert caught.value.message == sentence
    assert caught.value.code == "licence_refused"


def test_every_card_says_everything() -> None:
    for kind, card in licences.CARDS_BY_KIND:
        for field in ("code_licence", "weights_licence", "training_data_note"):
            assert getattr(card, field), f"{kind} {card.name} says nothing about {field}"
    assert {card.name for kind, card in licences.CARDS_BY_KIND if kind == "engine"} == set(CARDS)


def test_no_card_for_commercial_use_names_a_non_commercial_licence() -> None:
    for _, card in licences.CARDS_BY_KIND:
        forbids = re.search(r"\bNC\b|non-?commercial|research", card.weights_licence, re.IGNORECASE)
        assert bool(forbids) is not card.commercial_use, card.name


def test_a_gateway_whose_default_engine_is_refused_does_not_start() -> None:
    tokens = TokenSettings.model_construct()
    settings = GatewaySettings(default_engine="catvton", licence_policy="commercial", tokens=tokens)
    with pytest.raises(LicenceRefused, match="catvton is refused by licence_policy 'commercial'"):
        build(settings, asyncio.Event())
