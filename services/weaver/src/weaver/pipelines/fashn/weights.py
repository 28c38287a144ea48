"""Reads the published weights, one safetensors file, into a ready pipeline. No network, strict names and shapes."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from proteus.errors import ModelUnavailable
from weaver.pipelines.fashn.network import FULL, TryOnConfig, TryOnNetwork
from weaver.pipelines.fashn.pipeline import FashnPipeline

UNUSED = "patch_mixer_token"
"""In the published file, used by nothing; a file without it is complete."""


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
        ModelUnavailable: The file is missing, is not safetensors, or its tensors are not those of `config`.
    """
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
