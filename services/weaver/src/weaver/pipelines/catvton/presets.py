"""How each quality sets CatVTON's sampler. Pure data; canvas and steps are the card's (`proteus.engines`).

`best` is the published sampler. The others are approximate: a better solver with fewer steps, and guidance, which
doubles a step, only while the picture's large shapes are decided. `workbench.bench.solvers` measures their error on
data whose exact answer is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from proteus.engines import Quality
from weaver.pipelines.catvton.solvers import Sampler

GUIDANCE: Final = 2.5
"""As published; higher is more saturated."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a quality samples. `guided` is the share of the steps, from the first, that are guided."""

    sampler: Sampler
    guided: float = 1.0


SAMPLING: Final[Mapping[Quality, Sampling]] = {
    "best": Sampling(sampler="ddim"),
    "balanced": Sampling(sampler="dpm++2m"),
    "fast": Sampling(sampler="dpm++2m", guided=0.75),
}


def guided_steps(sampling: Sampling, steps: int) -> int:
    """Return how many steps, from the first, are guided; at least one."""
    return max(1, round(sampling.guided * steps))
