"""`make bench-fashn`: the cost of a picture of the FASHN engine, and the gain of each lever. Random weights.

The full network where there is a GPU, a small one of the same build on a CPU: its times say nothing about the real
model; its ratios and its error do. Every lever is measured alone, against the same run without it. Figures for people
go to standard error, one line of JSON ends standard output.
"""

from __future__ import annotations

import json
import math
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
from torch import Tensor

from weaver.pipelines.fashn.blocks import MLP_RATIO
from weaver.pipelines.fashn.network import (
    CATEGORIES,
    FULL,
    GARMENT_CHANNELS,
    PERSON_CHANNELS,
    TryOnConfig,
    TryOnNetwork,
)
from weaver.pipelines.fashn.pipeline import FashnPipeline
from weaver.pipelines.fashn.schedule import Schedule

SMALL: Final = TryOnConfig(hidden=128, heads=2, height=288, width=192, axes=(8, 28, 28), mixer=1, double=1, single=2)
"""384 tokens a stream: some ten milliseconds per step on an idle core."""

BATCHES: Final = (1, 2, 4, 8)
STEPS: Final = 30
GUIDANCE: Final = 1.5
REPEATS: Final = 5

PEAK_TFLOPS: Final = {"H200": 989, "H100": 989, "A100": 312, "L40S": 362, "L4": 121, "A10": 125, "4090": 165}
"""Dense bfloat16, from the makers' data sheets (SXM where there are several); elsewhere a large product is timed."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """The models to measure, and the device."""

    config: TryOnConfig
    device: torch.device
    dtype: torch.dtype

    def inputs(self, batch: int) -> tuple[Tensor, ...]:
        """Return random person, pose, garment, pose and category."""
        generator = torch.Generator().manual_seed(batch)
        size = (self.config.height, self.config.width)
        pictures = (torch.rand(batch, c, *size, generator=generator) * 2 - 1 for c in (3, 1, 3, 1))
        return *(p.to(self.device) for p in pictures), (torch.arange(batch) % 3 + 1).to(self.device)

    def noise(self, batch: int) -> Tensor:
        """Return a batch's initial pictures."""
        shape = (batch, 3, self.config.height, self.config.width)
        return torch.randn(shape, generator=torch.Generator().manual_seed(batch)).to(self.device)

    def seconds(self, *works: Callable[[], Any]) -> list[float]:
        """Return the best time of each piece of work, warmed up, in turns: other load then disturbs all equally."""
        best = [math.inf] * len(works)
        for turn in range(REPEATS + 1):
            for index, work in enumerate(works):
                self._wait()
                start = time.perf_counter()
                work()
                self._wait()
                if turn:
                    best[index] = min(best[index], time.perf_counter() - start)
        return best

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def forward_flops(config: TryOnConfig) -> float:
    """Return the floating-point operations of one forward of one row, a multiply-add counted as two."""
    hidden, tokens = config.hidden, config.tokens
    patch = config.patch**2
    block = (3 + MLP_RATIO + 1 + MLP_RATIO) * hidden**2
    alone = config.mixer * (tokens * block + 2 * tokens**2 * hidden)
    both = (config.double + config.single) * (2 * tokens * block + 2 * (2 * tokens) ** 2 * hidden)
    ends = tokens * patch * hidden * (PERSON_CHANNELS + GARMENT_CHANNELS + 3)
    return 2.0 * (alone + both + ends)


def random_network(config: TryOnConfig, *, device: torch.device, dtype: torch.dtype) -> TryOnNetwork:
    """Return a network whose activations stay in range."""
    with torch.device("meta"):
        network = TryOnNetwork(config)
    network.to_empty(device=device)
    generator = torch.Generator(device).manual_seed(0)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            spread = 0.02 if tensor.ndim == 1 else tensor[0].numel() ** -0.5
            tensor.normal_(1.0 if name.endswith("scale") else 0.0, spread, generator=generator)
    network.to(dtype).eval().requires_grad_(False)
    return network


