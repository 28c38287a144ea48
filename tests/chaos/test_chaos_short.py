"""Half a minute of chaos: real servers, real processes, killed, frozen and emptied under load; counted from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.chaos.run import run
from workbench.chaos.scenario import SHORT

MODELS = Path(__file__).parents[2] / ".proteus" / "models"


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_fleet_under_attack_loses_nothing_and_its_clients_miss_nothing(tmp_path: Path) -> None:
    verdict = await run(SHORT, folder=tmp_path, models=MODELS, seed=1, say=print)
    assert verdict.missed == [], verdict.numbers
    assert verdict.numbers["jobs"] >= SHORT.jobs
    assert verdict.numbers["recovered_jobs"] > 0
