"""A release and its rollback: the packages of the version before and of this one against one stack, under load."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.chaos.previous import named, python_of
from workbench.chaos.run import run
from workbench.chaos.scenario import ROLLOUT

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(1200)
async def test_both_versions_work_side_by_side_in_both_directions_and_nothing_is_lost_or_done_twice(
    tmp_path: Path,
) -> None:
    commit = named(os.environ.get("PREVIOUS", ""), repository=ROOT)
    python = python_of(commit, repository=ROOT, folder=ROOT / ".proteus" / "previous")
    models = ROOT / ".proteus" / "models"
    verdict = await run(ROLLOUT, folder=tmp_path, models=models, seed=1, say=print, previous=python)
    assert verdict.missed == [], verdict.numbers
    assert verdict.numbers["jobs"] >= ROLLOUT.jobs
