"""`python -m tailor.parsers.segformer.proving ONNX PRECISION SIDE`: how far OpenVINO is from ONNX Runtime here.

`approximate` runs it in a child process, with the instruction sets that a candidate may use in its environment. It
prints a `proteus.worker.proofs.Distance` as JSON: of the logits, of the labels they give, and of the time.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from proteus.worker.proofs import BOUNDS, Distance
from tailor.parsers.segformer.approximate import openvino_forward
from tailor.parsers.segformer.network import onnx_forward
from tailor.parsers.segformer.preparation import Floats, Forward, Pixels

SAMPLES: Final = 3

PASSES: Final = 7
"""Of each form, in turns; the fastest counts, because other processes use the processor meanwhile."""

ENOUGH_SECONDS: Final = 5.0
"""Of processor time for the passes; a form with emulated instructions is not waited for."""


def measure(path: Path, *, precision: str, side: int) -> Distance:
    """Return the distance of OpenVINO in this precision from ONNX Runtime, on three pictures of the network's size."""
    pictures = samples(side)
    exact = onnx_forward(path, threads=1)
    near = openvino_forward(path, threads=1, slots=1, precision=precision)
    return distance(exact(pictures), near(pictures), cost=_cost(near, exact, pictures[:1]))


def distance(exact: Floats, near: Floats, *, cost: float, tie: float = BOUNDS.error) -> Distance:
    """Compare logits, (B, labels, h, w).

    Where two labels' exact logits are no farther apart than the error that is allowed, either is as right as the other:
    a label that moves between them is a tie. Random weights make many, trained ones few, at edges.

    Args:
        exact: Of the exact form.
        near: Of the other one.
        cost: Of the other one, in the exact one's.
        tie: Share of the largest exact logit.
    """
    largest = float(np.abs(exact).max()) or 1.0
    second, first = np.partition(exact, -2, axis=1)[:, -2:].swapaxes(0, 1)
    lead = first - np.take_along_axis(exact, near.argmax(axis=1)[:, None], axis=1)[:, 0]
    return Distance(
        error=float(np.abs(near.astype(np.float64) - exact).max()) / largest,
        agreement=float((lead <= tie * largest).mean()),
        decided=float((first - second > tie * largest).mean()),
        cost=cost,
    )


def _cost(near: Forward, exact: Forward, pictures: Pixels) -> float:
    """Return the processor time of one form as a multiple of the other's; both have run before."""
    seconds: dict[Forward, list[float]] = {near: [], exact: []}
    for _ in range(PASSES):
        for forward, taken in seconds.items():
            start = time.process_time()
            forward(pictures)
            taken.append(time.process_time() - start)
        if sum(map(sum, seconds.values())) > ENOUGH_SECONDS:
            break
    return min(seconds[near]) / max(min(seconds[exact]), 1e-9)


def samples(side: int) -> Pixels:
    """Return (3, side, side, 3) uint8: soft colour fields with hard-edged shapes and grain, the same every time."""
    random = np.random.default_rng(7)
    pictures = np.empty((SAMPLES, side, side, 3), np.uint8)
    for n in range(SAMPLES):
        small = random.integers(0, 256, (6 + 3 * n, 5 + 2 * n, 3), np.uint8)
        picture = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
        for _ in range(8):
            x, y = (int(v) for v in random.integers(0, side, 2))
            colour = tuple(int(v) for v in random.integers(0, 256, 3))
            cv2.circle(picture, (x, y), side // 8, colour, thickness=-1)
        grain = random.normal(0, 6, picture.shape)
        pictures[n] = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return pictures


def main() -> None:
    """Measure and print."""
    path, precision, side = sys.argv[1:]
    print(json.dumps(asdict(measure(Path(path), precision=precision, side=int(side)))))


if __name__ == "__main__":
    main()
