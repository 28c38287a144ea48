"""What one holder may hold at once, and that it is given back."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.rules.shares import Holder, Kind, Place, Shares, TooManyAtOnce, limits_of
from gateway.settings import LimitSettings

SETTINGS = LimitSettings(
    guest_requests_at_once=2, guest_waits_at_once=1, guest_streams_at_once=1, guest_sockets_at_once=0,
    guest_upload_bytes_at_once=100, address_share=2, account_share=4,
)  # fmt: skip


def shares() -> Shares:
    return Shares(limits_of(SETTINGS))


def test_one_guest_who_has_all_he_may_takes_nothing_from_another() -> None:
    made = shares()
    ann, again, third = (made.holding([("guest", "ann")]) for _ in range(3))
    ann.take("requests")
    again.take("requests")
    with pytest.raises(TooManyAtOnce, match="2 requests of yours") as refused:
        third.take("requests")
    assert (refused.value.code, refused.value.retryable, refused.value.retry_after_seconds) == (
        "too_many_at_once",
        True,
        1,
    )
    made.holding([("guest", "bob")]).take("requests")
    ann.leave()
    third.take("requests")


def test_an_address_is_full_though_none_of_its_guests_is() -> None:
    made = shares()
    for name in "abcd":
        made.holding([("guest", name), ("address", "here")]).take("requests")
    fifth = made.holding([("guest", "e"), ("address", "here")])
    with pytest.raises(TooManyAtOnce, match="4 requests from your address"):
        fifth.take("requests")
    assert made.held("requests", "guest", "e") == 0, "a refusal holds nothing"
    made.holding([("guest", "e"), ("address", "elsewhere")]).take("requests")


def test_whoever_listens_keeps_no_place_of_those_who_ask() -> None:
    made = shares()
    listener = made.holding([("guest", "ann")])
    listener.take("requests")
    listener.become("streams")
    assert (made.held("requests", "guest", "ann"), made.held("streams", "guest", "ann")) == (0, 1)
    other = made.holding([("guest", "ann")])
    other.take("requests")
    with pytest.raises(TooManyAtOnce):
        other.become("streams")
    assert made.held("requests", "guest", "ann") == 1, "a refused listener is still being answered"


def test_bytes_are_counted_and_a_limit_of_nothing_limits_nothing() -> None:
    made = shares()
    place = made.holding([("guest", "ann")])
    place.take("bytes", 60)
    with pytest.raises(TooManyAtOnce, match="100 bytes of uploads"):
        place.take("bytes", 60)
    for _ in range(1_000):
        place.take("sockets")


class Holding(RuleBasedStateMachine):
    """Places come, take, turn into others and go, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.shares = shares()
        self.open: list[Place] = []

    @rule(of=st.sampled_from(["guest", "account"]), name=st.sampled_from("ab"), far=st.booleans())
    def come(self, of: Holder, name: str, far: bool) -> None:
        self.open.append(self.shares.holding([(of, name), ("address", "far" if far else "near")]))

    @rule(kind=st.sampled_from(["requests", "waits", "streams", "bytes"]), n=st.integers(0, 9), data=st.data())
    def take(self, kind: Kind, n: int, data: st.DataObject) -> None:
        if self.open:
            place = self.open[n % len(self.open)]
            try:
                if kind in ("waits", "streams") and data.draw(st.booleans()):
                    place.become(kind)
                else:
                    place.take(kind, data.draw(st.integers(1, 50)) if kind == "bytes" else 1)
            except TooManyAtOnce:
                pass

    @rule(n=st.integers(0, 9))
    def leave(self, n: int) -> None:
        if self.open:
            self.open.pop(n % len(self.open)).leave()

    @invariant()
    def nobody_holds_more_than_he_may(self) -> None:
        limits = limits_of(SETTINGS)
        for of, name in (("guest", "a"), ("guest", "b"), ("account", "a"), ("address", "near"), ("address", "far")):
            for kind in ("requests", "waits", "streams", "bytes"):
                assert 0 <= self.shares.held(kind, of, name) <= limits[of][kind]  # type: ignore[arg-type, index]

    def teardown(self) -> None:
        for place in self.open:
            place.leave()
        assert self.shares._held == {}, "nothing is left held"


TestHolding = Holding.TestCase
