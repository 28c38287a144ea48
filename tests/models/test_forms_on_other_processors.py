"""On every processor what is served is right, or it is refused: libraries' own switches make this machine an older one.

What a switch takes away from this machine is as on a machine without it; one above what this machine has changes
nothing. So each test holds on any processor, and none names the form that serves. ONNX Runtime has no such switch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from proteus.service.instruction_sets import SWITCHES
from proteus.worker.proofs import BOUNDS
from tailor.parsers.segformer import exported, locate
from tailor.parsers.segformer.approximate import CHOICES, candidates
from tailor.parsers.segformer.proving import distance
from workbench.bench.checkpoints import SEGFORMER_B0, write_catvton, write_segformer

SIDE = 128

PROCESSORS = {
    "AVX-512 with bf16, without AMX": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16"},
    "AVX-512 without bf16": {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
}
"""This machine as it is, is `test_segformer_network.py`'s."""

SERVE = """
import json, sys
import numpy as np
from structlog.testing import capture_logs
from proteus.errors import ModelUnavailable
from tailor.parsers.segformer import load_network
from tailor.parsers.segformer.proving import samples
folder, side, cache, out = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
photos = list(samples(side))[::-1]
made = {"onnxruntime": load_network(folder, side=side, cache_dir=cache)}
refused = ""
with capture_logs() as logs:
    try:
        made["openvino"] = load_network(folder, backend="openvino", side=side, cache_dir=cache)
    except ModelUnavailable as error:
        refused = error.message
np.savez(out, **{name: network.logits(photos) for name, network in made.items()})
print(json.dumps({"refused": refused, "logs": logs, "versions": {name: one.version for name, one in made.items()}}))
"""


def limited(environment: dict[str, str]) -> dict[str, str]:
    """This process's environment as an operator of that processor would have it."""
    return {**{name: value for name, value in os.environ.items() if name not in SWITCHES}, **environment}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_segformer(tmp_path_factory.mktemp("segformer"), size=SEGFORMER_B0)


def serve(folder: Path, cache: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Return what a fresh process serves on such a processor."""
    exported(locate(folder), side=SIDE, cache_dir=cache)
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(folder), str(SIDE), str(cache), str(cache / "logits.npz")],
        env=limited(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(cache / "logits.npz") as logits:
        arrays = {name: logits[name] for name in logits.files}
    told = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(told, indent=1))
    return {**told, "logits": arrays, "tried": [str(one) for one in candidates(environment)]}


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [pytest.param(one, id=name, marks=[] if name == "AVX2" else pytest.mark.long) for name, one in PROCESSORS.items()],
)
def test_an_approximation_is_near_and_named_on_every_processor_or_refused_with_every_number(
    folder: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    served = serve(folder, tmp_path, environment)
    lines = {line["form"]: line for line in served["logs"]}
    assert list(lines) == served["tried"][: len(lines)], "an operator's limit was not kept, or forms were skipped"
    if served["refused"]:
        assert list(lines) == served["tried"]
        assert all(f"{form}: {line['distance']}" in served["refused"] for form, line in lines.items())
        assert "onnxruntime is exact everywhere" in served["refused"]
        return
    form, measured = list(lines.items())[-1]
    assert measured["event"] == "approximation_measured"
    assert served["versions"]["openvino"] == f"{served['versions']['onnxruntime']}-{form.split()[0]}"
    assert list(json.loads((tmp_path / CHOICES).read_text()).values()) == [form]
    found = distance(served["logits"]["onnxruntime"], served["logits"]["openvino"], cost=0.0)
    assert found.error <= 2 * BOUNDS.error
    assert found.agreement is not None
    assert found.agreement >= 0.98


PREDICT = """
import sys
from pathlib import Path
import numpy as np
from weaver.pipelines import catvton
from weaver.pipelines.catvton.forms import answers
pipeline = catvton.load_engine(weights_dir=Path(sys.argv[1]), device="cpu").pipeline
np.savez(sys.argv[2], **answers(pipeline, width=64, height=96))
"""

LOGITS = """
import sys
import numpy as np
from tailor.parsers.segformer import load_network
from tailor.parsers.segformer.proving import samples
network = load_network(sys.argv[1], backend="torch", side=64)
np.savez(sys.argv[2], logits=network.logits(list(samples(64))))
"""


@pytest.mark.long
@pytest.mark.parametrize(
    ("script", "write"), [(PREDICT, write_catvton), (LOGITS, write_segformer)], ids=["engine", "parser"]
)
def test_pytorchs_exact_forms_are_the_same_with_avx2_alone_and_with_all_that_this_processor_has(
    tmp_path: Path, script: str, write: Callable[[Path], Any]
) -> None:
    write(tmp_path / "weights")
    found = []
    for environment in ({}, {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}):
        out = tmp_path / f"{len(found)}.npz"
        command = [sys.executable, "-c", script, str(tmp_path / "weights"), str(out)]
        subprocess.run(command, env=limited(environment), check=True, capture_output=True)
        with np.load(out) as arrays:
            found.append({name: arrays[name] for name in arrays.files})
    for part, expected in found[0].items():
        assert np.abs(found[1][part] - expected).max() < 1e-4 * np.abs(expected).max(), part
