"""Environment variables that keep libraries from instructions of the processor, and which limit wins.

An operator's limit is a ceiling: a form of a network may lower it and never lifts it. Libraries read
these variables once, when they load.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ONEDNN: Final = "ONEDNN_MAX_CPU_ISA"
ONEDNN_OLD: Final = "DNNL_MAX_CPU_ISA"
"""The library's earlier name; it is read where the new one is not set."""

SWITCHES: Final = (
    ONEDNN,
    ONEDNN_OLD,
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "OV_CPU_MAX_ISA",
    "ATEN_CPU_CAPABILITY",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)
"""All variables that change a library's instructions or rounding: a measurement holds only for the values it was made
under."""

ONEDNN_ORDER: Final = (
    "SSE41",
    "AVX",
    "AVX2",
    "AVX2_VNNI",
    "AVX2_VNNI_2",
    "AVX512_CORE",
    "AVX512_CORE_VNNI",
    "AVX512_CORE_BF16",
    "AVX512_CORE_FP16",
    "AVX512_CORE_AMX",
    "AVX512_CORE_AMX_FP16",
    "DEFAULT",
)
"""oneDNN's values, the lowest first (its documentation, "CPU dispatcher control"); their case does not count."""


def lowers_onednn(wanted: str, environment: Mapping[str, str]) -> bool:
    """Tell whether limiting oneDNN to `wanted` removes instructions that `environment` allows, and adds none.

    False where the operator's own limit is as low or lower, or is an unknown value.
    """
    own = (environment.get(ONEDNN) or environment.get(ONEDNN_OLD) or ONEDNN_ORDER[-1]).upper()
    return own in ONEDNN_ORDER and ONEDNN_ORDER.index(wanted) < ONEDNN_ORDER.index(own)
