"""The queue's bench counts what really happens; the rivals' environments are left to `make bench-queue`."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.bench.queue import OURS, Arena, Contender


def test_the_bench_measures_our_queue_from_outside(redis_url, tmp_path):
    ours = Contender(OURS, Path(sys.executable), ("proteus_jobs.py", "work", "{batch}"))
    row = Arena(ours, redis_url, tmp_path).throughput(jobs=80, workers=1, batch=8)
    # 10 claims and 10 completions for 80 jobs, and a little polling around them.
    assert 0.25 <= row["round_trips_per_job"] < 0.5
    assert row["server_commands_per_job"] > 2
    assert row["server_us_per_job"] > 0
    assert row["jobs_per_second"] > 0