def published(network: TryOnNetwork, inputs: tuple[Tensor, ...], schedule: Schedule, noise: Tensor) -> Tensor:
    """Sample without any lever: both branches in every step, everything computed anew."""
    twice = [torch.cat((one, one)) for one in inputs]
    keep = torch.arange(2 * len(noise), device=noise.device) < len(noise)
    x, times = noise, schedule.times
    for step in range(schedule.steps):
        t = torch.full((2 * len(x),), times[step], device=x.device)
        conditional, null = network(torch.cat((x, x)), t, *twice, keep).chunk(2)
        weight = schedule.guidance if schedule.guided(step) else 1.0
        x = x + (times[step + 1] - times[step]) * (null + weight * (conditional - null))
    return x


def costs(bench: Bench, pipeline: FashnPipeline, schedule: Schedule) -> dict[int, float]:
    """Return seconds of a whole batch by its size, from the times of a guided and an unguided step."""
    table = {}
    for batch in BATCHES:
        try:
            guided, alone = bench.seconds(
                *(step(bench, pipeline, schedule, at, batch) for at in (0, schedule.steps - 1))
            )
        except torch.OutOfMemoryError:
            say(f"a batch of {batch} does not fit")
            break
        table[batch] = whole(schedule, guided=guided, alone=alone)
        say(f"t({batch}) = {table[batch]:.3f} s, {table[batch] / batch:.3f} s per picture")
    return table


def step(bench: Bench, pipeline: FashnPipeline, schedule: Schedule, at: int, batch: int = 1) -> Callable[[], Any]:
    """Return one step of a batch, ready to be run again and again."""
    x, conditions = bench.noise(batch), pipeline.encode(*bench.inputs(batch))
    return lambda: pipeline.step(x, [at] * batch, conditions, [schedule] * batch)


def whole(schedule: Schedule, *, guided: float, alone: float) -> float:
    """Return the seconds of a schedule from those of its two kinds of step."""
    count = sum(schedule.guided(at) for at in range(schedule.steps))
    return count * guided + (schedule.steps - count) * alone


def levers(bench: Bench, pipeline: FashnPipeline, schedule: Schedule) -> dict[str, float | None]:
    """Return how many times faster each lever alone makes a batch of one."""
    last = schedule.steps - 1
    guided, alone = bench.seconds(step(bench, pipeline, schedule, 0), step(bench, pipeline, schedule, last))
    ours, always = whole(schedule, guided=guided, alone=alone), schedule.steps * guided
    found: dict[str, float | None] = {
        "null_half_skipping": always / ours,
        "null_half_skipping_without_guidance": guided / alone,
        "computed_once": _computed_once(bench, pipeline),
    }
    if bench.device.type == "cuda":
        exact = FashnPipeline(random_network(bench.config, device=bench.device, dtype=torch.float32))
        slow, fast = bench.seconds(step(bench, exact, schedule, 0), step(bench, pipeline, schedule, 0))
        found["bfloat16"] = slow / fast
    found["compile"] = _compiled(bench, pipeline, schedule)
    return found


def _computed_once(bench: Bench, pipeline: FashnPipeline) -> float:
    """Compare modulations once per schedule and garment tokens once per picture with both in every step."""
    network, x = pipeline.network, bench.noise(1)
    person, pose, garment, garment_pose, category = bench.inputs(1)
    conditions = pipeline.encode(person, pose, garment, garment_pose, category)
    t, keep = torch.full((1,), 0.5, device=bench.device), torch.ones(1, dtype=torch.bool, device=bench.device)
    with torch.inference_mode():
        modulation = network.modulation(t, category)
        anew, once = bench.seconds(
            lambda: network(x, t, person, pose, garment, garment_pose, category, keep),
            lambda: network.denoise(x, conditions.person, conditions.garment, modulation),
        )
    return anew / once


