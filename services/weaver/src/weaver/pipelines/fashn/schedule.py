"""A picture's way from noise (t = 0) to the picture (t = 1): its times, its guidance, what its steps leave out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

from weaver.pipelines.fashn import first_block
from weaver.pipelines.guidance import GuidanceInterval
from weaver.pipelines.reuse import Reuse

SKIP_CFG_LAST = 1
"""Guidance is off in the last step, against over-saturation (the publisher's default)."""
SHIFT_MU = 1.5
"""The publisher's time shift: more steps near the noise."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a picture is sampled.

    Attributes:
        steps: Number of Euler steps.
        guidance: Weight of the conditional branch; 1 means none.
        skip_cfg_last: The last steps that go without guidance.
        mu: Time shift.
        interval: Where on its way the picture is guided.
        reuse: Which steps take over what the joint blocks added (`first_block`).
    """

    steps: int
    guidance: float
    skip_cfg_last: int = SKIP_CFG_LAST
    mu: float = SHIFT_MU
    interval: GuidanceInterval = field(default_factory=GuidanceInterval)
    reuse: Reuse = field(default_factory=Reuse)

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"a schedule needs at least one step, not {self.steps}")

    @cached_property
    def times(self) -> tuple[float, ...]:
        """The steps + 1 times, from 0 (noise) to 1 (picture)."""
        shift = math.exp(-self.mu)
        inner = (shift / (shift + self.steps / i - 1) for i in range(1, self.steps + 1))
        return (0.0, *inner)

    def guided(self, step: int) -> bool:
        """Whether this step, from 0, needs the null branch."""
        return self.guidance != 1.0 and step < self.steps - self.skip_cfg_last and self.interval.holds(self.times[step])

    def whole(self, step: int) -> bool:
        """Whether this step runs the whole network; where guidance begins, its branch has nothing to take over."""
        begins = step > 0 and self.guided(step) and not self.guided(step - 1)
        return begins or self.reuse.whole(step, self.steps)

    def keeps(self, step: int) -> bool:
        """Whether the next step takes over what this one has computed, or has taken over itself."""
        return step + 1 < self.steps and not self.whole(step + 1)

    @property
    def approximate(self) -> bool:
        """Whether it leaves anything out."""
        return self.reuse != Reuse() or self.interval != GuidanceInterval()

    def cost(self, step: int) -> float:
        """What this step computes of a guided, whole one; 1 for each step of a schedule that leaves nothing out."""
        if not self.approximate:
            return 1.0
        return (1.0 if self.guided(step) else 0.5) * (1.0 if self.whole(step) else first_block.SHALLOW_COST)

    def cost_left(self, done: int) -> float:
        """What the steps after so many compute, in guided, whole ones."""
        return sum(self.cost(step) for step in range(done, self.steps))

    @property
    def forwards(self) -> int:
        """Rows through the network per picture: 2·steps minus those skipped."""
        return sum(2 if self.guided(step) else 1 for step in range(self.steps))
