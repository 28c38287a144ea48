"""An ONNX file in ONNX Runtime on the CPU, and on nothing else in its place.

The runtime takes another provider where the requested one is missing, and reports that on standard error only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from proteus.errors import ModelUnavailable

PROVIDER: Final = "CPUExecutionProvider"


def open_session(path: Path, *, threads: int) -> Any:
    """Return an `InferenceSession` with this many threads for one pass.

    Raises:
        ImportError: ONNX Runtime is not installed.
        ModelUnavailable: It would run the file elsewhere, or cannot read it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # With it the second pass takes all activations once more, as one block beside those of the first: SegFormer B2
    # stands at 605 MiB instead of 433, and is no faster (1.39 s against 1.35). Without, one pass shows what all take.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[PROVIDER])
    except Exception as error:  # the runtime's own classes have no common public base
        raise ModelUnavailable(f"{path.name} is not an ONNX file that this runtime reads: {error}") from error
    session.disable_fallback()
    if session.get_providers() != [PROVIDER]:
        raise ModelUnavailable(f"{path.name}: ONNX Runtime runs it by {session.get_providers()}, not by {PROVIDER}")
    return session
