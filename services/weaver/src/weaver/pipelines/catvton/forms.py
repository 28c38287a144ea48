"""The forms in which CatVTON runs: fp32 is the exact one, the others are a GPU's levers, proven at load on one sample.

The sample goes through every part once: VAE encoder, one guided step of the UNet in the middle of a schedule, VAE
decoder. It has the size of degraded jobs, the smallest canvas that a job has: the exact form takes twice the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F

from proteus.engines import EngineCard
from proteus.worker.proofs import Candidate
from weaver.pipelines import levers, torch_device
from weaver.pipelines.catvton import merged, weights
from weaver.pipelines.catvton.picture import Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, seeded
from weaver.pipelines.catvton.presets import GUIDANCE

EXACT: Final = Candidate(name="fp32")
CHANNELS_LAST: Final = "channels_last"
ON_GPU: Final = (Candidate(name=f"fp16 {CHANNELS_LAST}"), Candidate(name="fp16"))
"""fp16, because users see more damage from bf16."""


def load(folder: Path, *, device: str, card: EngineCard, forms: Sequence[Candidate]) -> tuple[str, CatVtonPipeline]:
    """Return the form that serves, and its pipeline, from `make weights`' folder.

    Args:
        folder: Holds base, VAE and attention.
        device: `cpu` or `cuda`.
        card: Has the tolerance, and the canvas of the sample.
        forms: The levers to try, the preferred one first.

    Raises:
        ModelUnavailable: Something is missing or damaged, or the exact form does not run.
    """
    preset = card.degraded or card.presets["fast"]
    form, pipeline = levers.ready(
        forms,
        levers.Trial(
            exact=EXACT,
            load=partial(_load, folder, device),
            answers=partial(answers, width=preset.width, height=preset.height),
            tolerance=card.tolerance,
            what=f"engine {card.name}",
            folder=folder,
            device=torch_device.describe(device),
        ),
    )
    return form.name, pipeline


def _load(folder: Path, device: str, form: Candidate) -> CatVtonPipeline:
    dtype, *layout = form.name.split()
    base, attention, one = folder / "stable-diffusion-inpainting", folder / "CatVTON", folder / merged.FILE
    if one.is_file() and (dtype == "fp16" or not base.is_dir()):
        torch_device.prepare(device)
        return merged.load(one, dtype=dtype, device=device, channels_last=CHANNELS_LAST in layout)
    present = [version for version, name in weights.VERSIONS.items() if (attention / name).is_dir()]
    torch_device.prepare(device)
    return weights.load(
        base,
        folder / "sd-vae-ft-mse",
        attention,
        dtype=dtype,
        device=device,
        channels_last=CHANNELS_LAST in layout,
        version=present[0] if present else "mix",
    )


def answers(pipeline: CatVtonPipeline, *, width: int, height: int) -> levers.Answers:
    """Return each part's output for a drawn sample, the same every time."""
    generator = torch.Generator().manual_seed(0)
    low = torch.rand((2, 3, max(height // 32, 2), max(width // 32, 2)), generator=generator) * 2 - 1
    pictures = F.interpolate(low, size=(height, width), mode="bicubic").clamp(-1, 1)
    mask = torch.zeros((1, 1, height, width))
    mask[..., height // 4 : height // 2, width // 4 : -width // 4] = 1
    moments = pipeline.moments(pictures)
    recipe = Recipe(plan=pipeline.schedule.plan("ddim", 2), guidance=GUIDANCE)
    picture = pipeline.begin(moments[:1], moments[1:], mask, recipe=recipe, draw=seeded(generator))
    predicted = pipeline.predict([picture])[0]
    decoded = pipeline.decode([picture])
    parts = {"encoder": moments, "unet": predicted, "decoder": decoded}
    return {name: tensor.float().cpu().numpy() for name, tensor in parts.items()}
