"""`make bench-gpu` on a CPU: every section measures or says why not, none takes another one along."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from workbench.bench.gpu import LEAST_SECONDS, measure
from workbench.bench.gpu_bench import Bench
from workbench.bench.gpu_sections import SECTIONS, unet_inputs

NEEDS_GPU = {"cuda_graphs", "captured_steps", "decode_overlap"}
SLOW = {"compile"}


@pytest.fixture(scope="module")
def bench():
    return Bench(size="tiny", device="cpu", repeats=1)


@pytest.mark.slow
@pytest.mark.long
def test_every_section_measures_or_says_why_not(bench):
    sections = {name: section for name, section in SECTIONS.items() if name not in SLOW}
    found = json.loads(json.dumps(measure(bench, seconds=600, sections=sections)))
    assert list(found) == list(sections)
    assert {name for name, numbers in found.items() if "not_measured" in numbers} == NEEDS_GPU
    costs = found["catvton"]["48x64"]
    assert set(costs["step_seconds"]) == {"1", "2", "4", "8"}
    assert all(seconds > 0 for seconds in costs["step_seconds"].values())
    assert found["eager_diffusers"]["48x64"]["speedup"] > 0
    assert set(found["klein"]["48x64"]["step_seconds"]) == {"1", "2", "4", "8"}
    assert found["cold_start"]["equal"] is True
    assert found["cold_start"]["merged_mib"] < found["cold_start"]["published_mib"]


def test_a_section_that_fails_takes_no_other_along(bench):
    def broken(_bench):
        raise RuntimeError("CUDA error: out of everything\nand more")

    found = measure(bench, seconds=600, sections={"first": broken, "second": lambda _bench: {"ok": 1}})
    assert found == {"first": {"not_measured": "RuntimeError: CUDA error: out of everything"}, "second": {"ok": 1}}


def test_without_time_left_a_section_is_not_begun(bench):
    found = measure(bench, seconds=LEAST_SECONDS - 1, sections={"late": lambda _bench: pytest.fail("it began")})
    assert found["late"]["not_measured"].endswith("s were left")


def test_the_inputs_are_those_of_a_step(bench):
    x, t = unet_inputs(bench, 3, (48, 64))
    assert x.shape == (3, 9, 16, 6)
    assert t.shape == (3,)


STACK = ("pydantic", "redis", "structlog", "fastapi", "boto3", "sqlalchemy", "typer", "prometheus_client")
ALONE = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {STACK!r}:
            raise ImportError(name)
sys.meta_path.insert(0, Missing())
import workbench.bench.gpu
"""


@pytest.mark.long
def test_it_needs_nothing_of_the_stack():
    subprocess.run([sys.executable, "-c", ALONE], check=True)
