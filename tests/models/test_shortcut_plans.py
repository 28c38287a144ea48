"""The plans of the quality `approximate`: which steps are whole, and which are guided."""

from __future__ import annotations

import pytest

from weaver.pipelines.fashn.schedule import Schedule
from weaver.pipelines.guidance import GuidanceInterval
from weaver.pipelines.reuse import Reuse


@pytest.mark.parametrize(
    ("every", "steps", "whole"),
    [(1, 4, [0, 1, 2, 3]), (2, 5, [0, 2, 4]), (2, 6, [0, 2, 4, 5]), (3, 7, [0, 3, 6]), (3, 6, [0, 3, 5]), (9, 1, [0])],
)
def test_of_a_few_steps_the_first_is_whole_and_so_is_the_last_of_all(every, steps, whole) -> None:
    assert [step for step in range(steps) if Reuse(every=every).whole(step, steps)] == whole


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_plan_without_whole_steps_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=f"one step in {wrong}"):
        Reuse(every=wrong)


@pytest.mark.parametrize(("first", "last"), [(-0.1, 1.0), (0.5, 0.4), (0.0, 1.1), (float("nan"), 1.0)])
def test_an_interval_that_is_none_is_refused(first, last) -> None:
    with pytest.raises(ValueError, match="interval"):
        GuidanceInterval(first=first, last=last)


def test_where_guidance_begins_the_step_is_whole_and_only_the_interval_is_guided() -> None:
    schedule = Schedule(steps=30, guidance=1.5, interval=GuidanceInterval(first=0.15, last=0.8), reuse=Reuse(every=4))
    guided = [step for step in range(30) if schedule.guided(step)]
    assert guided == [step for step in range(29) if 0.15 <= schedule.times[step] <= 0.8]
    assert guided[0] % 4, "the plan alone would not make it whole"
    assert schedule.whole(guided[0])
    assert not schedule.keeps(guided[0] - 1)