def _compiled(bench: Bench, pipeline: FashnPipeline, schedule: Schedule) -> float | None:
    """Measure torch.compile of every step's code; None where this machine has no compiler for it."""
    network = random_network(bench.config, device=bench.device, dtype=bench.dtype)
    network.compile_core()
    compiled = step(bench, FashnPipeline(network), schedule, 0)
    start = time.perf_counter()
    try:
        compiled()
    except (RuntimeError, OSError) as error:
        say(f"torch.compile does not work here: {str(error).splitlines()[0]}")
        return None
    say(f"torch.compile takes {time.perf_counter() - start:.0f} s to get ready")
    eager, fast = bench.seconds(step(bench, pipeline, schedule, 0), compiled)
    return eager / fast


def relative_error(bench: Bench, pipeline: FashnPipeline, schedule: Schedule) -> float:
    """Return a picture's largest distance from the lever-free float32 one, relative to the latter's largest value."""
    exact = random_network(bench.config, device=bench.device, dtype=bench.dtype).float()
    inputs, noise = bench.inputs(1), bench.noise(1)
    with torch.inference_mode():
        theirs = published(exact, inputs, schedule, noise)
    ours = pipeline.sample(*inputs, steps=schedule.steps, guidance=schedule.guidance, noise=noise)
    return float((ours - theirs).abs().max() / theirs.abs().max())


def peak_tflops(bench: Bench) -> tuple[float, str]:
    """Return the device's peak and the number's source."""
    if bench.device.type == "cuda":
        name = torch.cuda.get_device_name()
        for model, tflops in PEAK_TFLOPS.items():
            if model in name:
                return tflops, "data sheet, dense bfloat16"
    side = 8192 if bench.device.type == "cuda" else 1024
    a = torch.randn(side, side, device=bench.device, dtype=bench.dtype)
    return 2 * side**3 / bench.seconds(lambda: a @ a)[0] / 1e12, f"a timed product of {side} x {side}"


def memory_bytes(bench: Bench) -> int:
    """Return the peak: allocated on a GPU, resident on a CPU."""
    if bench.device.type == "cuda":
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def say(line: str) -> None:
    """Print for people."""
    print(line, file=sys.stderr)


def main() -> None:
    """Measure and print."""
    cuda = torch.cuda.is_available()
    if not cuda:
        torch.set_num_threads(1)  # two threads that wait for each other on a busy machine measure other load
    bench = Bench(
        config=FULL if cuda else SMALL,
        device=torch.device("cuda" if cuda else "cpu"),
        dtype=torch.bfloat16 if cuda else torch.float32,
    )
    name = torch.cuda.get_device_name() if cuda else "CPU, 1 thread"
    pipeline = FashnPipeline(random_network(bench.config, device=bench.device, dtype=bench.dtype))
    parameters = sum(parameter.numel() for parameter in pipeline.network.parameters())
    flops = forward_flops(bench.config)
    say(f"{name}; {parameters / 1e6:.1f} M parameters, {flops / 1e12:.3f} TFLOP per forward, {bench.dtype}")
    schedule = Schedule(steps=STEPS, guidance=GUIDANCE)
    t_b = costs(bench, pipeline, schedule)
    peak, peak_source = peak_tflops(bench)
    largest = max(t_b)
    rate = {batch: batch * schedule.forwards * flops / seconds / 1e12 for batch, seconds in t_b.items()}
    found = levers(bench, pipeline, schedule) | {"batching": t_b[1] * largest / t_b[largest]}
    for lever, ratio in found.items():
        say(f"{lever}: " + ("not measured" if ratio is None else f"x {ratio:.3f}"))
    result = {
        "device": name,
        "dtype": str(bench.dtype).removeprefix("torch."),
        "full_size": bench.config == FULL,
        "config": asdict(bench.config),
        "categories": CATEGORIES,
        "parameters": parameters,
        "steps": STEPS,
        "guidance": GUIDANCE,
        "forwards_per_picture": schedule.forwards,
        "tflop_per_forward": flops / 1e12,
        "t_b": t_b,
        "seconds_per_picture": {batch: seconds / batch for batch, seconds in t_b.items()},
        "tflops": rate,
        "peak_tflops": peak,
        "peak_source": peak_source,
        "tflops_share": max(rate.values()) / peak,
        "levers": found,
        "memory_bytes": memory_bytes(bench),
        "max_relative_error": relative_error(bench, pipeline, schedule),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
