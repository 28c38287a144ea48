"""A klein of tiny random parts, built without files and without its text encoder: its prompts are drawn."""

from __future__ import annotations

from dataclasses import replace

import torch

from proteus.engines import KLEIN, EngineCard, Preset
from weaver.pipelines.klein.engine import KleinEngine
from weaver.pipelines.klein.pipeline import KleinPipeline
from workbench.bench.gpu_klein import random_klein
from workbench.bench.klein_sizes import TINY

WORDS = 16
STEPS = 4


def small_card(steps: int = STEPS) -> EngineCard:
    """Return klein's card with small canvases: one for all qualities, another one for degraded pictures."""
    presets = {quality: Preset(width=48, height=64, steps=steps) for quality in KLEIN.presets}
    return replace(KLEIN, presets=presets, degraded=Preset(width=32, height=48, steps=2))


def klein_pipeline(*, device: str = "cpu") -> KleinPipeline:
    """Return the pipeline; on `meta` it holds no numbers."""
    made = random_klein(TINY, device=device, dtype=torch.float32, words=WORDS)
    assert isinstance(made, KleinPipeline)
    return made


def klein_engine(card: EngineCard | None = None) -> KleinEngine:
    """Return the engine on a CPU; its gate shows every picture, since these weights paint noise."""
    return KleinEngine(klein_pipeline(), card=card or small_card(), check=lambda job, painted: None)
