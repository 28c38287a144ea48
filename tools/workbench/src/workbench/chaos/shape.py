"""What a fleet under attack consists of: how many of which service, of which version, with which clock."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Version = Literal["previous", "new"]
PREVIOUS: Final = "previous"
NEW: Final = "new"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Which services a fleet has.

    Attributes:
        skew_seconds: How far the clock of the last gateway is off.
        second_engine: One more weaver offers this engine and no other.
    """

    gateways: int
    weavers: int
    tailors: int = 1
    skew_seconds: float = 0.0
    second_engine: str = ""


def clock_off_by(seconds: float) -> dict[str, str]:
    """Return the environment in which a process's wall clock is off; empty where libfaketime is not installed."""
    found = importlib.util.find_spec("libfaketime")
    if found is None or not found.submodule_search_locations:
        return {}
    library = Path(found.submodule_search_locations[0]) / "vendor/libfaketime/src/libfaketime.so.1"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{seconds:+g}s",
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
