"""A sampler's error, measured where the exact answer is known: Gaussian data, whose denoiser has a formula.

Data of many dimensions, each Gaussian with its own mean and spread (as the latents of photos: a few strong
directions, many weak ones). The exact epsilon is linear, so a sampler maps the initial Gaussian to a Gaussian that can
be computed exactly, and its distance from the data's (2-Wasserstein, as a share of the data's size) is the sampler's
error: no weights, no chance. With guidance the target is the same equation solved with 999 steps. It measures a
preset's loss in solving, not in looks.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from proteus.engines import CATVTON, Quality
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING, guided_steps
from weaver.pipelines.catvton.solvers import Schedule, Step, advance

Floats = NDArray[np.float64]
DIMENSIONS: Final = 64
DENSE: Final = 999


@dataclass(frozen=True)
class Gaussian:
    """Independent Gaussians."""

    mean: Floats
    spread: Floats

    def distance(self, other: Gaussian) -> float:
        """Return the 2-Wasserstein distance, as a share of this one's root mean square."""
        square = np.mean((self.mean - other.mean) ** 2 + (self.spread - other.spread) ** 2)
        return math.sqrt(float(square) / float(np.mean(self.mean**2 + self.spread**2)))

    def epsilon(self, alpha: float) -> tuple[Floats, Floats]:
        """Return the exact epsilon at a noise level as (slope, offset): slope x + offset."""
        slope = math.sqrt(1 - alpha) / (alpha * self.spread**2 + 1 - alpha)
        return slope, -slope * math.sqrt(alpha) * self.mean


DRESSED: Final = Gaussian(np.linspace(-1, 1, DIMENSIONS), np.sqrt(np.logspace(-3, 0.6, DIMENSIONS)))
UNDRESSED: Final = Gaussian(DRESSED.mean * 0.6, np.sqrt(DRESSED.spread**2 + 0.2))
"""Without the garment the model knows less: closer to the mean, wider."""


def published_schedule() -> Schedule:
    """Return Stable Diffusion 1.5's noise levels."""
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=np.float32) ** 2
    alphas = np.cumprod(1 - betas, dtype=np.float32)
    return Schedule(alphas=tuple(float(a) for a in alphas), final_alpha=float(alphas[0]), offset=1)


def sampled(plan: tuple[Step, ...], *, guidance: float = 1.0, guided: int | None = None) -> Gaussian:
    """Return the result of a sampler that starts from the unit Gaussian."""
    mean, gain, variance = np.zeros(DIMENSIONS), np.ones(DIMENSIONS), np.zeros(DIMENSIONS)
    before_mean = before_gain = None
    for index, step in enumerate(plan):
        slope, offset = DRESSED.epsilon(step.alpha)
        if guidance > 1 and (guided is None or index < guided):
            bare_slope, bare_offset = UNDRESSED.epsilon(step.alpha)
            slope = bare_slope + guidance * (slope - bare_slope)
            offset = bare_offset + guidance * (offset - bare_offset)
        own_gain, _ = advance(step, np.ones(DIMENSIONS), slope, None, 0.0)
        mean, before_mean = advance(step, mean, slope * mean + offset, before_mean, 0.0)
        gain, before_gain = advance(step, gain, slope * gain, before_gain, 0.0)
        variance = own_gain**2 * variance + step.noise**2
    return Gaussian(mean, np.sqrt(gain**2 + variance))


def preset_errors() -> dict[Quality, dict[str, Any]]:
    """Return each preset's forward passes and errors."""
    schedule = published_schedule()
    result: dict[Quality, dict[str, Any]] = {}
    for quality, sampling in SAMPLING.items():
        steps = CATVTON.presets[quality].steps
        plan, dense = schedule.plan(sampling.sampler, steps), schedule.plan(sampling.sampler, DENSE)
        guided = guided_steps(sampling, steps)
        target = sampled(dense, guidance=GUIDANCE)
        result[quality] = {
            "sampler": sampling.sampler,
            "steps": steps,
            "forward_passes": steps + guided,
            "error": round(DRESSED.distance(sampled(plan)), 4),
            "guided_error": round(target.distance(sampled(plan, guidance=GUIDANCE, guided=guided)), 4),
        }
    return result


def main() -> None:
    """Print the presets' errors, and the samplers' by number of steps."""
    schedule = published_schedule()
    print("sampler    steps   error", file=sys.stderr)
    for sampler in ("ddim", "dpm++2m"):
        for steps in (8, 10, 12, 16, 20, 30, 50):
            error = DRESSED.distance(sampled(schedule.plan(sampler, steps)))
            print(f"{sampler:10} {steps:5} {error:7.4f}", file=sys.stderr)
    print(json.dumps({"presets": preset_errors()}))


if __name__ == "__main__":
    main()
