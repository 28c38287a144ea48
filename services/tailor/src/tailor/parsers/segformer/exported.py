"""The exported network of a folder of weights: where it lies, and how it is made where PyTorch is.

A tailor with ONNX Runtime alone serves what `proteus weights segformer` or a tailor with PyTorch wrote once: the file
travels with the weights, in a bucket or in a mounted folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from proteus.errors import ModelUnavailable
from tailor.parsers.segformer.weights import Weights

EXPORT_VERSION: Final = 1
"""Part of the file's name: another export never meets an old file."""


def exported(weights: Weights, *, side: int, cache_dir: str | os.PathLike[str] | None = None) -> Path:
    """Return the ONNX file of these weights; the first call writes it.

    Args:
        weights: From `locate`.
        side: Of the square the network sees.
        cache_dir: Where exported files are kept; None: `onnx/` beside the weights.

    Raises:
        ModelUnavailable: It is not there and cannot be made here; the message says how to make it.
    """
    folder = Path(cache_dir or weights.folder / "onnx")
    path = folder / f"segformer-{weights.sha256[:12]}-{side}-v{EXPORT_VERSION}.onnx"
    if path.is_file():
        return path
    try:
        from tailor.parsers.segformer.export import export
        from tailor.parsers.segformer.reference import read_model
    except ImportError as error:
        raise ModelUnavailable(
            f"parser segformer finds no exported network {path.name} in {folder}, and none can be made here without "
            f"PyTorch ({error}): `make weights MODEL=segformer ACCEPT=1` writes it beside the weights, bring both"
        ) from error
    try:
        export(read_model(weights.folder), path, side=side)
    except OSError as error:
        raise ModelUnavailable(f"parser segformer's exported network cannot be written to {folder}: {error}") from error
    return path
