"""`python -m tailor.parsers.segformer.proving ONNX PRECISION SIDE`: how far OpenVINO is from ONNX Runtime here.

`approximate` runs it in a child process, with the instruction sets that a candidate may use in its environment. It
prints a `proteus.proofs.Distance` as JSON: of the logits, and of the labels they give.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from proteus.proofs import Distance
from tailor.parsers.segformer.approximate import openvino_forward
from tailor.parsers.segformer.network import Pixels, onnx_forward

SAMPLES: Final = 3


def measure(path: Path, *, precision: str, side: int) -> Distance:
    """Return the distance of OpenVINO's logits in this precision on three pictures of the network's size."""
    pictures = samples(side)
    exact = onnx_forward(path, threads=1)(pictures)
    near = openvino_forward(path, threads=1, slots=1, precision=precision)(pictures)
    error = float(np.abs(near - exact).max() / np.abs(exact).max())
    agreement = float((near.argmax(axis=1) == exact.argmax(axis=1)).mean())
    return Distance(error=error, agreement=agreement)


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
