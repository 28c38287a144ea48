"""Which engines a deployment serves, as a table."""

from __future__ import annotations

import pytest

from gateway.fleet.servable import rivals_of, servable_engines
from gateway.settings import GatewaySettings, TokenSettings
from proteus.checked_settings import SettingRefused
from proteus.jobs import WorkerId
from proteus.registry import WorkerCard, WorkerState

LOADING, READY, DRAINING = WorkerState.LOADING, WorkerState.READY, WorkerState.DRAINING


def card(state: WorkerState, *engines: str) -> WorkerCard:
    return WorkerCard(id=WorkerId("w"), state=state, engines=engines)


def served(*cards: WorkerCard, named=(), remembered=(), default="puppet", most=5) -> set[str]:
    found = servable_engines(cards, named=named, remembered=remembered, default_engine=default, max_replicas=most)
    return set(found)


@pytest.mark.parametrize(
    ("what", "found", "expected"),
    [
        ("nobody is there and nothing is known: the default", served(), {"puppet"}),
        ("the default is what the deployment says", served(default="catvton"), {"catvton"}),
        ("what is named, and no default beside it", served(named={"fashn"}), {"fashn"}),
        ("what a worker offers beside what is named", served(card(READY, "catvton"), named={"puppet"}),
         {"puppet", "catvton"}),
        ("what a loading worker will offer", served(card(LOADING, "catvton"), named={"puppet"}), {"puppet", "catvton"}),
        ("not what a leaving worker offers", served(card(DRAINING, "catvton"), named={"puppet"}), {"puppet"}),
        ("what was offered yesterday", served(remembered={"fashn"}), {"fashn", "puppet"}),
        ("what was offered means nothing where engines are named", served(remembered={"fashn"}, named={"puppet"}),
         {"puppet"}),
        ("nobody can be started: what is there", served(card(READY, "fashn"), named={"puppet"}, most=0), {"fashn"}),
        ("nobody can be started and nobody is there", served(named={"puppet"}, most=0), set()),
        ("the bench's engine is not for everybody", served(card(READY, "timed", "puppet")), {"puppet"}),
        ("nor because it was there yesterday", served(remembered={"timed"}), {"puppet"}),
        ("unless it is named", served(named={"timed"}), {"timed"}),
        ("an engine that no version knows", served(card(READY, "warp-drive", "puppet")), {"puppet"}),
    ],
)  # fmt: skip
def test_what_is_served(what, found, expected) -> None:
    assert found == expected, what


def test_jobs_wait_for_those_that_the_same_workers_take() -> None:
    cards = [card(READY, "puppet"), card(READY, "catvton", "fashn")]
    assert rivals_of("fashn", cards) == {"catvton", "fashn"}
    assert rivals_of("puppet", cards) == {"puppet"}
    assert rivals_of("timed", cards) == {"timed"}


def test_an_engine_that_does_not_exist_cannot_be_named() -> None:
    tokens = TokenSettings(signing_key="k" * 32)
    with pytest.raises(SettingRefused, match="warp-drive"):
        GatewaySettings(engines="puppet, warp-drive", tokens=tokens)
    assert GatewaySettings(engines=" puppet ,fashn,", tokens=tokens).named_engines == {"puppet", "fashn"}
