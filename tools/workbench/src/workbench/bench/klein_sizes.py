"""klein's configurations in the published form: of the real model, and of a tiny one for tests.

The real ones are those that black-forest-labs/FLUX.2-klein-4B publishes, as public conversion scripts and test
fixtures repeat them; this project has not opened the repository itself. Imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

INDEX: Final[dict[str, Any]] = {
    "_class_name": "Flux2KleinPipeline",
    "is_distilled": True,
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "Qwen3ForCausalLM"],
    "tokenizer": ["transformers", "Qwen2TokenizerFast"],
    "transformer": ["diffusers", "Flux2Transformer2DModel"],
    "vae": ["diffusers", "AutoencoderKLFlux2"],
}

SCHEDULER: Final[dict[str, Any]] = {
    "_class_name": "FlowMatchEulerDiscreteScheduler",
    "base_image_seq_len": 256,
    "base_shift": 0.5,
    "invert_sigmas": False,
    "max_image_seq_len": 4096,
    "max_shift": 1.15,
    "num_train_timesteps": 1000,
    "shift": 3.0,
    "shift_terminal": None,
    "stochastic_sampling": False,
    "time_shift_type": "exponential",
    "use_beta_sigmas": False,
    "use_dynamic_shifting": True,
    "use_exponential_sigmas": False,
    "use_karras_sigmas": False,
}


@dataclass(frozen=True, kw_only=True)
class KleinSize:
    """What differs between the real model and a small one.

    Attributes:
        heads: Attention heads of the transformer, of `head` channels each; a rotary axis has a quarter of them.
        double: Transformer blocks with two streams.
        single: Transformer blocks with one.
        latent: Channels of the VAE.
        vae: Channels of its levels; it shrinks by 8.
        text: Channels of the text encoder, of which three layers' answers are a prompt.
        text_inner: Channels of its feed-forward.
        text_layers: At least 28: the 27th layer's answer is taken.
        text_heads: With and without grouping.
        vocabulary: Tokens.
    """

    heads: int
    head: int
    double: int
    single: int
    latent: int
    vae: tuple[int, int, int, int]
    groups: int
    text: int
    text_inner: int
    text_layers: int
    text_heads: tuple[int, int]
    text_head: int
    vocabulary: int


TINY: Final = KleinSize(
    heads=2,
    head=16,
    double=1,
    single=1,
    latent=4,
    vae=(8, 8, 8, 8),
    groups=4,
    text=8,
    text_inner=16,
    text_layers=28,
    text_heads=(2, 1),
    text_head=4,
    vocabulary=264,
)
"""About 0.1 M parameters: milliseconds a step on a small canvas."""

FULL: Final = KleinSize(
    heads=24,
    head=128,
    double=5,
    single=20,
    latent=32,
    vae=(128, 256, 512, 512),
    groups=32,
    text=2560,
    text_inner=9728,
    text_layers=36,
    text_heads=(32, 8),
    text_head=128,
    vocabulary=151936,
)
"""The real one: 3,875.5 M + 84.0 M parameters, and 4,022.5 M of the text encoder."""


def klein_configs(size: KleinSize) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the transformer's, the VAE's and the text encoder's configuration in the published form."""
    transformer = {
        "_class_name": "Flux2Transformer2DModel",
        "attention_head_dim": size.head,
        "axes_dims_rope": [size.head // 4] * 4,
        "eps": 1e-06,
        "guidance_embeds": False,
        "in_channels": 4 * size.latent,
        "joint_attention_dim": 3 * size.text,
        "mlp_ratio": 3.0,
        "num_attention_heads": size.heads,
        "num_layers": size.double,
        "num_single_layers": size.single,
        "out_channels": None,
        "patch_size": 1,
        "rope_theta": 2000,
        "timestep_guidance_channels": 256,
    }
    vae = {
        "_class_name": "AutoencoderKLFlux2",
        "act_fn": "silu",
        "batch_norm_eps": 0.0001,
        "batch_norm_momentum": 0.1,
        "block_out_channels": list(size.vae),
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "in_channels": 3,
        "latent_channels": size.latent,
        "layers_per_block": 2,
        "mid_block_add_attention": True,
        "norm_num_groups": size.groups,
        "out_channels": 3,
        "patch_size": [2, 2],
        "sample_size": 1024,
        "up_block_types": ["UpDecoderBlock2D"] * 4,
        "use_post_quant_conv": True,
        "use_quant_conv": True,
    }
    text = {
        "architectures": ["Qwen3ForCausalLM"],
        "attention_bias": False,
        "attention_dropout": 0.0,
        "head_dim": size.text_head,
        "hidden_act": "silu",
        "hidden_size": size.text,
        "intermediate_size": size.text_inner,
        "max_position_embeddings": 40960,
        "model_type": "qwen3",
        "num_attention_heads": size.text_heads[0],
        "num_hidden_layers": size.text_layers,
        "num_key_value_heads": size.text_heads[1],
        "rms_norm_eps": 1e-06,
        "rope_theta": 1000000,
        "tie_word_embeddings": True,
        "vocab_size": size.vocabulary,
    }
    return transformer, vae, text
