"""How each quality sets CatVTON's sampler. Pure data; canvas and steps are the card's (`proteus.engines`).

`best` is the published sampler. `balanced` and `fast` have a better solver with fewer steps; `fast` has guidance, which
doubles a step, only while the picture's large shapes are decided. `workbench.bench.solvers` measures their error on
data whose exact answer is known. All three run the whole network at every step. `approximate` does not: its steps are
`balanced`'s, and of three in a row only the first is whole. That was chosen, not tuned: this project has seen no
weights. `make bench-shortcuts` counts what it saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from proteus.engines import Quality
from weaver.pipelines.catvton.solvers import Sampler
from weaver.pipelines.reuse import Reuse

GUIDANCE: Final = 2.5
"""As published; higher is more saturated."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a quality samples.

    Attributes:
        guided: The share of the steps, from the first, that are guided.
        reuse: Which steps take over the UNet's deep part (`deep_cache`).
    """

    sampler: Sampler
    guided: float = 1.0
    reuse: Reuse = field(default_factory=Reuse)


SAMPLING: Final[Mapping[Quality, Sampling]] = {
    "best": Sampling(sampler="ddim"),
    "balanced": Sampling(sampler="dpm++2m"),
    "fast": Sampling(sampler="dpm++2m", guided=0.75),
    "approximate": Sampling(sampler="dpm++2m", reuse=Reuse(every=3)),
}


def guided_steps(sampling: Sampling, steps: int) -> int:
    """Return how many steps, from the first, are guided; at least one."""
    return max(1, round(sampling.guided * steps))
