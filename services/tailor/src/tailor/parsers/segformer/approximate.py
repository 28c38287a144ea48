"""The folded network through OpenVINO in half precision: faster than ONNX Runtime, and approximate.

`load_network` calls it for the backend `openvino`. Half precision keeps 8 (bf16) or 11 (f16) of fp32's 24 significant
bits, so labels move where two classes nearly tie. On some processors OpenVINO is silently far off (in bf16 through
AMX), and emulates what a processor lacks at many times the cost. So each form proves itself against ONNX Runtime, in
nearness and in time, before it serves (`proteus.worker.proofs`), in this order: bf16; bf16 without AMX; f16. The
network's version names the precision that serves, which keeps such results apart from others.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from proteus.errors import ModelUnavailable
from proteus.service.instruction_sets import ONEDNN
from proteus.worker.proofs import Candidate, choose, in_child, key_of
from tailor.parsers.segformer.preparation import Floats, Forward, Pixels
from tailor.parsers.segformer.weights import LABELS

CONVERTER: Final = "openvino.tools.ovc"
"""OpenVINO's model converter. `import openvino` imports it where it can, and each time that reports the import to
Google Analytics, unasked; the runtime needs neither."""

CANDIDATES: Final = (
    Candidate(name="bf16"),
    Candidate(name="bf16", environment={ONEDNN: "AVX512_CORE_BF16"}),
    Candidate(name="f16"),
)
CAPABILITIES: Final = {"bf16": "BF16", "f16": "FP16"}
"""What a processor must be able to do; else OpenVINO silently emulates it or computes in fp32."""

CHOICES: Final = "approximate.json"
"""File beside the exported network that remembers which form proved itself."""


def candidates(environment: Mapping[str, str]) -> tuple[Candidate, ...]:
    """Return the forms to try, the preferred one first; what an operator has set in `environment` is a ceiling."""
    tried = [candidate.below(environment) for candidate in CANDIDATES]
    return tuple({str(candidate): candidate for candidate in tried}.values())


def proven(path: Path, *, side: int) -> Candidate:
    """Return the form that is near the exact network on this processor; blocks for some seconds the first time.

    Raises:
        ModelUnavailable: None is; the message has the numbers.
    """
    if find_spec("openvino") is None:  # before a child process fails on it
        raise ImportError("openvino is not installed")
    try:
        libraries = [f"{name} {version(name)}" for name in ("openvino", "onnxruntime")]
    except PackageNotFoundError as error:
        raise ImportError(f"{error.name} is not installed") from error
    return choose(
        candidates(os.environ),
        lambda candidate: in_child(
            "tailor.parsers.segformer.proving", [str(path), candidate.name, str(side)], candidate.environment
        ),
        what="backend openvino of parser segformer (onnxruntime is exact everywhere)",
        key=key_of(path.name, *libraries),
        cache=path.with_name(CHOICES),
    )


def openvino_forward(path: Path, *, threads: int, slots: int, precision: str) -> Forward:
    """Ready the exported network at `path`; the result may be called by `slots` threads at once.

    Args:
        path: ONNX file, from `exported`.
        threads: Of one forward pass.
        slots: Calls at once; one more waits.
        precision: `bf16`, `f16`, or `f32`, which is exact and slower than ONNX Runtime: to compare with, not to serve.

    Raises:
        ModelUnavailable: This CPU does not compute in that precision.
        ImportError: OpenVINO is not installed.
    """
    sys.modules.setdefault(CONVERTER, None)  # type: ignore[arg-type]  # None: importing it is an ImportError
    import openvino

    core = openvino.Core()
    needed = CAPABILITIES.get(precision, "FP32")
    if needed not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelUnavailable(f"this CPU does not compute in {precision}")
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        # A stream is what runs one call: with fewer than slots, a slot waits while its core idles.
        "NUM_STREAMS": slots,
        "INFERENCE_NUM_THREADS": threads * slots,
        # Pinned, processes of a machine all take the same first cores: two on two took 0.73 s a picture, not 0.36.
        "ENABLE_CPU_PINNING": False,
    }
    model = core.compile_model(str(path), "CPU", options)
    computes = model.get_property("INFERENCE_PRECISION_HINT").to_string()
    if computes != precision:
        raise ModelUnavailable(f"OpenVINO computes in {computes} on this CPU, not in {precision}")

    def forward(pictures: Pixels) -> Floats:
        # A request belongs to one call at a time; making one costs 2 % of a picture.
        logits: Floats = model.create_infer_request().infer({"pictures": pictures})["logits"]
        assert logits.shape[:2] == (len(pictures), LABELS)
        return logits

    return forward


def limit_instructions(candidate: Candidate) -> None:
    """Set the candidate's variables in this process's environment, before OpenVINO loads.

    Raises:
        ModelUnavailable: OpenVINO is loaded already, with other instructions.
    """
    missing = {name: value for name, value in candidate.environment.items() if os.environ.get(name) != value}
    if missing and sys.modules.get("openvino") is not None:
        raise ModelUnavailable(f"OpenVINO is loaded already; {candidate} must be set before: start a fresh process")
    os.environ.update(missing)
