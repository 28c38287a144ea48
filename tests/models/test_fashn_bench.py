"""The FASHN benchmark: its arithmetic, and that its levers change nothing but time."""

from __future__ import annotations

import pytest
import torch

from weaver.pipelines.fashn.network import FULL, TryOnConfig
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule
from workbench.bench import fashn

TINY = TryOnConfig(hidden=32, heads=2, patch=12, height=36, width=24, axes=(4, 6, 6), mixer=1, double=1, single=1)


def test_a_full_forward_is_the_published_13_2_tflop() -> None:
    assert fashn.forward_flops(FULL) / 1e12 == pytest.approx(13.2, abs=0.05)


def test_levers_change_nothing_but_time() -> None:
    bench = fashn.Bench(config=TINY, device=torch.device("cpu"), dtype=torch.float32)
    pipeline = FashnPipeline(fashn.random_network(TINY, device=bench.device, dtype=bench.dtype))
    assert fashn.relative_error(bench, pipeline, Schedule(steps=4, guidance=1.5)) < 1e-5


def test_a_schedule_costs_its_two_kinds_of_step() -> None:
    assert fashn.whole(Schedule(steps=30, guidance=1.5), guided=2.0, alone=1.0) == 59
    assert fashn.whole(Schedule(steps=30, guidance=1.0), guided=2.0, alone=1.0) == 30
