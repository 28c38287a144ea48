"""Random checkpoints in the published layouts, of any size, for tests and benchmarks.

Seeded, so the same call writes the same weights. The norms' scales and shifts are random too: with the usual 1 and 0
a missing norm would go unnoticed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file

from weaver.pipelines.fashn.network import TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.weights import SIZES
from workbench.bench import klein_sizes
from workbench.bench.catvton_sizes import SCHEDULER, TINY, CatVtonSize, catvton_configs

CHAT: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template of the form of Qwen's."""

ATTENTION_STRIDE: Final = 8
"""Modules per attention in the list behind the published file."""


@dataclass(frozen=True, kw_only=True)
class CatVtonFiles:
    """Where a checkpoint was written: the three arguments of `weaver.pipelines.catvton.weights.load`."""

    base: Path
    vae: Path
    attention: Path


def write_catvton(folder: Path, *, size: CatVtonSize = TINY, seed: int = 0) -> CatVtonFiles:
    """Write base, VAE and attention below a folder, in the published layouts."""
    files = CatVtonFiles(
        base=folder / "stable-diffusion-inpainting",
        vae=folder / "sd-vae-ft-mse",
        attention=folder / "CatVTON" / "mix-48k-1024" / "attention" / "model.safetensors",
    )
    unet_config, vae_config = catvton_configs(size)
    generator = torch.Generator().manual_seed(seed)
    unet = randomised(UNet2DConditionModel.from_config(unet_config), generator)
    vae = randomised(AutoencoderKL.from_config(vae_config), generator)
    _write(files.base / "unet", unet_config, unet.state_dict())
    _write(files.vae, vae_config, vae.state_dict())
    scheduler = files.base / "scheduler" / "scheduler_config.json"
    scheduler.parent.mkdir(parents=True)
    scheduler.write_text(json.dumps(SCHEDULER))
    attentions = [module for name, module in unet.named_modules() if name.endswith(".attn1")]
    files.attention.parent.mkdir(parents=True)
    save_file(
        {
            f"{ATTENTION_STRIDE * index}.{name}": _noise_like(tensor, generator)
            for index, attention in enumerate(attentions)
            for name, tensor in attention.state_dict().items()
        },
        files.attention,
    )
    return files


def write_fashn(folder: Path, *, config: TryOnConfig, seed: int = 0) -> Path:
    """Write a FASHN checkpoint under the published file's name, its sizes in its metadata; return its path."""
    network = randomised(TryOnNetwork(config), torch.Generator().manual_seed(seed))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "model.safetensors"
    save_file(network.state_dict(), file, metadata={SIZES: json.dumps(asdict(config))})
    return file


def write_klein(folder: Path, *, size: klein_sizes.KleinSize = klein_sizes.TINY, seed: int = 0) -> Path:
    """Write a klein checkpoint in the published layout, tokenizer of single bytes included; return the folder."""
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel
    from tokenizers import pre_tokenizers
    from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM  # a bare bench machine has neither

    generator = torch.Generator().manual_seed(seed)
    transformer_config, vae_config, text_config = klein_sizes.klein_configs(size)
    transformer = randomised(Flux2Transformer2DModel.from_config(transformer_config), generator)
    _write(folder / "transformer", transformer_config, transformer.state_dict())
    vae = randomised(AutoencoderKLFlux2.from_config(vae_config), generator)
    _random_statistics(vae.bn, generator)
    _write(folder / "vae", vae_config, vae.state_dict())
    encoder = randomised(Qwen3ForCausalLM(Qwen3Config(**text_config)), generator)
    encoder.save_pretrained(folder / "text_encoder")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Qwen2TokenizerFast(vocab={sign: number for number, sign in enumerate(alphabet)}, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder / "tokenizer")
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(klein_sizes.SCHEDULER))
    (folder / "model_index.json").write_text(json.dumps(klein_sizes.INDEX))
    return folder


def randomised(module: Any, generator: torch.Generator) -> Any:
    """Fill a module with seeded noise that keeps activations in range, norms included."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(_noise_like(parameter, generator))
        for name, parameter in module.named_parameters():
            if name.endswith(".weight") and parameter.ndim == 1:
                parameter.add_(1.0)
    return module.eval()


def _random_statistics(norm: Any, generator: torch.Generator) -> None:
    norm.running_mean.copy_(torch.randn(norm.running_mean.shape, generator=generator) * 0.1)
    norm.running_var.copy_(torch.rand(norm.running_var.shape, generator=generator) + 0.5)


def _noise_like(tensor: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    spread = 0.1 if tensor.ndim == 1 else (tensor[0].numel()) ** -0.5
    return torch.randn(tensor.shape, generator=generator) * spread


def _write(folder: Path, config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    save_file(tensors, folder / "diffusion_pytorch_model.safetensors")


@dataclass(frozen=True, kw_only=True)
class SegformerSize:
    """A SegFormer's widths: four stages."""

    hidden: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    decoder: int


SEGFORMER_TINY: Final = SegformerSize(hidden=(8, 16, 24, 32), depths=(1, 1, 1, 1), heads=(1, 2, 3, 4), decoder=16)
SEGFORMER_B0: Final = SegformerSize(hidden=(32, 64, 160, 256), depths=(2, 2, 2, 2), heads=(1, 2, 5, 8), decoder=256)
"""The published family's smallest: large enough that arithmetic dominates its time."""
SEGFORMER_B2: Final = SegformerSize(hidden=(64, 128, 320, 512), depths=(3, 4, 6, 3), heads=(1, 2, 5, 8), decoder=768)
"""The size of `mattmdjaga/segformer_b2_clothes`: 27.36 M parameters."""


def write_segformer(folder: Path, *, size: SegformerSize = SEGFORMER_TINY, seed: int = 0) -> Path:
    """Write a SegFormer of ATR's 18 labels in the published layout; return the folder."""
    from transformers import SegformerConfig, SegformerForSemanticSegmentation  # a bench on a bare machine has neither

    from tailor.labels import Atr

    config = SegformerConfig(
        hidden_sizes=list(size.hidden),
        depths=list(size.depths),
        num_attention_heads=list(size.heads),
        decoder_hidden_size=size.decoder,
        id2label={label.value: label.name.capitalize().replace("_", "-") for label in Atr},
        label2id={label.name.capitalize().replace("_", "-"): label.value for label in Atr},
    )
    generator = torch.Generator().manual_seed(seed)
    model = randomised(SegformerForSemanticSegmentation(config), generator)
    _random_statistics(model.decode_head.batch_norm, generator)
    model.save_pretrained(folder)
    return folder
