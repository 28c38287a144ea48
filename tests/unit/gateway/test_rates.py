"""Windows that slide: what is left, how long to wait, and what one of several processes may let through alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.rates import Demand, Rate, Window, allowance_of, refuse


def test_the_last_window_fades_while_the_present_one_fills():
    rate = Rate(limit=10)
    assert Window(before=10, before_seconds=60, now=0).left(rate) == 0
    assert Window(before=10, before_seconds=30, now=2, now_seconds=90).left(rate) == 3
    assert Window().left(rate) == 10


@given(
    limit=st.integers(1, 500),
    before=st.integers(0, 500),
    now=st.integers(0, 500),
    before_seconds=st.floats(0, 60),
    units=st.integers(1, 500),
)
def test_after_the_wait_the_units_fit(limit, before, now, before_seconds, units):
    rate, window = (
        Rate(limit=limit),
        Window(before=before, before_seconds=before_seconds, now=now, now_seconds=60 + before_seconds),
    )
    if units > limit:
        return
    wait = window.wait(rate, units)
    left_seconds = window.now_seconds - wait
    later = (
        Window(before=before, before_seconds=max(0.0, before_seconds - wait), now=now)
        if left_seconds > 60
        else Window(before=now, before_seconds=max(0.0, left_seconds), now=0)
    )
    assert later.counted(60) + units <= limit


@pytest.mark.parametrize(("limit", "replicas", "share"), [(120, 3, 40), (2, 5, 1), (0, 4, 0)])
def test_a_process_alone_lets_its_share_through(limit, replicas, share):
    assert Rate(limit=limit).share(replicas).limit == share


@pytest.mark.parametrize(("limit", "most", "rate"), [(10, None, 10), (10, 3, 3), (10, 30, 10), (0, 5, 5), (0, None, 0)])
def test_a_holders_own_limit_counts_where_it_is_lower(limit, most, rate):
    assert Rate(limit=limit).narrowed(most).limit == rate


def test_a_refusal_names_limit_and_period_and_carries_what_is_left():
    demand = Demand(kind="submits", holder="ann", rate=Rate(limit=2))
    error = refuse(demand, Window(now=2, now_seconds=90))
    assert error.message == "The limit is 2 submits a minute."
    assert (error.allowance.left, error.retry_after_seconds) == (0, 31)
    too_many = refuse(Demand(kind="warm_minutes", holder="acme", rate=Rate(limit=10, seconds=3600), units=60), Window())
    assert too_many.message == "60 warm minutes are more than the 10 warm minutes an hour."
    quota = Demand(kind="pictures_a_day", holder="acme", rate=Rate(limit=5, seconds=86_400))
    assert refuse(quota, Window(now=5, now_seconds=90_000)).message == "The limit is 5 pictures a day."
    assert allowance_of(quota, Window(now=2, now_seconds=90_000)).left == 3
