"""What CatVTON changes in Stable Diffusion's UNet: its attention modules.

The 16 self-attentions (`attn1`) carry CatVTON's weights. The 16 cross-attentions (`attn2`) return their input, because
there is no text: the block still adds `norm2(h)` to `h`, so `norm2` stays and the projections go.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import nn


class PassThrough(nn.Module):
    """An attention that returns its input, whatever else it is given."""

    def forward(self, hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        return hidden_states


def self_attention_names(unet: UNet2DConditionModel) -> list[str]:
    """Return the names of all `attn1` modules in the order of the checkpoint: down, up, mid last."""
    return [name for name, _ in unet.named_modules() if name.endswith(".attn1")]


def drop_cross_attention(unet: UNet2DConditionModel) -> None:
    """Replace every `attn2` by a `PassThrough`; its weights (43.96 M of Stable Diffusion 1.5) are gone afterwards."""
    for name in [name for name, _ in unet.named_modules() if name.endswith(".attn2")]:
        block, _, leaf = name.rpartition(".")
        setattr(unet.get_submodule(block), leaf, PassThrough())
