"""CatVTON's configurations in the published form: of the real model, and of small ones for tests and benchmarks.

Imports nothing heavy: a benchmark on a bare GPU machine reads them, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

SCHEDULER: Final = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
"""As published with Stable Diffusion 1.5 inpainting; CatVTON reads it as DDIM's, regardless of the class it names."""


@dataclass(frozen=True, kw_only=True)
class CatVtonSize:
    """Channels of a CatVTON-shaped model: four UNet levels, a VAE that shrinks by 8.

    Attributes:
        attended: UNet levels with attention; the published three hold 15 of its 16, the middle has the last.
    """

    unet: tuple[int, int, int, int]
    vae: tuple[int, int, int, int]
    heads: int
    groups: int
    context: int
    attended: tuple[int, ...] = (0, 1, 2)


TINY: Final = CatVtonSize(unet=(16, 16, 32, 32), vae=(8, 8, 16, 16), heads=2, groups=8, context=12)
"""0.5 M parameters: milliseconds per step on a small canvas, for tests."""
LEAN: Final = CatVtonSize(unet=(8, 8, 16, 16), vae=(4, 4, 4, 4), heads=2, groups=4, context=12, attended=(2,))
"""Attention on 1,536 tokens and fewer: a tenth of a second per step at 768x1024, for tests of whole workers."""
SMALL: Final = CatVtonSize(unet=(64, 128, 256, 256), vae=(32, 32, 64, 64), heads=8, groups=32, context=96)
"""35 M parameters, a fifth of the real widths: benchmarks on a CPU."""
FULL: Final = CatVtonSize(unet=(320, 640, 1280, 1280), vae=(128, 256, 512, 512), heads=8, groups=32, context=768)
"""The real one: 859.5 M + 83.7 M parameters."""


def catvton_configs(size: CatVtonSize) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the UNet's and the VAE's configuration in the published form."""
    unet = {
        "_class_name": "UNet2DConditionModel",
        "act_fn": "silu",
        "attention_head_dim": size.heads,
        "block_out_channels": list(size.unet),
        "center_input_sample": False,
        "cross_attention_dim": size.context,
        "down_block_types": ["CrossAttnDownBlock2D" if at in size.attended else "DownBlock2D" for at in range(4)],
        "downsample_padding": 1,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "in_channels": 9,
        "layers_per_block": 2,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-05,
        "norm_num_groups": size.groups,
        "out_channels": 4,
        "sample_size": 64,
        "up_block_types": ["CrossAttnUpBlock2D" if at in size.attended else "UpBlock2D" for at in (3, 2, 1, 0)],
    }
    vae = {
        "_class_name": "AutoencoderKL",
        "act_fn": "silu",
        "block_out_channels": list(size.vae),
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "in_channels": 3,
        "latent_channels": 4,
        "layers_per_block": 2,
        "norm_num_groups": size.groups,
        "out_channels": 3,
        "sample_size": 256,
        "up_block_types": ["UpDecoderBlock2D"] * 4,
    }
    return unet, vae
