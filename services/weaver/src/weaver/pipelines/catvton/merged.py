"""CatVTON as one file in half precision: base, CatVTON's attention and VAE, without what the engine would throw away.

`make weights` writes it beside the published files, which are 3.4 GB of UNet in single precision, twice what the engine
takes into memory. A GPU then reads this file alone, straight to the device. Its metadata holds the configurations, so a
bucket needs nothing else. Single precision is still read from the published files, where they are there.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from proteus.errors import ModelUnavailable
from weaver.pipelines import checksums
from weaver.pipelines.catvton import weights
from weaver.pipelines.catvton.attention import drop_cross_attention
from weaver.pipelines.catvton.pipeline import CatVtonPipeline

FILE: Final = "catvton.fp16.safetensors"
PARTS: Final = ("unet", "vae")
DESCRIPTION: Final = "catvton"
"""The metadata's key: a JSON object of the configurations `unet`, `vae` and `scheduler`, and the `version`."""


def write(folder: Path, *, version: str = "mix") -> Path:
    """Write the file from the published ones beside it, and its line into `SHA256SUMS`; return it.

    Raises:
        ModelUnavailable: One of them is missing or damaged.
    """
    base, vae = folder / "stable-diffusion-inpainting", folder / "sd-vae-ft-mse"
    pipeline = weights.load(base, vae, folder / "CatVTON", dtype="fp16", device="cpu", version=version)
    described = {
        "unet": weights.read_json(base / "unet" / "config.json"),
        "vae": weights.read_json(vae / "config.json"),
        "scheduler": weights.read_json(base / "scheduler" / "scheduler_config.json"),
        "version": version,
    }
    tensors = {
        f"{part}.{name}": tensor.contiguous()
        for part in PARTS
        for name, tensor in getattr(pipeline, part).state_dict().items()
    }
    file, draft = folder / FILE, folder / f".{FILE}.draft"
    save_file(tensors, draft, metadata={DESCRIPTION: json.dumps(described)})
    os.replace(draft, file)
    checksums.record(file, listing=folder / checksums.LISTING)
    return file


def load(
    file: Path, *, dtype: torch.dtype | str, device: torch.device | str, channels_last: bool = False
) -> CatVtonPipeline:
    """Build the pipeline from the file; arguments and errors as of `weights.load`."""
    place, number = weights.place_of(device), weights.number_of(dtype)
    checksums.verify([file])
    described = _description(file)
    try:
        unet, vae = weights.build_unet(described["unet"]), weights.build_vae(described["vae"])
        schedule, version = weights.read_schedule(described["scheduler"]), str(described["version"])
    except KeyError as error:
        raise ModelUnavailable(f"{file} does not say its {error}") from error
    drop_cross_attention(unet)
    for part, module in zip(PARTS, (unet, vae), strict=True):
        others = tuple(f"{other}." for other in PARTS if other != part)
        found = weights.read_tensors(file, place, skip=others)
        tensors = {name.removeprefix(f"{part}."): tensor.to(number) for name, tensor in found}
        weights.fill(module, tensors, source=file, dtype=number)
        module.eval().requires_grad_(False)
        if channels_last:
            module.to(memory_format=torch.channels_last)
    return CatVtonPipeline(unet=unet, vae=vae, schedule=schedule, version=version)


def _description(file: Path) -> dict[str, Any]:
    try:
        with safe_open(file, framework="pt") as opened:
            described = json.loads((opened.metadata() or {}).get(DESCRIPTION, "null"))
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelUnavailable(f"{file} cannot be read: {error}") from error
    if not isinstance(described, dict):
        raise ModelUnavailable(f"{file} describes no CatVTON: fetch the weights again with `make weights`")
    return described
