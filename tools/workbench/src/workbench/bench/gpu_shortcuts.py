"""The section `shortcuts` of `make bench-gpu`: whole steps beside those without their deep part, and pictures.

How far the pictures are from those done whole it does not measure: the weights are random.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

import torch

from proteus.engines import CATVTON, FASHN, Quality
from weaver.pipelines.catvton.picture import Picture
from weaver.pipelines.catvton.presets import SAMPLING, guided_steps
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.presets import schedule_of
from weaver.pipelines.reuse import Reuse
from workbench.bench import fashn
from workbench.bench.gpu_bench import Bench, Canvas

BATCHES: Final = (1, 4)
QUALITIES: Final[tuple[Quality, ...]] = ("balanced", "approximate")
SELDOM: Final = Reuse(every=1000)
"""Of a picture in stock the first step is whole and keeps its deep part; all that follow take it over."""


def shortcuts(bench: Bench) -> dict[str, Any]:
    """Measure whole and shallow steps of both engines, and the steps of a picture of each quality made of them."""
    found: dict[str, Any] = {
        f"catvton {canvas[0]}x{canvas[1]}": {str(count): _catvton(bench, canvas, count) for count in BATCHES}
        for canvas in bench.canvases
    }
    dtype = torch.bfloat16 if bench.on_gpu else torch.float32
    pipeline = FashnPipeline(fashn.random_network(bench.fashn_config, device=bench.device, dtype=dtype))
    inner = fashn.Bench(config=bench.fashn_config, device=bench.device, dtype=dtype)
    return found | {"fashn": {str(count): _fashn(bench, inner, pipeline, count) for count in BATCHES}}


def _catvton(bench: Bench, canvas: Canvas, count: int) -> dict[str, Any]:
    pipeline = bench.catvton()
    whole, keeping = bench.pictures(count, canvas), _reusing(bench, canvas, count)
    shallow = _reusing(bench, canvas, count)
    pipeline.denoise(shallow)
    ways: list[Callable[[], Any]] = [partial(pipeline.predict, pictures) for pictures in (whole, keeping, shallow)]
    step, kept, less = bench.seconds(*ways)

    def steps(quality: Quality) -> float:
        sampling, number = SAMPLING[quality], CATVTON.presets[quality].steps
        assert guided_steps(sampling, number) == number  # each step costs the same two rows
        wholes = sum(sampling.reuse.whole(index, number) for index in range(number))
        return wholes * (step if sampling.reuse == Reuse() else kept) + (number - wholes) * less

    return _rows(step, kept, less) | {f"{quality}_steps_seconds": round(steps(quality), 4) for quality in QUALITIES}


def _reusing(bench: Bench, canvas: Canvas, count: int) -> Sequence[Picture]:
    pictures = bench.pictures(count, canvas)
    for picture in pictures:
        picture.recipe = replace(picture.recipe, reuse=SELDOM)
    return pictures


def _fashn(bench: Bench, inner: fashn.Bench, pipeline: FashnPipeline, count: int) -> dict[str, Any]:
    conditions, x = pipeline.encode(*inner.inputs(count)), inner.noise(count)
    ways = {quality: schedule_of(FASHN.presets[quality], quality) for quality in QUALITIES}
    exact = ways["balanced"]
    reusing = replace(exact, reuse=SELDOM)
    added: list[torch.Tensor | None] = [None] * count
    pipeline.step(x, [0] * count, conditions, [reusing] * count, added)

    def one(schedule: Any, at: int) -> Callable[[], Any]:
        return lambda: pipeline.step(x, [at] * count, conditions, [schedule] * count, list(added))

    unguided = replace(reusing, guidance=1.0)
    step, kept, less, step_alone, less_alone = bench.seconds(
        one(exact, 0), one(reusing, 0), one(reusing, 1), one(exact, exact.steps - 1), one(unguided, 1)
    )

    def steps(quality: Quality) -> float:
        schedule = ways[quality]
        whole, shallow = (step, step_alone), (less, less_alone)
        return sum(
            (whole if schedule.whole(at) else shallow)[0 if schedule.guided(at) else 1] for at in range(schedule.steps)
        )

    return (
        _rows(step, kept, less)
        | {"unguided_step_seconds": round(step_alone, 5), "unguided_shallow_seconds": round(less_alone, 5)}
        | {f"{quality}_steps_seconds": round(steps(quality), 4) for quality in QUALITIES}
    )


def _rows(step: float, kept: float, less: float) -> dict[str, float]:
    return {
        "step_seconds": round(step, 5),
        "keeping_step_seconds": round(kept, 5),
        "shallow_step_seconds": round(less, 5),
    }
