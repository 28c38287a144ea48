"""How large a fleet must be: the choice among simulated fleets, its words, and the inputs that make no sense."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from arbitrator.fleets.demand import WEEK_HOURS, Hour, Known
from arbitrator.fleets.derive import derive
from arbitrator.fleets.spec import parse_spec
from arbitrator.policies.sizing import SHOP_DAY
from proteus_cli.__main__ import app
from workbench.simulate.curves import CURVES
from workbench.simulate.outcome import Figures
from workbench.simulate.scaling import FleetPlan
from workbench.simulate.traces import day_of
from workbench.size.fleets import DAYS_A_MONTH, Day, Fleet, choose, fixed_fleet, scaled_fleet
from workbench.size.report import Prices, rounded, sentences, values

NOTHING = Figures(**dict.fromkeys(Figures.__dataclass_fields__, 0.0))
DAY = Day(
    pictures=20_000,
    hours=SHOP_DAY,
    curve=CURVES["linear"],
    slo_seconds=12,
    goal=0.99,
    pod_start_seconds=45,
    node_start_seconds=150,
    seeds=(1,),
)


def fleet(goodput: float, hours: float, *, most: int = 2) -> Fleet:
    plan = FleetPlan(signal="signal", replicas=1, max_replicas=most)
    return Fleet(plan=plan, figures=replace(NOTHING, quality_goodput=goodput, node_hours=hours))


def test_the_cheapest_fleet_that_keeps_the_goal_is_chosen_and_else_the_one_that_comes_nearest() -> None:
    dear, cheap, poor = fleet(1.0, 48), fleet(0.992, 30), fleet(0.9, 10)
    assert choose([dear, cheap, poor], goal=0.99) is cheap
    assert choose([cheap, poor], goal=0.999) is cheap


def test_a_day_has_its_pictures_and_its_shape() -> None:
    day = day_of(SHOP_DAY, pictures=20_000, seed=3)
    assert len(day) == pytest.approx(20_000, rel=0.05)
    by_hour = [sum(hour * 3600 <= at < (hour + 1) * 3600 for at in day.arrived) for hour in range(24)]
    assert max(by_hour) == max(by_hour[19:22])
    assert day_of(SHOP_DAY, pictures=20_000, seed=3).arrived == day.arrived


@pytest.mark.long
def test_a_fleet_with_a_budget_grows_as_far_and_costs_about_as_much_as_the_simulated_one() -> None:
    day = replace(DAY, pictures=6_000)
    sized = scaled_fleet(day, least=1)
    by_hour = [day.pictures * hour / sum(SHOP_DAY) for hour in SHOP_DAY]
    week = {n: Hour(3600.0, {"catvton": round(by_hour[n % 24])}) for n in range(WEEK_HOURS)}
    priced = {"budget": {"perMonth": 10_000}, "billing": {"hourlyPrice": 1.0}}
    fleet = parse_spec({"deployment": "d", "selector": {"app": "w"}} | priced)
    found = derive(fleet, Known(hours=week, picture_seconds={"catvton": 1 / day.curve.best_rate}))
    assert found is not None
    assert (found.derived.min_replicas, found.derived.max_replicas) == (1, sized.plan.max_replicas)
    assert found.derived.cost_per_month == pytest.approx(sized.figures.node_hours * DAYS_A_MONTH, rel=0.25)


@pytest.mark.long
def test_the_smallest_fixed_fleet_keeps_the_goal() -> None:
    found = fixed_fleet(replace(DAY, pictures=6_000))
    assert (found.plan.replicas, found.figures.quality_goodput >= DAY.goal) == (1, True)


def test_the_values_and_the_sentences_say_what_was_assumed() -> None:
    assert "minReplicas: 1\n  maxReplicas: 2\n  sloSeconds: 12\n  pictureSeconds: 2.4" in values(fleet(1, 1), DAY)
    said = list(sentences(fleet(0.9, 1), DAY, Prices(currency="EUR", node_hour=1, picture=0.05), even=2_345.6))
    assert said[0].startswith("t(b): 2.4 b s: large pictures")
    assert "No fleet keeps 99 % of the pictures within 12 s" in said[2]
    assert "At 0.05 EUR a picture elsewhere, this fleet is cheaper from about 2,300 pictures a day." in said[3]
    assert rounded(98_765) == 99_000


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--shape", "night"], "'night' is neither shop nor flat nor 24 numbers"),
        (["--shape", ",".join(["0"] * 24)], "none negative, one positive"),
        (["--shape", ",".join(["1"] * 23)], "neither shop nor flat"),
        (["--per-picture", "0.1"], "a break-even needs the price of a node"),
        (["--t-b", "FILE", "--picture-seconds", "2"], "not both"),
        (["--t-b", "FILE"], "is not of the form"),
        (["--pictures", "0"], "--pictures"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_rule(options: list[str], says: str, tmp_path) -> None:
    file = tmp_path / "t.json"
    file.write_text(json.dumps({"normal": {"1": -2}}))
    asked = [str(file) if word == "FILE" else word for word in options]
    done = CliRunner().invoke(app, ["size", "--pictures", "100", *asked], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert says in done.output
