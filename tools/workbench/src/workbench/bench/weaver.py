"""`make bench-weaver`: the cost of a CatVTON picture, beside diffusers' eager pipeline of the same algorithm.

Both do a whole picture: encode, all steps, decode. On a GPU the model is full size at the real canvases; on a CPU it is
a small one of the same build at a fifth of the widths and an eighth of the canvases: its seconds say nothing about the
real model, its error does; one thread does the work. Weights are random. Levers are measured alone, on one guided step.
Last comes the idle share of the engines' thread, with a model that only sleeps (`idle`).
Figures for people go to standard error, one line of JSON ends standard output.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
import torch

from proteus.engines import CATVTON, Quality
from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.picture import Recipe
from weaver.pipelines.catvton.pipeline import CatVtonPipeline, seeded
from weaver.pipelines.catvton.presets import GUIDANCE, SAMPLING, guided_steps
from workbench.bench.catvton_sizes import FULL, SMALL, CatVtonSize
from workbench.bench.checkpoints import CatVtonFiles, write_catvton
from workbench.bench.idle import measure_idle
from workbench.bench.rival import DiffusersPipeline, random_inputs, random_noise
from workbench.bench.solvers import preset_errors

BATCHES: Final = (1, 2, 4, 8)
STEPS_IN_STOCK: Final = 100
"""Remaining steps of a picture that is only timed: more than all rounds take."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The measurements for a kind of device.

    Attributes:
        canvases: (width, height), the normal one first, then the degraded one.
        steps: Of the compared runs; whole presets are extrapolated from a step's cost.
    """

    size: CatVtonSize
    canvases: tuple[tuple[int, int], tuple[int, int]]
    steps: int
    rounds: int


PLANS: Final = {
    "cuda": Plan(size=FULL, canvases=((768, 1024), (384, 512)), steps=10, rounds=3),
    "cpu": Plan(size=SMALL, canvases=((96, 128), (48, 64)), steps=4, rounds=3),
}


class Bench:
    """Ours and theirs on the same files.

    Args:
        files: The checkpoint.
        plan: The measurements.
        device: `cpu` or `cuda`.
    """

    def __init__(self, files: CatVtonFiles, plan: Plan, *, device: str) -> None:
        self.files, self.plan, self.device = files, plan, device
        self.ours = self.load()
        self.theirs = DiffusersPipeline(files, device=device)

    def load(self, dtype: str = "fp32") -> CatVtonPipeline:
        return weights.load(
            self.files.base,
            self.files.vae,
            self.files.attention,
            dtype=dtype,
            device=self.device,
            channels_last=self.device == "cuda",
        )

    def seconds(self, *ways: Callable[[], Any]) -> list[float]:
        """Return the median seconds of each way, warmed up, in turns."""
        # One thread's own time on a CPU: it leaves out the machine's other work.
        clock = time.perf_counter if self.device == "cuda" else time.process_time
        times: list[list[float]] = [[] for _ in ways]
        for round_ in range(self.plan.rounds + 1):
            for index, way in enumerate(ways):
                self._wait()
                start = clock()
                way()
                self._wait()
                if round_:
                    times[index].append(clock() - start)
        return [statistics.median(each) for each in times]

    def run_ours(self, pipeline: CatVtonPipeline, count: int, canvas: tuple[int, int]) -> Any:
        person, garment, mask = random_inputs(count, canvas)
        generators = [torch.Generator().manual_seed(seed) for seed in range(count)]
        return pipeline.run(
            person,
            garment,
            mask,
            steps=self.plan.steps,
            guidance=GUIDANCE,
            generators=generators,
            width=canvas[0],
            height=canvas[1],
        )

    def run_theirs(self, canvas: tuple[int, int]) -> Any:
        noise = random_noise(1, canvas, steps=self.plan.steps)
        return self.theirs.run(*random_inputs(1, canvas), noise=noise, steps=self.plan.steps)

    def error(self, canvas: tuple[int, int]) -> float:
        """Return the largest relative difference of latents and pictures on the same weights and noise."""
        noise = random_noise(2, canvas, steps=self.plan.steps)
        person, garment, mask = random_inputs(2, canvas)
        latents, decoded = self.theirs.run(person, garment, mask, noise=noise, steps=self.plan.steps)
        _, ours, our_decoded = self.ours.run(
            person,
            garment,
            mask,
            steps=self.plan.steps,
            guidance=GUIDANCE,
            noise=noise,
            width=canvas[0],
            height=canvas[1],
            return_latents=True,
        )
        pairs = ((ours, latents), (our_decoded, decoded))
        return max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)

    def stepper(self, pipeline: CatVtonPipeline, *, guided: bool = True) -> Callable[[], None]:
        """Return a function that does one denoising step of one picture on the normal canvas."""
        person, garment, mask = random_inputs(1, self.plan.canvases[0])
        plan = pipeline.schedule.plan("ddim", STEPS_IN_STOCK)
        recipe = Recipe(plan=plan, guidance=GUIDANCE if guided else 1.0)
        draws = [seeded(torch.Generator().manual_seed(0))]
        pictures = pipeline.encode(person, garment, mask, recipe=recipe, draws=draws)
        return lambda: pipeline.denoise(pictures)

    def _wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()


def batches(bench: Bench, canvas: tuple[int, int]) -> dict[str, Any]:
    """Return seconds per picture of the rival and of ours at every batch size."""
    rival, alone = bench.seconds(lambda: bench.run_theirs(canvas), lambda: bench.run_ours(bench.ours, 1, canvas))
    t_b = {1: alone}
    for count in BATCHES[1:]:
        try:
            t_b[count] = bench.seconds(lambda count=count: bench.run_ours(bench.ours, count, canvas))[0]  # type: ignore[misc]
        except torch.OutOfMemoryError:
            say(f"a batch of {count} does not fit")
            break
    per_picture = {count: seconds / count for count, seconds in t_b.items()}
    for count, seconds in per_picture.items():
        say(f"{canvas[0]}x{canvas[1]} b={count}: {seconds:.3f} s a picture, diffusers alone {rival:.3f} s")
    return {
        "diffusers_seconds_per_picture": round(rival, 4),
        "seconds_per_picture": {str(count): round(seconds, 4) for count, seconds in per_picture.items()},
        "t_b": {str(count): round(seconds, 4) for count, seconds in t_b.items()},
        "exact_speedup": {str(count): round(rival / seconds, 3) for count, seconds in per_picture.items()},
    }


def levers(bench: Bench, *, compiled: bool) -> dict[str, Any]:
    """Return each lever's gain: how much faster one guided step of one picture is with it, measured in turns."""
    plain = bench.load()
    plain.unet.to(memory_format=torch.contiguous_format)
    base = bench.stepper(plain)

    def gain(way: Callable[[], None]) -> float:
        without, with_it = bench.seconds(base, way)
        return round(without / with_it, 3)

    other = bench.load()
    other.unet.to(memory_format=torch.channels_last)
    found: dict[str, Any] = {
        "guided_step_seconds": round(bench.seconds(base)[0], 4),
        "no_guidance": gain(bench.stepper(plain, guided=False)),
        "channels_last": gain(bench.stepper(other)),
        "cross_attention_dropped_parameters": sum(
            parameter.numel() for name, parameter in bench.theirs.unet.named_parameters() if ".attn2." in name
        ),
    }
    for dtype in ("fp16", "bf16") if bench.device == "cuda" else ("bf16",):
        found[dtype] = gain(bench.stepper(bench.load(dtype)))
    found["compile"] = "not measured: ask with --compile"
    if compiled:
        other = bench.load()
        other.unet = torch.compile(other.unet)
        found["compile"] = gain(bench.stepper(other))
    return found


