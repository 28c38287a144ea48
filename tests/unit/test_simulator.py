"""The simulator: jobs are conserved, a seed decides everything, and the models count as the real things do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.estimates import CostTable
from workbench.simulate.actors import Faults, RunOptions
from workbench.simulate.bars import Bar, Results, smallest_fixed
from workbench.simulate.curves import CURVES, measured
from workbench.simulate.outcome import Figures, figures_of, interval, mean
from workbench.simulate.page import BEGIN, END, write
from workbench.simulate.scenarios import ALL, Case, Result, autoscaled, fixed, run, system_of
from workbench.simulate.traces import TRACES, Trace, make
from workbench.simulate.world import World


def case(**fields: object) -> Case:
    usual = {
        "group": "test",
        "system": "ours_slo",
        "trace": "spikes",
        "curve": "affine",
        "load": 0.9,
        "gpus": 2,
        "seconds": 400.0,
        "seed": 7,
        "plan": fixed(2),
    }
    return Case(**{**usual, **fields})  # type: ignore[arg-type]


def world_of(case: Case) -> World:
    curve = CURVES[case.curve]
    rate = case.load * case.gpus * curve.best_rate
    trace = make(case.trace, mean_rate=rate, seconds=case.seconds, seed=case.seed)
    options = RunOptions(slo_seconds=12.0, seed=case.seed, faults=case.faults)
    return World(trace, curve, case.plan, system_of(case), options)


@pytest.mark.parametrize("curve", CURVES)
@pytest.mark.parametrize("system", ALL)
def test_every_job_ends_in_exactly_one_way(system: str, curve: str) -> None:
    tally = world_of(case(system=system, curve=curve)).run()
    ends = tally.in_slo + tally.late + tally.shed + tally.expired + tally.dead + tally.unfinished
    assert ends == tally.arrived > 0
    assert tally.wasted_seconds <= tally.gpu_seconds


@settings(max_examples=12)
@given(
    st.sampled_from(sorted(TRACES)),
    st.floats(0.2, 1.5),
    st.integers(0, 10_000),
    st.floats(0, 40),
    st.floats(0, 0.01),
    st.sampled_from([0, 5]),
    st.sampled_from(["plain", "formula", "signal", "signal_busy"]),
)
def test_jobs_are_conserved_through_scaling_crashes_and_caps(
    trace: str, load: float, seed: int, crashes: float, poison: float, cap: int, signal: str
) -> None:
    plan = replace(autoscaled(signal, start=2, most=6), min_replicas=seed % 2)  # type: ignore[arg-type]
    faults = Faults(crashes_per_gpu_hour=crashes, poison_share=poison)
    tally = world_of(case(trace=trace, load=load, seed=seed, plan=plan, faults=faults, tenant_cap=cap)).run()
    ends = tally.in_slo + tally.late + tally.shed + tally.expired + tally.dead + tally.unfinished
    assert ends == tally.arrived
    assert sum(tally.tenant_in_slo.values()) == tally.in_slo


def test_the_same_seed_gives_the_same_run_and_another_one_another() -> None:
    first, again, other = (run(case(seed=seed)).figures for seed in (7, 7, 8))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_sorted_seeded_and_of_its_rate(name: str) -> None:
    trace = make(name, mean_rate=20.0, seconds=2000.0, seed=3)
    assert trace.arrived == sorted(trace.arrived)
    assert make(name, mean_rate=20.0, seconds=2000.0, seed=3) == trace
    expected = {"steady": 1.0, "spikes": 1.24, "day": 0.41, "heavy": 4 / 3}
    if name in expected:
        assert len(trace) / 40_000 == pytest.approx(expected[name], rel=0.05)
    assert sum(trace.may_degrade) / len(trace) == pytest.approx(0.95, abs=0.02)


def test_the_heavy_tenant_sends_four_of_five() -> None:
    trace = make("heavy", mean_rate=20.0, seconds=1000.0, seed=3)
    assert trace.tenant.count(0) / len(trace) == pytest.approx(0.8, abs=0.02)


def one_job_each(*arrived: float) -> Trace:
    count = len(arrived)
    return Trace(
        name="by hand",
        seconds=100.0,
        arrived=list(arrived),
        tenant=[0] * count,
        rank=[0.5] * count,
        may_degrade=[True] * count,
    )


def test_a_lone_job_waits_for_nothing_and_costs_one_batch() -> None:
    curve = measured("by hand", CostTable((2.0,)))
    world = World(
        one_job_each(5.0), curve, fixed(1), system_of(case(system="greedy")), RunOptions(slo_seconds=12.0, seed=1)
    )
    tally = world.run()
    assert tally.in_slo == 1
    assert list(tally.waits) == [0.0]
    assert tally.gpu_seconds == pytest.approx(2.0, rel=0.2)


def test_a_poison_job_dies_alone_after_its_crashes_and_takes_nobody_along() -> None:
    faults = Faults(poison_share=1.0)
    world = World(
        replace(one_job_each(5.0), seconds=300.0),
        CURVES["affine"],
        fixed(1),
        system_of(case(system="greedy")),
        RunOptions(slo_seconds=12.0, seed=1, faults=faults),
    )
    tally = world.run()
    assert tally.dead == 1
    assert tally.batches == 4  # once in company of itself, then three times alone


def test_shedding_keeps_goodput_where_greedy_loses_it() -> None:
    ours, greedy = (run(case(system=system, seconds=1200.0)).figures for system in ("ours_slo", "greedy"))
    assert ours.goodput > 2 * greedy.goodput
    assert ours.wasted < 0.01 < greedy.wasted


def test_promised_percentiles_are_kept_about_as_often_as_said() -> None:
    assert run(case(seconds=1200.0)).figures.eta_kept > 0.85


def test_a_timeline_is_kept_only_when_asked_for() -> None:
    assert not run(case()).samples
    assert len(run(case(sample=True)).samples) == 81


def some_figures(goodput: float) -> Figures:
    figures = figures_of(world_of(case(seconds=30.0)).run(), one_job_each(1.0))
    return replace(figures, goodput=goodput)


def test_means_and_intervals_are_students() -> None:
    runs = [some_figures(value) for value in (0.8, 0.9, 1.0)]
    assert mean(runs).goodput == pytest.approx(0.9)
    assert interval(runs, "goodput") == pytest.approx(4.303 * 0.1 / 3**0.5)
    assert interval(runs[:1], "goodput") == 0


def day_on(gpus: int, quality: float, hours: float) -> Result:
    figures = replace(some_figures(1.0), quality_goodput=quality, node_hours=hours)
    return Result(case=case(group="day", plan=fixed(gpus)), figures=figures, samples=(), cpu_seconds=1.0)


def test_the_fair_fixed_fleet_is_the_smallest_that_is_no_worse() -> None:
    results = Results([day_on(18, 0.97, 432), day_on(20, 1.0, 480), day_on(19, 0.99, 456)])
    assert smallest_fixed(results, replace(some_figures(1.0), quality_goodput=0.98)).node_hours == 456
    assert smallest_fixed(results, replace(some_figures(1.0), quality_goodput=1.1)).node_hours == 480


@pytest.mark.parametrize(
    ("value", "at_least", "reached"), [(5.0, True, True), (4.9, True, False), (5.0, False, True), (5.1, False, False)]
)
def test_a_bar_is_reached_on_its_side(value: float, at_least: bool, reached: bool) -> None:
    assert Bar("figure", value, 5.0, at_least).reached is reached


def test_the_page_keeps_what_others_wrote(tmp_path) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "benchmarks.md"
    write(page, "first\n")
    page.write_text("# Mine\n\nkept\n\n" + page.read_text() + "\n## After\n")
    write(page, "second\n")
    text = page.read_text()
    assert "kept" in text
    assert "## After" in text
    assert "first" not in text
    assert text.count(BEGIN) == text.count(END) == 1
