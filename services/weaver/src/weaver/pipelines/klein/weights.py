"""Reads the published folder into a ready pipeline: configurations, safetensors, checksums. No network.

Layout, as `make weights MODEL=klein` leaves it and diffusers names it: `model_index.json`, `scheduler/`, `tokenizer/`,
`text_encoder/` (Qwen3-4B), `transformer/` and `vae/`. Transformer and VAE are built without memory and filled in place;
every name and shape must fit.

The text encoder is larger than the transformer, and its answer depends on the category alone. So it is loaded first,
embeds every prompt, and is dropped before the transformer comes: the device never holds both.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import Qwen2TokenizerFast, Qwen3ForCausalLM

from proteus.errors import ModelUnavailable
from weaver.pipelines import checksums, torch_device
from weaver.pipelines.klein.pipeline import KleinPipeline
from weaver.pipelines.klein.prompts import WEARING, prompt_of

INDEX: Final = "model_index.json"
TENSORS: Final = "diffusion_pytorch_model.safetensors"
CLASSES: Final = {
    "scheduler": "FlowMatchEulerDiscreteScheduler",
    "text_encoder": "Qwen3ForCausalLM",
    "tokenizer": "Qwen2TokenizerFast",
    "transformer": "Flux2Transformer2DModel",
    "vae": "AutoencoderKLFlux2",
}
"""The parts, and the classes that the published index names for them."""

NEEDED: Final = (
    INDEX,
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "tokenizer/chat_template.jinja",
    "tokenizer/tokenizer.json",
    "transformer/config.json",
    f"transformer/{TENSORS}",
    "vae/config.json",
    f"vae/{TENSORS}",
)

HEADS_MOST: Final = 24
"""Of klein 4B. The larger klein is under a licence that forbids commercial use, and is not what the card describes."""


def load(folder: Path, *, dtype: torch.dtype, device: str) -> KleinPipeline:
    """Load the model.

    Args:
        folder: Holds the published files.
        dtype: Of weights and activations; the picture so far stays float32 whatever it is.
        device: Where the model runs.

    Raises:
        ModelUnavailable: A file is missing, damaged or not the one that was fetched, or it is another model.
    """
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    encoder = sorted((folder / "text_encoder").glob("*.safetensors"))
    if missing or not encoder:
        named = ", ".join(missing or ["text_encoder/*.safetensors"])
        raise ModelUnavailable(f"klein lacks {named} in {folder}; fetch them with `make weights MODEL=klein`")
    checksums.verify([*(folder / name for name in NEEDED), *encoder])
    _require_klein(folder)
    kinds = {"transformer": Flux2Transformer2DModel, "vae": AutoencoderKLFlux2}
    described = {name: _described(kind, folder / name) for name, kind in kinds.items()}
    torch_device.prepare(device)
    prompts = _embedded(folder, dtype=dtype, device=device)
    torch_device.prepare(device)
    parts = {name: _filled(part, folder / name, dtype=dtype, device=device) for name, part in described.items()}
    scheduler = FlowMatchEulerDiscreteScheduler.from_config(_json(folder / "scheduler/scheduler_config.json"))
    whole = Flux2KleinPipeline(**parts, scheduler=scheduler, text_encoder=None, tokenizer=None, is_distilled=True)
    return KleinPipeline(whole, prompts)


def embedded(encoder: Any, tokenizer: Any, *, device: str) -> dict[str, Tensor]:
    """Return every category's prompt as the transformer takes it, (1, L, D) each."""
    with torch.inference_mode():
        return {
            category: Flux2KleinPipeline._get_qwen3_prompt_embeds(encoder, tokenizer, prompt_of(category)).to(device)
            for category in WEARING
        }


def _embedded(folder: Path, *, dtype: torch.dtype, device: str) -> Mapping[str, Tensor]:
    """Load the text encoder, embed every prompt, and drop it."""
    try:
        tokenizer = Qwen2TokenizerFast.from_pretrained(folder / "tokenizer", local_files_only=True)
        encoder, found = Qwen3ForCausalLM.from_pretrained(
            folder / "text_encoder", dtype=dtype, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        raise ModelUnavailable(f"klein's text encoder cannot be read: {str(error).partition(chr(10))[0]}") from error
    if wrong := [*found["missing_keys"], *found["mismatched_keys"], *found["unexpected_keys"]]:
        raise ModelUnavailable(f"klein's text encoder does not fit its configuration: {', '.join(map(str, wrong[:3]))}")
    prompts = embedded(encoder.eval().to(device), tokenizer, device=device)
    del encoder
    gc.collect()
    return prompts


def _require_klein(folder: Path) -> None:
    """Refuse a folder that holds another pipeline or another klein."""
    index = _json(folder / INDEX)
    found = {part: index.get(part, [None, None])[1] for part in CLASSES}
    if index.get("_class_name") != "Flux2KleinPipeline" or found != CLASSES:
        raise ModelUnavailable(f"{folder / INDEX} does not describe FLUX.2 klein")
    if not index.get("is_distilled"):
        raise ModelUnavailable("this is klein's base model: it needs guidance and many steps; fetch the distilled one")
    heads = _json(folder / "transformer/config.json").get("num_attention_heads", 0)
    if heads > HEADS_MOST:
        raise ModelUnavailable(
            f"the transformer has {heads} attention heads, klein 4B has {HEADS_MOST}: the larger klein is under a "
            "non-commercial licence, which this engine's card does not describe"
        )


def _described(kind: Any, folder: Path) -> nn.Module:
    """Build a part on `meta` from its configuration; every tensor of its file must fit it."""
    try:
        with torch.device("meta"):
            module = kind.from_config(_json(folder / "config.json"))
        with safe_open(folder / TENSORS, framework="pt") as file:
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise ModelUnavailable(f"klein's {folder.name} cannot be read: {str(error).partition(chr(10))[0]}") from error
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if found != wanted:
        wrong = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise ModelUnavailable(
            f"klein's {folder.name} does not fit its configuration: {len(wrong)} of {len(wanted)} tensors are missing, "
            f"unknown or of another shape, for example {', '.join(wrong[:3])}"
        )
    return module


def _filled(module: nn.Module, folder: Path, *, dtype: torch.dtype, device: str) -> nn.Module:
    """Give a part on `meta` its tensors."""
    try:
        tensors = load_file(folder / TENSORS, device=device)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(f"klein's {folder.name} cannot be read: {error}") from error
    cast = {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    module.load_state_dict(cast, strict=True, assign=True)
    return module.eval().requires_grad_(False)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ModelUnavailable(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelUnavailable(f"{path} holds no configuration")
    return found
