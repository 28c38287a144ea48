"""Reads the published weights, one safetensors file, into a ready pipeline. No network, strict names and shapes.

The published file does not state its sizes: they are `FULL`. A file of other sizes (a distilled one, a test's) names
them in its own metadata, as JSON under `SIZES`; a second file could be lost or belong to another.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from proteus.errors import ModelUnavailable
from weaver.pipelines import checksums
from weaver.pipelines.fashn.network import FULL, TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline

UNUSED = "patch_mixer_token"
"""In the published file, used by nothing; a file without it is complete."""

SIZES: Final = "try_on_config"
"""The metadata's key for the fields of a `TryOnConfig`, all of them, as a JSON object."""


def load(
    file: str | Path, *, dtype: torch.dtype, device: str | torch.device, config: TryOnConfig = FULL
) -> FashnPipeline:
    """Load the network.

    Args:
        file: A safetensors file with the published tensor names.
        dtype: The network's dtype; the picture and the time stay float32 whatever it is.
        device: Where the network runs.
        config: The sizes the file was made for.

    Raises:
        ModelUnavailable: The file is missing, is not safetensors or not the one that was fetched, or its tensors are
            not those of `config`.
    """
    checksums.verify([Path(file)])
    try:
        tensors = load_file(str(file), device=str(device))
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(f"fashn: cannot read the weights {Path(file).name}: {error}") from error
    with torch.device("meta"):
        network = TryOnNetwork(config)
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    tensors.setdefault(UNUSED, torch.zeros(expected[UNUSED], device=device))
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if found != expected:
        wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        raise ModelUnavailable(
            f"fashn: {Path(file).name} does not fit: {len(wrong)} of {len(expected)} tensors are missing, unknown "
            f"or of another shape, for example {', '.join(wrong[:3])}"
        )
    network.load_state_dict({name: tensor.to(dtype) for name, tensor in tensors.items()}, strict=True, assign=True)
    return FashnPipeline(network.eval().requires_grad_(False))


def sizes(file: str | Path) -> TryOnConfig:
    """Return the sizes a file was made for: those of its metadata, `FULL` without.

    Raises:
        ModelUnavailable: The file cannot be read, or its metadata describes no network.
    """
    name = Path(file).name
    checksums.refuse_unreadable(Path(file))
    try:
        with safe_open(file, framework="pt") as opened:
            told = (opened.metadata() or {}).get(SIZES)
    except (OSError, SafetensorError) as error:
        raise ModelUnavailable(f"fashn: cannot read the weights {name}: {error}") from error
    if told is None:
        return FULL
    try:
        return _config(json.loads(told))
    except (TypeError, ValueError) as error:  # invalid JSON is a ValueError too
        raise ModelUnavailable(f"fashn: the metadata {SIZES!r} of {name} describes no network: {error}") from error


def _config(told: Any) -> TryOnConfig:
    names = [field.name for field in fields(TryOnConfig)]
    if not isinstance(told, dict) or told.keys() != set(names):
        raise ValueError(f"it must be an object of exactly {', '.join(names)}")
    return TryOnConfig(**told | {"axes": tuple(told["axes"])})
