"""`make bench-shortcuts`: what the quality `approximate` leaves out of a picture's computation, and what it changes.

Operations are counted by torch (`FlopCounterMode`: products and convolutions, a multiply-add counted as two) while
whole pictures are sampled: of the real networks on the device `meta`, which has shapes and no numbers, and of tiny
ones on the CPU. The distance is that of tiny networks with random weights from the same steps done whole: it shows that
the shortcuts are in force and stay in range. It says nothing of pictures by the published weights, which are not here:
`proteus eval distance` and `proteus eval set` measure those. One line of JSON ends standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from proteus.engines import CATVTON, FASHN
from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.attention import drop_cross_attention
from weaver.pipelines.catvton.picture import Picture, Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING
from weaver.pipelines.fashn.network import FULL as FASHN_FULL
from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import Conditions, FashnPipeline
from weaver.pipelines.fashn.presets import INTERVAL, schedule_of
from weaver.pipelines.fashn.presets import SAMPLING as FASHN_SAMPLING
from weaver.pipelines.fashn.schedule import Schedule
from workbench.bench import fashn
from workbench.bench.catvton_sizes import FULL, SCHEDULER, TINY, CatVtonSize, catvton_configs
from workbench.bench.gpu_bench import Bench
from workbench.eval.quality.distance import Distance, distance

SEEDS: Final = 4
EXACT: Final = "balanced"

Sampled = Callable[[int], torch.Tensor]
"""Samples a seed's picture: CatVTON's latents, FASHN's pixels."""


def recipes(pipeline: CatVtonPipeline) -> Mapping[str, Recipe]:
    """Return CatVTON's ways by name, the exact one first; all have the same steps."""
    reuse = SAMPLING["approximate"].reuse
    plan = pipeline.schedule.plan(SAMPLING["approximate"].sampler, CATVTON.presets["approximate"].steps)
    return {
        EXACT: Recipe(plan=plan, guidance=GUIDANCE),
        f"deep cache, 1 step in {reuse.every} whole": Recipe(plan=plan, guidance=GUIDANCE, reuse=reuse),
    }


def schedules() -> Mapping[str, Schedule]:
    """Return FASHN's ways by name, the exact one first; all have the same steps."""
    preset = FASHN.presets["approximate"]
    whole, both = schedule_of(preset, EXACT), schedule_of(preset, "approximate")
    guidance = preset.guidance or 1.0
    reuse = FASHN_SAMPLING["approximate"].reuse
    return {
        EXACT: whole,
        f"guidance from {INTERVAL.first:g} to {INTERVAL.last:g}": Schedule(
            steps=preset.steps, guidance=guidance, interval=INTERVAL
        ),
        f"first-block cache, 1 step in {reuse.every} whole": Schedule(
            steps=preset.steps, guidance=guidance, reuse=reuse
        ),
        "both": both,
    }


def denoised(pipeline: CatVtonPipeline, recipe: Recipe, *, size: tuple[int, int], seed: int = 0) -> torch.Tensor:
    """Return the latents of a drawn picture after all steps; size: of the latents, (2h, w)."""
    generator = torch.Generator().manual_seed(seed)
    conditions, latents = (
        torch.randn((rows, channels, *size), generator=generator).to(pipeline.device)
        for rows, channels in ((2, 5), (1, 4))
    )
    timesteps = torch.tensor([step.timestep for step in recipe.plan], dtype=torch.float32, device=pipeline.device)
    picture = Picture(recipe=recipe, conditions=conditions, latents=latents, timesteps=timesteps)
    while not picture.done:
        pipeline.denoise([picture])
    return picture.latents


def sampled(pipeline: FashnPipeline, schedule: Schedule, *, seed: int = 0) -> torch.Tensor:
    """Return the pixels of a drawn picture after all steps."""
    generator, config = torch.Generator().manual_seed(seed), pipeline.config
    person = torch.randn((1, 4, config.height, config.width), generator=generator)
    garment = torch.randn((1, config.tokens, config.hidden), generator=generator)
    category = torch.ones(1, dtype=torch.int64, device=pipeline.device)
    conditions = Conditions(person.to(pipeline.device), garment.to(pipeline.device), category)
    x, added = pipeline.noise(seed), list[torch.Tensor | None]([None])
    for step in range(schedule.steps):
        x = pipeline.step(x, [step], conditions, [schedule], added)
    return x


def counted(sample: Sampled) -> float:
    """Return the operations of one picture, in 10^12."""
    with FlopCounterMode(display=False) as counter:
        sample(0)
    return float(counter.get_total_flops()) / 1e12


