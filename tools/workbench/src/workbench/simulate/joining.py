"""Joining beside run to completion and beside others' published rules, step by step: `make bench-joining`.

Pictures of three presets arrive at random; a step of b pictures takes step(b), one in which e of them begin and f end
begin(e) and end(f) more. Every rule has one queue in front of all GPUs, exact costs, and gives work to idle GPUs first,
which flatters those that queue per GPU. Nobody waits for company, nothing is refused.
"""

from __future__ import annotations

import json
import random
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import product
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from proteus.engines import CATVTON
from weaver.batching import Load, joining, plan
from workbench.simulate.curves import CURVES, MAX_BATCH, Curve
from workbench.simulate.scenarios import SLO_SECONDS

GPUS: Final = (1, 4)
LOADS: Final = (0.3, 0.6, 0.9)
PICTURES: Final = 4_000
BEGIN_SHARE: Final = 0.04
END_SHARE: Final = 0.08
"""Shares of a full batch's t(b) that encoding and decoding take, as where batches are simulated; an engine does both
one picture after the other. Not measured on a GPU."""

STEPS: Final = tuple(CATVTON.presets[quality].steps for quality in ("fast", "balanced", "best"))
MIX: Final = (0.25, 0.5, 0.25)
"""Shares of the presets; t(b) of a curve is that of the one in the middle."""

BEGIN: Final = "<!-- joining: begin (written by `make bench-joining`) -->"
END: Final = "<!-- joining: end -->"
NOISE: Final = 0.05
PLAN: Final = STEPS[1]


class Costs:
    """What a curve's t(b) means for steps, beginnings and ends."""

    def __init__(self, curve: Curve) -> None:
        self.cost = curve.cost
        picture = 1 / curve.best_rate
        self.begin = [BEGIN_SHARE * picture * n for n in range(MAX_BATCH + 1)]
        self.end = [END_SHARE * picture * n for n in range(MAX_BATCH + 1)]
        self.step = [0.0]
        for b in range(1, MAX_BATCH + 1):
            self.step.append((curve.cost.t(b) - self.begin[b] - self.end[b]) / PLAN)

    def best_rate(self) -> float:
        """Return the most pictures of the mix per second and GPU."""
        steps = sum(share * count for share, count in zip(MIX, STEPS, strict=True))
        return max(b / (self.begin[b] + steps * self.step[b] + self.end[b]) for b in range(1, MAX_BATCH + 1))


@dataclass(slots=True)
class Picture:
    """One picture: when it came, began and was done, its steps, and those that are left.

    Attributes:
        found: What waited, busy GPUs and pictures inside them when it came: what a gateway predicts from.
    """

    arrived: float
    steps: int
    left: int
    found: tuple[int, int, int]
    began: float = 0.0
    done: float = 0.0


class Rule(Protocol):
    """Who starts on an idle GPU, and who joins those that run; both take from the queue."""

    name: str

    def start(self, queue: deque[Picture], costs: Costs) -> list[Picture]:
        """Return a batch for an idle GPU."""

    def join(self, inside: Sequence[Picture], queue: deque[Picture], costs: Costs, now: float) -> list[Picture]:
        """Return who joins at the end of a step."""


def _take(queue: deque[Picture], count: int, *, steps: int = 0, before: float = np.inf) -> list[Picture]:
    """Take the first ones, of one preset only or of all, and of those that arrived before a time."""
    taken: list[Picture] = []
    passed: list[Picture] = []
    while queue and len(taken) < count and queue[0].arrived <= before:
        one = queue.popleft()
        (taken if not steps or one.steps == steps else passed).append(one)
    queue.extendleft(reversed(passed))
    return taken


class Apart:
    """Proteus before: one batch key per preset, a batch runs to its end."""

    name = "before"

    def start(self, queue: deque[Picture], costs: Costs) -> list[Picture]:
        todo = plan(Load(waiting=len(queue)), costs.cost, batch_limit=MAX_BATCH)
        return _take(queue, todo.claim, steps=queue[0].steps)

    def join(self, inside: Sequence[Picture], queue: deque[Picture], costs: Costs, now: float) -> list[Picture]:
        return []


class Mixed(Apart):
    """One key per canvas, and no joining."""

    name = "one key"

    def start(self, queue: deque[Picture], costs: Costs) -> list[Picture]:
        return _take(queue, plan(Load(waiting=len(queue)), costs.cost, batch_limit=MAX_BATCH).claim)


class Ours(Mixed):
    """One key per canvas, and joining by the production rule (`weaver.batching.joining`)."""

    name = "joining"

    def join(self, inside: Sequence[Picture], queue: deque[Picture], costs: Costs, now: float) -> list[Picture]:
        rule = joining(len(inside), costs.cost, batch_limit=MAX_BATCH, slo_seconds=SLO_SECONDS)
        return _take(queue, rule.claim, before=now - rule.waited_seconds)


