"""The folded network in bf16 through OpenVINO: faster than ONNX Runtime, and approximate.

`load_network` calls it for the backend `openvino`. bf16 keeps 8 of fp32's 24 significant bits, so labels move where two
classes nearly tie; `VERSION` keeps such results apart from the exact backends'.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, Literal

from proteus.errors import ModelUnavailable
from tailor.parsers.segformer.network import Floats, Forward, Pixels
from tailor.parsers.segformer.weights import LABELS

VERSION: Final = "bf16"
"""What the network's version ends with."""

CONVERTER: Final = "openvino.tools.ovc"
"""OpenVINO's model converter. `import openvino` imports it where it can, and each time that reports the import to
Google Analytics, unasked; the runtime needs neither."""


def openvino_forward(path: Path, *, threads: int, slots: int, precision: Literal["bf16", "f32"] = "bf16") -> Forward:
    """Ready the exported network at `path`; the result may be called by `slots` threads at once.

    Args:
        path: ONNX file, from `exported`.
        threads: Of one forward pass.
        slots: Calls at once; one more waits.
        precision: `f32` is exact and slower than ONNX Runtime: to compare with, not to serve.

    Raises:
        ModelUnavailable: This CPU has no bf16; OpenVINO would imitate it (AVX-512) or compute in fp32, saying nothing.
        ImportError: OpenVINO is not installed.
    """
    sys.modules.setdefault(CONVERTER, None)  # type: ignore[arg-type]  # None: importing it is an ImportError
    import openvino

    core = openvino.Core()
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise ModelUnavailable(
            "backend openvino of parser segformer needs a CPU that computes in bf16 (AVX512-BF16 or AMX), and this one "
            "does not: choose onnxruntime"
        )
    options = {
        "INFERENCE_PRECISION_HINT": precision,
        # A stream is what runs one call: with fewer than slots, a slot waits while its core idles.
        "NUM_STREAMS": slots,
        "INFERENCE_NUM_THREADS": threads * slots,
        # Pinned, processes of a machine all take the same first cores: two on two took 0.73 s a picture, not 0.36.
        "ENABLE_CPU_PINNING": False,
    }
    model = core.compile_model(str(path), "CPU", options)

    def forward(pictures: Pixels) -> Floats:
        # A request belongs to one call at a time; making one costs 2 % of a picture.
        logits: Floats = model.create_infer_request().infer({"pictures": pictures})["logits"]
        assert logits.shape[:2] == (len(pictures), LABELS)
        return logits

    return forward
