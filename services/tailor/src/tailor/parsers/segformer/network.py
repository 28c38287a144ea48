"""Photo -> logits -> labels at the photo's own size. The backends differ only in how they run the network.

`onnxruntime` (default) runs the folded network that `exported` finds or makes; `torch` is the published network, the
reference; `openvino` runs the folded one in half precision, approximately, once that has proven itself on this
processor.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from proteus.errors import ModelUnavailable
from proteus.worker.onnx_session import open_session
from tailor.parsers.segformer.exported import exported
from tailor.parsers.segformer.preparation import SIDE, Floats, Forward, Pixels, stretched
from tailor.parsers.segformer.upsampling import labels_at
from tailor.parsers.segformer.weights import LABELS, locate

BackendName = Literal["onnxruntime", "openvino", "torch"]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network, loaded. Safe to share between threads.

    Attributes:
        side: S, in pixels.
        version: Names the weights, and of an approximate backend the precision: results made with others are not the
            same results. Exact backends share it.
    """

    forward: Forward
    side: int
    backend: BackendName
    version: str

    def logits(self, photos: Sequence[Pixels]) -> Floats:
        """Return (B, 18, S/4, S/4) of photos, (H, W, 3) uint8 sRGB of any sizes."""
        return self.forward(np.stack([stretched(photo, side=self.side) for photo in photos]))

    def labels(self, photos: Sequence[Pixels]) -> list[Pixels]:
        """Return the label map of each photo, (H, W) uint8, ids of `tailor.labels.Atr`."""
        return [
            labels_at(logits, width=photo.shape[1], height=photo.shape[0])
            for logits, photo in zip(self.logits(photos), photos, strict=True)
        ]


def load_network(
    folder: str | os.PathLike[str],
    *,
    backend: BackendName = "onnxruntime",
    cache_dir: str | os.PathLike[str] | None = None,
    threads: int = 1,
    slots: int = 1,
    side: int = SIDE,
) -> Network:
    """Ready a network.

    Args:
        folder: Of the weights.
        backend: `onnxruntime` or `torch`, exact both; `openvino`, approximate.
        cache_dir: Where exported files are kept; None: `onnx/` beside the weights.
        threads: Of one forward pass.
        slots: Calls at once that `openvino` makes room for; the others ignore it.
        side: Of the square the network sees; other than 512 only for tests.

    Raises:
        ModelUnavailable: Weights, libraries or a suitable CPU are missing; the message says which.
    """
    weights = locate(Path(folder))
    version = weights.sha256[:12]
    try:
        if backend == "torch":
            import torch

            from tailor.parsers.segformer.reference import TorchBackend

            torch.set_num_threads(threads)
            forward: Forward = TorchBackend(weights.folder)
        elif backend == "openvino":
            from tailor.parsers.segformer import approximate

            path = exported(weights, side=side, cache_dir=cache_dir)
            form = approximate.proven(path, side=side)
            approximate.limit_instructions(form)
            forward = approximate.openvino_forward(path, threads=threads, slots=slots, precision=form.name)
            version = f"{version}-{form.name}"
        else:
            forward = onnx_forward(exported(weights, side=side, cache_dir=cache_dir), threads=threads)
    except ImportError as error:
        raise ModelUnavailable(
            f"backend {backend} of parser segformer is not installed here ({error}): requirements-models.txt"
        ) from error
    return Network(forward=forward, side=side, backend=backend, version=version)


def onnx_forward(path: Path, *, threads: int) -> Forward:
    """Ready the exported network at `path` through ONNX Runtime: exact."""
    session = open_session(path, threads=threads)

    def forward(pictures: Pixels) -> Floats:
        logits: Floats = session.run(["logits"], {"pictures": pictures})[0]
        assert logits.shape[:2] == (len(pictures), LABELS)
        return logits

    return forward
