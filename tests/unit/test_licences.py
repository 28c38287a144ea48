"""Licences: what the commercial policy refuses, and that every card says enough."""

from __future__ import annotations

import asyncio
import re

import pytest

from gateway.composition import build
from gateway.settings import GatewaySettings, TokenSettings
from proteus import licences
from proteus.engines import CARDS
from proteus.errors import LicenceRefused
from proteus.licences import LicenceRules

NON_COMMERCIAL = {"catvton", "segformer"}
IN_DOUBT = {"clean", "isnet"}
COMMERCIAL = LicenceRules("commercial")


@pytest.mark.parametrize(("kind", "card"), licences.CARDS_BY_KIND, ids=lambda value: getattr(value, "name", value))
def test_the_commercial_policy_refuses_exactly_what_is_forbidden_or_in_doubt(kind, card) -> None:
    assert licences.ANY.refusal(card) is None
    sentence = COMMERCIAL.refusal(card)
    if card.name not in NON_COMMERCIAL | IN_DOUBT:
        assert sentence is None
        COMMERCIAL.require(card)
        return
    assert sentence is not None
    assert card.name in sentence
    assert card.weights_licence in sentence
    assert sentence.endswith(".")
    with pytest.raises(LicenceRefused) as caught:
        COMMERCIAL.require(card)
    assert caught.value.message == sentence
    assert caught.value.code == "licence_refused"


def test_what_is_in_doubt_is_let_in_by_name_and_the_refusal_says_how() -> None:
    sentence = COMMERCIAL.refusal(licences.CLEAN) or ""
    assert sentence.endswith("accept it with PROTEUS_LICENCE_ACCEPT=clean.")
    assert licences.CLEAN.training_data_note in sentence
    assert not licences.CLEAN.commercial_use
    LicenceRules.of("commercial", " clean, ").require(licences.CLEAN)


@pytest.mark.parametrize(
    ("accept", "why"),
    [
        ("catvton", "'catvton', but its terms are 'no'"),
        ("clean,puppet", "'puppet', but its terms are 'yes'"),
        ("klean", "'klean', but there is no such model; it can name: clean."),
    ],
)
@pytest.mark.parametrize("policy", ["any", "commercial"])
def test_a_name_whose_acceptance_changes_nothing_is_refused(policy, accept, why) -> None:
    with pytest.raises(LicenceRefused, match=why):
        LicenceRules.of(policy, accept)


def test_every_card_says_everything() -> None:
    for kind, card in licences.CARDS_BY_KIND:
        for field in ("code_licence", "weights_licence", "training_data_note"):
            assert getattr(card, field), f"{kind} {card.name} says nothing about {field}"
    assert {card.name for kind, card in licences.CARDS_BY_KIND if kind == "engine"} == set(CARDS)


def test_no_card_for_commercial_use_names_a_non_commercial_licence() -> None:
    for _, card in licences.CARDS_BY_KIND:
        forbids = re.search(r"\bNC\b|non-?commercial|research", card.weights_licence, re.IGNORECASE)
        assert bool(forbids) is (card.commercial_terms == "no"), card.name


def test_a_gateway_whose_default_engine_is_refused_does_not_start() -> None:
    tokens = TokenSettings.model_construct()
    settings = GatewaySettings(default_engine="catvton", licence_policy="commercial", tokens=tokens)
    with pytest.raises(LicenceRefused, match="catvton is refused by licence_policy 'commercial'"):
        build(settings, asyncio.Event())
