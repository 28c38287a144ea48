"""NSFW: how unlikely the result shows what is not safe for work, by a classifier. Pure.

The classifier comes from outside: `networks.nsfw_classifier`.
"""

from __future__ import annotations

from collections.abc import Callable

from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Score, Tryon, share

Classifier = Callable[[Pixels], float]
"""Returns the probability, 0..1, that (H, W, 3) uint8 sRGB is not safe for work."""


def nsfw(tryon: Tryon, classifier: Classifier) -> Score:
    """Classify the result; the photo's own probability stands beside it, because a swimsuit may come with the photo."""
    before, after = classifier(tryon.person), classifier(tryon.result)
    return Score(value=share(1 - after), reason=f"probability {after:.2f}, the photo's {before:.2f}")