class VllmOmni:
    """vLLM-Omni's step-wise continuous batching (its RFC 874): whoever is compatible joins while there is room.

    Compatible: the same shape and the same sampling parameters. Simplified: the cap is the curve's largest batch.
    """

    name = "vLLM-Omni"

    def start(self, queue: deque[Picture], costs: Costs) -> list[Picture]:
        return _take(queue, MAX_BATCH, steps=queue[0].steps)

    def join(self, inside: Sequence[Picture], queue: deque[Picture], costs: Costs, now: float) -> list[Picture]:
        return _take(queue, MAX_BATCH - len(inside), steps=inside[0].steps) if inside else []


class SglangDiffusion(VllmOmni):
    """SGLang-Diffusion's dynamic batching (its pull request 18764): compatible requests that wait run together."""

    name = "SGLang"

    def join(self, inside: Sequence[Picture], queue: deque[Picture], costs: Costs, now: float) -> list[Picture]:
        return []


RULES: Final[dict[str, Rule]] = {rule.name: rule for rule in (Apart(), Mixed(), Ours(), VllmOmni(), SglangDiffusion())}


@dataclass(slots=True)
class Gpu:
    """What one GPU runs."""

    inside: list[Picture] = field(default_factory=list)


def run(
    rule: Rule, curve: Curve, *, gpus: int, load: float, seed: int, pictures: int = PICTURES, noise: float = NOISE
) -> list[Picture]:
    """Return the pictures, in the order in which they were done."""
    rng, costs = random.Random(seed), Costs(curve)
    rate, now = load * gpus * costs.best_rate(), 0.0
    heap: list[tuple[float, int, Gpu | None]] = []
    for number in range(pictures):
        now += rng.expovariate(rate)
        heappush(heap, (now, number, None))
    kinds = rng.choices(STEPS, MIX, k=pictures)
    queue: deque[Picture] = deque()
    fleet = [Gpu() for _ in range(gpus)]
    idle, done, count = list(fleet), list[Picture](), pictures

    def go_on(gpu: Gpu, beginning: Sequence[Picture]) -> None:
        nonlocal count
        count += 1
        gpu.inside += beginning
        for one in beginning:
            one.began = now
        ending = sum(one.left == 1 for one in gpu.inside)
        seconds = costs.step[len(gpu.inside)] + costs.begin[len(beginning)] + costs.end[ending]
        heappush(heap, (now + seconds * rng.lognormvariate(0.0, noise), count, gpu))

    while heap:
        now, number, gpu = heappop(heap)
        if gpu is None:
            found = len(queue), gpus - len(idle), sum(len(one.inside) for one in fleet)
            queue.append(Picture(now, kinds[number], kinds[number], found))
        else:
            for one in gpu.inside:
                one.left -= 1
                one.done = now
            done += [one for one in gpu.inside if not one.left]
            gpu.inside = [one for one in gpu.inside if one.left]
            if gpu.inside:
                go_on(gpu, [] if idle else rule.join(gpu.inside, queue, costs, now))
            else:
                idle.append(gpu)
        while idle and queue:
            go_on(idle.pop(), rule.start(queue, costs))
    return done


Figures = dict[str, tuple[float, float]]
"""Rule -> the 95th percentile and the mean."""


def figures(gpus: int, load: float, curve: str, *, seeds: Sequence[int], pictures: int = PICTURES) -> Figures:
    """Return every rule's figures, means over the seeds."""
    found: Figures = {}
    for name, rule in RULES.items():
        runs = [run(rule, CURVES[curve], gpus=gpus, load=load, seed=seed, pictures=pictures) for seed in seeds]
        seconds = [[one.done - one.arrived for one in made] for made in runs]
        p95 = sum(float(np.percentile(one, 95)) for one in seconds) / len(seconds)
        found[name] = p95, sum(float(np.mean(one)) for one in seconds) / len(seconds)
    return found


def table_of(rows: Iterable[tuple[tuple[int, float, str], Figures]]) -> str:
    """Return the rows as a Markdown table; the best of each is bold."""
    lines = [f"| GPUs | load | curve | {' | '.join(RULES)} |", "|---|---|---|" + "---|" * len(RULES)]
    for (gpus, load, curve), found in rows:
        best = min(p95 for p95, _ in found.values())
        cells = [f"**{a:.2f}** / {b:.2f}" if a <= 1.005 * best else f"{a:.2f} / {b:.2f}" for a, b in found.values()]
        lines.append(f"| {gpus} | {load:g} | {curve} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _case(case: tuple[tuple[int, float, str], tuple[int, ...]]) -> Figures:
    return figures(*case[0], seeds=case[1])


def main() -> int:
    """Print the table and write it into the page named first; the seeds follow, by default 1 and 2."""
    page, seeds = Path(sys.argv[1]), tuple(int(word) for word in sys.argv[2:]) or (1, 2)
    kinds = list(product(GPUS, LOADS, CURVES))
    with ProcessPoolExecutor(2) as pool:
        rows = list(zip(kinds, pool.map(_case, [(kind, seeds) for kind in kinds]), strict=True))
    table = table_of(rows)
    print(table)
    head, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    page.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")
    ratios = [found["joining"][0] / found["before"][0] for _, found in rows]
    said = {"p95_to_before_least": round(min(ratios), 3), "p95_to_before_most": round(max(ratios), 3)}
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
