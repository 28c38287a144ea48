"""How each quality samples with FASHN. Canvas, steps and guidance are the card's (`proteus.engines`).

Every quality but `approximate` is sampled as published. What `approximate` leaves out was chosen, not tuned: this
project has seen no weights. `make bench-shortcuts` counts what it saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from proteus.engines import Preset, Quality
from weaver.pipelines.fashn.schedule import Schedule
from weaver.pipelines.guidance import GuidanceInterval
from weaver.pipelines.reuse import Reuse


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """What a quality leaves out; nothing if nothing is said."""

    interval: GuidanceInterval = field(default_factory=GuidanceInterval)
    reuse: Reuse = field(default_factory=Reuse)


INTERVAL: Final = GuidanceInterval(first=0.15, last=0.8)
"""Noise is from about six times the picture's size to a quarter of it; beyond both ends guidance is off."""

SAMPLING: Final[Mapping[Quality, Sampling]] = {
    "fast": Sampling(),
    "balanced": Sampling(),
    "best": Sampling(),
    "approximate": Sampling(interval=INTERVAL, reuse=Reuse(every=2)),
}


def schedule_of(preset: Preset, quality: Quality, *, degraded: bool = False) -> Schedule:
    """Return how a quality's pictures are sampled; degraded ones leave nothing out."""
    sampling = Sampling() if degraded else SAMPLING[quality]
    return Schedule(
        steps=preset.steps,
        guidance=1.0 if preset.guidance is None else preset.guidance,
        interval=sampling.interval,
        reuse=sampling.reuse,
    )
