"""Which steps of a picture are whole, and which take the network's deep part from the last whole one.

Neighbouring steps compute nearly the same deep in the network (Ma et al., DeepCache, 2023, arXiv:2312.00858; the same
holds for the blocks of a transformer behind its first ones). The published rules for transformers measure how far the
first block's output moved, and decide then. That number is on the device: to read it the host would wait at every
step, and a choice on the device computes both. So this plan is made ahead, from the step's place alone. A picture is
the same alone, among others, and after it was parked; and what it costs is known before it begins.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reuse:
    """A plan: of `every` steps the first is whole, and so is the picture's last one; 1: all are."""

    every: int = 1

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"one step in {self.every} cannot be whole: it is 1 or more")

    def whole(self, step: int, steps: int) -> bool:
        """Whether a step, from 0, is computed whole."""
        return step % self.every == 0 or step >= steps - 1