def saved(ways: Mapping[str, Sampled]) -> dict[str, Any]:
    """Return each way's operations a picture, and their share of the first one's."""
    tflop = {name: counted(sample) for name, sample in ways.items()}
    whole = next(iter(tflop.values()))
    return {name: {"tflop": float(f"{one:.4g}"), "share": round(one / whole, 3)} for name, one in tflop.items()}


def distances(ways: Mapping[str, Sampled]) -> dict[str, Any]:
    """Return each way's distance from the first one's results, mean of some seeds; one spans 6 deviations in levels."""
    names = list(ways)
    found: dict[str, list[tuple[Distance, float]]] = {name: [] for name in names[1:]}
    for seed in range(SEEDS):
        exact = ways[names[0]](seed)
        for name in names[1:]:
            result = ways[name](seed)
            relative = float((result - exact).square().mean().sqrt() / exact.square().mean().sqrt())
            levels = [_levels(one, spread=float(exact.std())) for one in (exact, result)]
            found[name].append((distance(*levels), relative))
    return {
        name: {
            "relative_rms": round(float(np.mean([relative for _, relative in of])), 4),
            **{
                key: round(float(np.mean([asdict(one)[key] or 0.0 for one, _ in of])), 2)
                for key in ("mean", "rms", "psnr")
            },
        }
        for name, of in found.items()
    }


def _levels(tensor: torch.Tensor, *, spread: float) -> Any:
    """Return (1, C, H, W) as a picture of its first three channels."""
    planes = tensor[0, :3].permute(1, 2, 0).cpu().numpy()
    return np.clip(np.rint(127.5 + planes / (6 * spread) * 255), 0, 255).astype(np.uint8)


def catvton_ways(size: CatVtonSize, canvas: tuple[int, int], *, device: str) -> dict[str, Sampled]:
    """Return CatVTON's ways to sample, on `meta` or with tiny random weights."""
    if device == "meta":
        unet, vae = (build(one) for build, one in zip(_BUILD, catvton_configs(size), strict=True))
        drop_cross_attention(unet)
        pipeline = CatVtonPipeline(unet=unet, vae=vae, schedule=weights.read_schedule(SCHEDULER))
    else:
        pipeline = Bench(size="tiny", device=device).catvton()
    latents = 2 * canvas[1] // 8, canvas[0] // 8
    return {
        name: lambda seed, recipe=recipe: denoised(pipeline, recipe, size=latents, seed=seed)  # type: ignore[misc]
        for name, recipe in recipes(pipeline).items()
    }


_BUILD: Final[Sequence[Callable[[dict[str, Any]], Any]]] = (weights.build_unet, weights.build_vae)


def fashn_ways(config: TryOnConfig, *, device: str) -> dict[str, Sampled]:
    """Return FASHN's ways to sample, on `meta` or with random weights."""
    if device == "meta":
        with torch.device("meta"):
            network = TryOnNetwork(config)
    else:
        network = fashn.random_network(config, device=torch.device(device), dtype=torch.float32)
    pipeline = FashnPipeline(network)
    return {
        name: lambda seed, schedule=schedule: sampled(pipeline, schedule, seed=seed)  # type: ignore[misc]
        for name, schedule in schedules().items()
    }


def measure() -> dict[str, Any]:
    """Return everything."""
    tiny = {"catvton": catvton_ways(TINY, (48, 64), device="cpu"), "fashn": fashn_ways(fashn.SMALL, device="cpu")}
    full = {
        f"catvton {width}x{height}": catvton_ways(FULL, (width, height), device="meta")
        for width, height in ((768, 1024), (384, 512))
    }
    full |= {"fashn 576x864": fashn_ways(FASHN_FULL, device="meta")}
    return {
        "full_size": {name: saved(ways) for name, ways in full.items()},
        "tiny": {name: saved(ways) for name, ways in tiny.items()},
        "distance_on_random_tiny_weights": {name: distances(ways) for name, ways in tiny.items()},
    }


def main() -> None:
    """Print a table for people, and one line of JSON."""
    found = measure()
    for part in ("full_size", "tiny"):
        for engine, ways in found[part].items():
            for name, one in ways.items():
                print(f"{part:9} {engine:17} {name:35} {one['tflop']:10.4g} TFLOP {one['share']:.3f}", file=sys.stderr)
    for engine, ways in found["distance_on_random_tiny_weights"].items():
        for name, one in ways.items():
            print(f"distance  {engine:17} {name:35} {one}", file=sys.stderr)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
