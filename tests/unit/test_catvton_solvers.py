"""The samplers' tables: the published timesteps and noise, second order where it is claimed, presets that are near."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.bench.solvers import DRESSED, preset_errors, published_schedule, sampled


def test_ddim_walks_the_published_timesteps():
    schedule = published_schedule()
    assert [step.timestep for step in schedule.plan("ddim", 5)] == [801, 601, 401, 201, 1]
    fifty = [step.timestep for step in schedule.plan("ddim", 50)]
    assert fifty[:2] == [981, 961]
    assert fifty[-2:] == [21, 1]


def test_ddim_adds_noise_at_every_step_the_last_included():
    plan = published_schedule().plan("ddim", 50)
    assert min(step.noise for step in plan) == plan[-1].noise == pytest.approx(0.0206, abs=1e-4)
    assert plan[-1].from_x0 == pytest.approx(math.sqrt(0.99914998))
    assert all(step.noise == 0 for step in published_schedule().plan("ddim", 50, eta=0.0))


def test_the_noise_levels_of_dpm_are_even_in_log_snr_and_end_at_the_picture():
    plan = published_schedule().plan("dpm++2m", 12)
    levels = [0.5 * math.log(step.alpha / (1 - step.alpha)) for step in plan]
    assert np.ptp(np.diff(levels)) < 1e-9
    assert [step.timestep for step in plan] == sorted((step.timestep for step in plan), reverse=True)
    assert plan[0].timestep == pytest.approx(999)
    assert plan[-1].timestep == pytest.approx(0, abs=1e-6)
    assert plan[-1].from_x0 == 1
    assert plan[-1].from_x == 0


def test_twice_the_steps_quarter_the_error_of_dpm():
    schedule = published_schedule()
    exact = sampled(schedule.plan("dpm++2m", 999))
    errors = [exact.distance(sampled(schedule.plan("dpm++2m", steps))) for steps in (20, 40, 80)]
    assert errors[0] / errors[1] > 3
    assert errors[1] / errors[2] > 3


def test_the_approximate_presets_are_no_further_from_the_truth_than_the_published_sampler():
    errors = preset_errors()
    for quality in ("balanced", "fast"):
        assert errors[quality]["error"] <= errors["best"]["error"]
        assert errors[quality]["guided_error"] <= errors["best"]["guided_error"]
        assert errors[quality]["forward_passes"] <= errors["best"]["forward_passes"] / 2


def test_fewer_steps_of_the_published_sampler_would_be_further():
    schedule = published_schedule()
    fast = DRESSED.distance(sampled(schedule.plan("dpm++2m", 12)))
    assert DRESSED.distance(sampled(schedule.plan("ddim", 12))) > 2.5 * fast


@pytest.mark.parametrize(("sampler", "steps"), [("ddim", 0), ("ddim", 1000), ("dpm++2m", 0), ("euler", 10)])
def test_a_plan_that_cannot_be_is_refused(sampler, steps):
    with pytest.raises(ValueError, match="must be"):
        published_schedule().plan(sampler, steps)


@pytest.mark.parametrize("sampler", ["ddim", "dpm++2m"])
@pytest.mark.parametrize("steps", [1, 2, 3, 999])
def test_every_number_of_steps_gives_finite_pictures(sampler, steps):
    made = sampled(published_schedule().plan(sampler, steps))
    assert np.isfinite(made.mean).all()
    assert np.isfinite(made.spread).all()
