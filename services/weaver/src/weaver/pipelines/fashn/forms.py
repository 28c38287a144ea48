"""The forms in which FASHN's network runs: fp32 is the exact one, bf16, as published, a lever that is proven at load.

The sample is one guided step in the middle of a schedule, on the network's own canvas.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F

from proteus.engines import FASHN
from proteus.worker.proofs import Candidate
from weaver.pipelines import levers, torch_device
from weaver.pipelines.fashn import weights
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule

EXACT: Final = Candidate(name="fp32")
BF16: Final = Candidate(name="bf16")
DTYPES: Final = {"fp32": torch.float32, "bf16": torch.bfloat16}


def of_device(device: str) -> Sequence[Candidate]:
    """Return the levers to try on a device: bf16 where a GPU computes in it."""
    real = device.startswith("cuda") and torch.cuda.is_bf16_supported(including_emulation=False)
    return (BF16,) if real else ()


def load(file: Path, *, device: str, forms: Sequence[Candidate]) -> tuple[str, FashnPipeline]:
    """Return the form that serves, and its pipeline.

    Args:
        file: The published weights.
        device: `cpu` or `cuda`.
        forms: The levers to try.

    Raises:
        ModelUnavailable: The file is missing or damaged, or the exact form does not run.
    """
    config = weights.sizes(file)

    def put(form: Candidate) -> FashnPipeline:
        torch_device.prepare(device)
        return weights.load(file, dtype=DTYPES[form.name], device=device, config=config)

    form, pipeline = levers.ready(
        forms,
        levers.Trial(
            exact=EXACT,
            load=put,
            answers=answers,
            tolerance=FASHN.tolerance,
            what=f"engine {FASHN.name}",
            folder=file.parent,
            device=torch_device.describe(device),
        ),
    )
    return form.name, pipeline


def answers(pipeline: FashnPipeline) -> levers.Answers:
    """Return the velocity of a drawn sample, the same every time."""
    generator = torch.Generator().manual_seed(0)
    height, width = pipeline.config.height, pipeline.config.width
    low = torch.rand((1, 8, max(height // 32, 2), max(width // 32, 2)), generator=generator) * 2 - 1
    drawn = F.interpolate(low, size=(height, width), mode="bicubic").clamp(-1, 1)
    conditions = pipeline.encode(*drawn.split((3, 1, 3, 1), dim=1), torch.tensor([1]))
    x = pipeline.noise(0)
    schedule = Schedule(steps=3, guidance=1.5)
    return {"velocity": (pipeline.step(x, [1], conditions, [schedule]) - x).cpu().numpy()}
