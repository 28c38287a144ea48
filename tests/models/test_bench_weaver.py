"""`make bench-weaver` on a tiny model: every promised figure, and the error as a bar."""

from __future__ import annotations

import pytest

from workbench.bench.catvton_sizes import TINY
from workbench.bench.checkpoints import write_catvton
from workbench.bench.weaver import Bench, Plan, report


@pytest.mark.long
def test_the_report_has_every_figure_and_ours_equals_diffusers(tmp_path):
    plan = Plan(size=TINY, canvases=((48, 64), (48, 64)), steps=2, rounds=1)
    figures = report(Bench(write_catvton(tmp_path), plan, device="cpu"), compiled=False)
    assert figures["max_relative_error"] < 1e-4
    assert set(figures["t_b"]) == {"1", "2", "4", "8"}
    assert figures["exact_speedup"] > 0
    assert figures["fast_speedup"] > 1
    assert figures["device"] == "cpu"
    assert figures["levers"]["channels_last"] > 0
    assert figures["presets"]["fast"]["approximate"]
    assert not figures["presets"]["best"]["approximate"]
