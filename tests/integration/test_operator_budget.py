"""The operator and a fleet with a budget, against an API server on loopback: what follows from it, and what it says."""

import pytest

from arbitrator.fleets.demand import WEEK_HOURS, Hour, Known
from custom_resource import Refused
from running_operator import NOON, condition, fleet, until

WEEK = {n: Hour(3600.0, {"catvton": 3_600 if 8 <= n % 24 < 18 else 0}) for n in range(WEEK_HOURS)}
PRICED = {"budget": {"perMonth": 2_000}, "billing": {"hourlyPrice": 1.5}}


async def test_a_fleet_with_a_budget_gets_what_follows_from_it_and_says_so(double, operator) -> None:
    double.create(fleet(**PRICED))

    def bounds() -> tuple[int, int]:
        made = double.get("scaledobjects", "demo-weaver")["spec"]
        return made["minReplicaCount"], made["maxReplicaCount"]

    def told(reason: str) -> list[str]:
        return [event["message"] for event in double.all("events") if event["reason"] == reason]

    await until(lambda: condition(double, "BudgetHolds").get("reason") == "NoHistory")
    assert (condition(double, "BudgetHolds")["status"], bounds()) == ("Unknown", (1, 2))
    await until(lambda: told("Derived"))
    operator.board.learn(Known(hours=WEEK, picture_seconds={"catvton": 2.0}))
    await until(lambda: condition(double, "BudgetHolds").get("reason") == "Held")
    status = double.get("weaverfleets", "weaver")["status"]["derived"]
    assert (status["minReplicas"], status["maxReplicas"], status["jobsPerPod"]) == (0, 4, 3)
    await until(lambda: bounds() == (1, 4))  # It is noon: the history keeps a pod.
    operator.now = NOON.replace(hour=22)
    await until(lambda: bounds() == (0, 4))
    await until(lambda: len(told("Derived")) == 2)
    assert told("Derived")[1].startswith("0 to 4 pods, 3 jobs per pod at 2 s a picture; kept-1: daily 08:00-12:00 UTC")
    double.update("weaver", PRICED | {"budget": {"perMonth": 300}})
    await until(lambda: condition(double, "BudgetHolds").get("reason") == "BudgetTooSmall")
    await until(lambda: told("BudgetTooSmall"))
    assert bounds() == (0, 1)


async def test_a_budget_that_goes_takes_its_words_along_and_one_that_cannot_be_is_refused(double, operator) -> None:
    double.create(fleet(**PRICED))
    await until(lambda: double.get("weaverfleets", "weaver").get("status", {}).get("derived"))
    double.update("weaver", {"budget": None})
    await until(lambda: double.get("weaverfleets", "weaver")["status"].get("derived") is None)
    await until(lambda: condition(double, "BudgetHolds") == {})
    made = double.get("scaledobjects", "demo-weaver")["spec"]
    assert (made["minReplicaCount"], made["maxReplicaCount"]) == (1, 5)
    with pytest.raises(Refused, match="must pay for one such hour at least"):
        double.update("weaver", PRICED | {"budget": {"perMonth": 1}})


async def test_two_budgets_for_the_same_work_are_named_until_one_goes(double, operator) -> None:
    double.create(fleet(**PRICED))
    double.create(fleet("other", **PRICED, engines=["catvton"]))
    double.create(fleet("apart", engines=["catvton"]))
    names = {"weaver": "other", "other": "weaver"}
    await until(
        lambda: {condition(double, "BudgetHolds", name).get("reason") for name in names} == {"DemandCountedTwice"}
    )
    for name, rival in names.items():
        assert condition(double, "BudgetHolds", name)["message"].startswith(f"{rival} has a budget for the same")
    double.update("other", {"budget": None})
    await until(lambda: condition(double, "BudgetHolds").get("reason") == "NoHistory")
    assert condition(double, "BudgetHolds", "apart") == {}
