"""The UNet in two parts: its outermost layer, and all that lies below it, whose output a later step may take over.

    x ─▶ conv_in ──────────────────skip──────────────────▶ ┌ last layer of the last up block ┐ ─▶ conv_out
           └─▶ down, middle, up ─▶ deep (R, C, 2h, w) ───▶ └ a resnet, an attention          ┘

A whole pass can keep `deep`; a shallow one is given it and runs the outermost layer alone, on the step's own latents
and timestep (Ma et al., DeepCache, 2023, arXiv:2312.00858).
"""

from __future__ import annotations

from typing import Any, Final

import torch
from diffusers import UNet2DConditionModel

SHALLOW_COST: Final = 0.122
"""A shallow row's operations as a share of a whole one's, at 768x1024, counted (`make bench-shortcuts`)."""


def whole(unet: UNet2DConditionModel, x: torch.Tensor, timesteps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Run the UNet; return its output and `deep`. Shapes as in `CatVtonPipeline.predict_rows`."""
    found: list[torch.Tensor] = []

    def keep(_module: Any, inputs: tuple[torch.Tensor, ...]) -> None:
        found.append(inputs[0][:, : inputs[0].shape[1] - unet.conv_in.out_channels])

    hook = unet.up_blocks[-1].resnets[-1].register_forward_pre_hook(keep)
    try:
        predicted: torch.Tensor = unet(x, timesteps, encoder_hidden_states=None, return_dict=False)[0]
    finally:
        hook.remove()
    return predicted, found[0]


def shallow(unet: UNet2DConditionModel, x: torch.Tensor, timesteps: torch.Tensor, deep: torch.Tensor) -> torch.Tensor:
    """Run the outermost layer alone, over a `deep` of an earlier step of the same rows."""
    embedded = unet.time_embedding(unet.get_time_embed(sample=x, timestep=timesteps))
    block = unet.up_blocks[-1]
    h = block.resnets[-1](torch.cat([deep, unet.conv_in(x)], dim=1), embedded)
    if getattr(block, "attentions", None):
        h = block.attentions[-1](h, encoder_hidden_states=None, return_dict=False)[0]
    predicted: torch.Tensor = unet.conv_out(unet.conv_act(unet.conv_norm_out(h)))
    return predicted
