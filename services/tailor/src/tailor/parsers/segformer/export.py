"""The network as an ONNX file, with the decoder folded: exact, and a third of the work.

The published decoder projects each of four feature maps to 768 channels, upsamples all to the finest, and mixes the
3072 channels by a 1x1 convolution with batch normalisation. Projection, mixing and normalisation are linear in each
pixel, and bilinear upsampling is linear with weights that sum to one, so they commute: each map gets one folded 1x1
convolution at its own size, and what is upsampled is added. Equal up to rounding.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from tailor.parsers.segformer.preparation import MEAN, SPREAD


class FoldedSegformer(nn.Module):
    """Pictures (B, S, S, 3) uint8 -> logits (B, 18, S/4, S/4) float32."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.encoder = model.segformer
        head = model.decode_head
        norm = head.batch_norm
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        width = head.linear_fuse.out_channels
        # The decoder concatenates the coarsest map first.
        mixes = head.linear_fuse.weight[:, :, 0, 0].split(width, dim=1)[::-1]
        shift = norm.bias - scale * norm.running_mean
        self.projections = nn.ModuleList()
        for mix, linear in zip(mixes, head.linear_projections, strict=True):
            projection = nn.Conv2d(linear.proj.in_features, width, 1, bias=False)
            projection.weight = nn.Parameter((scale[:, None] * mix @ linear.proj.weight)[:, :, None, None])
            shift = shift + scale * (mix @ linear.proj.bias)
            self.projections.append(projection)
        self.projections[0].bias = nn.Parameter(shift)
        self.classifier = head.classifier
        self.register_buffer("gain", 1 / (255 * torch.tensor(SPREAD)).view(1, 3, 1, 1))
        self.register_buffer("offset", (-torch.tensor(MEAN) / torch.tensor(SPREAD)).view(1, 3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        pixels = pictures.permute(0, 3, 1, 2).float() * self.gain + self.offset
        maps = self.encoder(pixels, output_hidden_states=True).hidden_states
        total = self.projections[0](maps[0])
        for projection, features in zip(list(self.projections)[1:], maps[1:], strict=True):
            total = total + F.interpolate(projection(features), size=total.shape[2:], mode="bilinear")
        return self.classifier(F.relu(total))


def export(model: Any, path: Path, *, side: int) -> None:
    """Write the folded network to an ONNX file, whole or not at all; the batch size stays free."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of every Python number, all of them fixed by `side`
        torch.onnx.export(
            FoldedSegformer(model).eval(),
            (torch.zeros((1, side, side, 3), dtype=torch.uint8),),
            str(partial),
            input_names=["pictures"],
            output_names=["logits"],
            dynamic_axes={"pictures": {0: "batch"}, "logits": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    partial.replace(path)
