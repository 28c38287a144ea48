"""A picture on its way through CatVTON, and the recipe it follows: its steps, guidance, and shortcuts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch

from weaver.pipelines.catvton import deep_cache
from weaver.pipelines.catvton.solvers import Step
from weaver.pipelines.reuse import Reuse


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How pictures are denoised.

    Attributes:
        plan: The sampler's steps.
        guidance: Weight of the garment against none; 1 or less: a single pass.
        guided: First and last + 1 index of the steps that are guided; None: all.
        sampler: The plan's name; results name it.
        reuse: Which steps take over the UNet's deep part.
    """

    plan: tuple[Step, ...]
    guidance: float
    guided: tuple[int, int] | None = None
    sampler: str = ""
    reuse: Reuse = field(default_factory=Reuse)

    def guides(self, index: int) -> bool:
        first, last = self.guided or (0, len(self.plan))
        return self.guidance > 1.0 and first <= index < last

    def whole(self, index: int) -> bool:
        """Whether this step runs the whole UNet; where guidance begins, its branch has nothing to take over."""
        begins = index > 0 and self.guides(index) and not self.guides(index - 1)
        return begins or self.reuse.whole(index, len(self.plan))

    def keeps(self, index: int) -> bool:
        """Whether the next step takes over what this one has computed, or has taken over itself."""
        return index + 1 < len(self.plan) and not self.whole(index + 1)

    @property
    def approximate(self) -> bool:
        """Whether steps leave anything out of the UNet."""
        return self.reuse != Reuse()

    def cost(self, index: int) -> float:
        """What this step computes of a guided, whole one; 1 for each step of a recipe that leaves nothing out."""
        if not self.approximate:
            return 1.0
        return (1.0 if self.guides(index) else 0.5) * (1.0 if self.whole(index) else deep_cache.SHALLOW_COST)

    def cost_left(self, done: int) -> float:
        """What the steps after so many compute, in guided, whole ones."""
        return sum(self.cost(index) for index in range(done, len(self.plan)))


@dataclass
class Picture:
    """One picture between two steps; `denoise` moves it on. All that its steps need is on the device beforehand.

    Attributes:
        conditions: (2, 5, 2h, w): mask and image latents, without (0) and with (1) the garment; weight dtype.
        latents: (1, 4, 2h, w) float32.
        timesteps: (steps,) float32.
        noises: (n, 4, 2h, w) float32, one for each step of the plan that adds noise; None: none does.
        index: Steps done.
        deep: What its next step takes over of the UNet, (1 or 2, C, 2h, w) weight dtype; None: that one is whole.
    """

    recipe: Recipe
    conditions: torch.Tensor
    latents: torch.Tensor
    timesteps: torch.Tensor
    noises: torch.Tensor | None = field(default=None, repr=False)
    index: int = 0
    previous_x0: torch.Tensor | None = field(default=None, repr=False)
    deep: torch.Tensor | None = field(default=None, repr=False)

    @property
    def done(self) -> bool:
        return self.index == len(self.recipe.plan)

    @property
    def noise(self) -> torch.Tensor | None:
        """The next step's noise, (1, 4, 2h, w); None: it adds none."""
        plan = self.recipe.plan
        if self.noises is None or not plan[self.index].noise:
            return None
        at = sum(1 for step in plan[: self.index] if step.noise)
        return self.noises[at : at + 1]

    def taken(self, rows: int) -> torch.Tensor:
        """Return what its next step takes over; one that is not guided any more has that of its row with the garment.

        Raises:
            ValueError: Nothing was kept for so many rows.
        """
        if self.deep is None or len(self.deep) < rows:
            raise ValueError(f"step {self.index} takes over the UNet's deep part, but none was kept")
        return self.deep[-rows:]

    def on(self, device: torch.device | str) -> Picture:
        """Return it with its tensors on a device."""
        return replace(
            self,
            conditions=self.conditions.to(device),
            latents=self.latents.to(device),
            timesteps=self.timesteps.to(device),
            noises=None if self.noises is None else self.noises.to(device),
            previous_x0=None if self.previous_x0 is None else self.previous_x0.to(device),
            deep=None if self.deep is None else self.deep.to(device),
        )
