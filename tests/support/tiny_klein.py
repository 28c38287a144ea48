"""A klein of tiny random parts, built without files and without its text encoder: its prompts are drawn."""

from __future__ import annotations

from dataclasses import replace

import torch
from diffusers import AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline, Flux2Transformer2DModel

from proteus.engines import KLEIN, EngineCard, Preset
from weaver.pipelines.klein.engine import KleinEngine
from weaver.pipelines.klein.pipeline import KleinPipeline
from weaver.pipelines.klein.prompts import WEARING
from workbench.bench.checkpoints import randomised
from workbench.bench.klein_sizes import SCHEDULER, TINY, klein_configs

WORDS = 16
STEPS = 4


def small_card(steps: int = STEPS) -> EngineCard:
    """Return klein's card with small canvases: one for all qualities, another one for degraded pictures."""
    presets = {quality: Preset(width=48, height=64, steps=steps) for quality in KLEIN.presets}
    return replace(KLEIN, presets=presets, degraded=Preset(width=32, height=48, steps=2))


def klein_pipeline(*, device: str = "cpu", seed: int = 0) -> KleinPipeline:
    """Return the pipeline; on `meta` it holds no numbers."""
    transformer_config, vae_config, text_config = klein_configs(TINY)
    generator = torch.Generator().manual_seed(seed)
    with torch.device(device):
        transformer = Flux2Transformer2DModel.from_config(transformer_config).requires_grad_(False)
        vae = AutoencoderKLFlux2.from_config(vae_config).eval().requires_grad_(False)
    if device != "meta":
        randomised(transformer, generator)
        randomised(vae, generator)
    parts = Flux2KleinPipeline(
        transformer=transformer,
        vae=vae,
        scheduler=FlowMatchEulerDiscreteScheduler.from_config(SCHEDULER),
        text_encoder=None,
        tokenizer=None,
        is_distilled=True,
    )
    shape = (1, WORDS, 3 * text_config["hidden_size"])
    prompts = {category: torch.randn(shape, generator=generator).to(device) for category in WEARING}
    return KleinPipeline(parts, prompts)


def klein_engine(*, card: EngineCard | None = None, seed: int = 0) -> KleinEngine:
    """Return the engine on a CPU; its gate shows every picture, since these weights paint noise."""
    return KleinEngine(klein_pipeline(seed=seed), card=card or small_card(), check=lambda job, painted: None)
