"""The reference backend: transformers' SegFormer in PyTorch, as published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import SegformerForSemanticSegmentation
from transformers.utils.logging import disable_progress_bar

from tailor.parsers.segformer.preparation import MEAN, SPREAD, Floats, Pixels


class TorchBackend:
    """Runs the published network, float32 on the CPU.

    Args:
        folder: `config.json` and `model.safetensors`.
    """

    name = "torch"

    def __init__(self, folder: Path) -> None:
        self.model = read_model(folder)

    def __call__(self, pictures: Pixels) -> Floats:
        """(B, S, S, 3) uint8 -> logits (B, 18, S/4, S/4) float32."""
        pixels = normalised(pictures)
        with torch.inference_mode():
            logits: NDArray[np.float32] = self.model(pixel_values=pixels).logits.numpy()
        return logits


def read_model(folder: Path) -> Any:
    """Read the model from a folder, without a network connection."""
    disable_progress_bar()  # a worker's log is no terminal
    return SegformerForSemanticSegmentation.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
    ).eval()


def normalised(pictures: Pixels) -> Any:
    """(B, S, S, 3) uint8 -> (B, 3, S, S) float32 as the network was trained on."""
    scaled = (pictures.astype(np.float32) / 255 - np.array(MEAN, np.float32)) / np.array(SPREAD, np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))
