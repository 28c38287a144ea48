"""Where on a picture's way it is guided: a guided step runs the network twice, with and without the garment.

Guidance harms at high noise, does little at low noise, and helps in between (Kynkäänniemi et al., Applying Guidance in
a Limited Interval, 2024, arXiv:2404.07724).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class GuidanceInterval:
    """Guided from one time to another, 0 = noise, 1 = picture; the whole way if nothing is said."""

    first: float = 0.0
    last: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.first <= self.last <= 1:
            raise ValueError(f"an interval of guidance lies in 0..1 and does not end before it begins, not {self}")

    def holds(self, time: float) -> bool:
        """Whether a step that begins at this time is guided."""
        return self.first <= time <= self.last