def presets(bench: Bench) -> dict[Quality, dict[str, Any]]:
    """Return each preset's error and its seconds per picture, from the cost of a step with and without guidance."""
    canvas = bench.plan.canvases[0]
    person, garment, mask = random_inputs(1, canvas)
    recipe = Recipe(plan=bench.ours.schedule.plan("ddim", 1), guidance=GUIDANCE)
    draws = [seeded(torch.Generator().manual_seed(0))]

    def ends() -> None:
        bench.ours.decode(bench.ours.encode(person, garment, mask, recipe=recipe, draws=draws))

    vae = bench.seconds(ends)[0]
    guided, unguided = bench.seconds(bench.stepper(bench.ours), bench.stepper(bench.ours, guided=False))
    result = {}
    for quality, error in preset_errors().items():
        steps = CATVTON.presets[quality].steps
        paid = guided_steps(SAMPLING[quality], steps)
        seconds = vae + paid * guided + (steps - paid) * unguided
        result[quality] = {**error, "approximate": quality != "best", "seconds": round(seconds, 3)}
    return result


def report(bench: Bench, *, compiled: bool) -> dict[str, Any]:
    """Measure; return the figures and the set-up."""
    by_canvas = {f"{w}x{h}": batches(bench, (w, h)) for w, h in bench.plan.canvases}
    normal = next(iter(by_canvas.values()))
    qualities = presets(bench)
    rival_step = normal["diffusers_seconds_per_picture"] / normal["seconds_per_picture"]["1"]
    result = {
        "exact_speedup": max(normal["exact_speedup"].values()),
        "exact_speedup_one_at_a_time": normal["exact_speedup"]["1"],
        "fast_speedup": round(rival_step * qualities["best"]["seconds"] / qualities["fast"]["seconds"], 3),
        "max_relative_error": bench.error(bench.plan.canvases[1]),
        "t_b": normal["t_b"],
        "levers": levers(bench, compiled=compiled),
        "presets": qualities,
        "canvases": by_canvas,
        "steps": bench.plan.steps,
        "peak_memory_mib": round(_peak_mib(bench.device), 1),
        "parameters": sum(p.numel() for p in bench.theirs.unet.parameters()),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if bench.device == "cuda" else "cpu",
        "weights": "random",
    }
    say(
        f"exact {result['exact_speedup']}x at the best batch, {result['exact_speedup_one_at_a_time']}x one at a time; "
        f"fast {result['fast_speedup']}x; largest relative error {result['max_relative_error']:.1e}"
    )
    return result


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=sorted(PLANS), default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile, too (a minute or more)")
    options = parser.parse_args()
    plan = PLANS[options.device]
    if options.device == "cpu":
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = write_catvton(Path(folder), size=plan.size)
        figures = report(Bench(files, plan, device=options.device), compiled=options.compile)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    figures["engine_thread"] = measure_idle()
    say(f"the engines' thread is idle for {100 * figures['engine_thread']['idle_share']:.1f} % of the time")
    print(json.dumps(figures))


def _peak_mib(device: str) -> float:
    if device == "cuda":
        return float(torch.cuda.max_memory_allocated()) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """Print for people."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
