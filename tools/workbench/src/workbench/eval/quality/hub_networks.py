"""The networks of CLIP-I, DINO, KID and LPIPS, from the folder of `make weights MODEL=eval`; else why there is none.

    openai/clip-vit-base-patch16 ─▶ Embed    facebook/dinov2-small ─▶ Embed    timm/vgg16.tv_in1k, lpips ─▶ Perceived

They run on the CPU by torch and transformers (`make install-models`). LPIPS's linear heads are seven kilobytes in the
package `lpips`, which is never imported: only its file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from proteus.errors import ModelUnavailable
from workbench.eval.canvas import Pixels
from workbench.eval.quality.missing import Missing, folder_of
from workbench.eval.quality.perceptual import Embed, Perceived, Vector

FOLDER: Final = Path(".proteus/models/eval")
CLIP, DINO, VGG = "clip", "dinov2", "vgg16"
"""Folders of the networks."""

FETCH: Final = "make weights MODEL=eval fetches its weights"
MODELS: Final = "make install-models installs torch and transformers"
HEADS: Final = "pip install --no-deps lpips==0.1.4"

CLIP_MEAN, CLIP_SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

VGG_LAYERS: Final = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""Convolutions and channels of VGG16's five blocks; LPIPS compares what the last of each gives."""

SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""LPIPS's own normalisation of pixels in -1..1."""


@dataclass(frozen=True, kw_only=True)
class HubNetworks:
    """What could be loaded."""

    clip: Embed | Missing
    dino: Embed | Missing
    lpips: Perceived | Missing


NONE: Final = HubNetworks(clip=Missing(FETCH), dino=Missing(FETCH), lpips=Missing(FETCH))


def load(folder: Path = FOLDER) -> HubNetworks:
    """Load every network whose weights are in the folder.

    Raises:
        ModelUnavailable: A file is not what its folder's configuration describes.
    """
    if not folder.is_dir():
        return NONE
    if find_spec("torch") is None or find_spec("transformers") is None:
        return HubNetworks(clip=Missing(MODELS), dino=Missing(MODELS), lpips=Missing(MODELS))
    return HubNetworks(clip=clip(folder / CLIP), dino=dino(folder / DINO), lpips=lpips(folder / VGG))


def clip(folder: Path) -> Embed | Missing:
    """Return CLIP's image embedding (MIT)."""
    from transformers import CLIPVisionModelWithProjection

    return _embedding(folder, CLIPVisionModelWithProjection, "image_embeds", CLIP_MEAN, CLIP_SPREAD)


def dino(folder: Path) -> Embed | Missing:
    """Return DINOv2's class token (Apache-2.0)."""
    from transformers import Dinov2Model

    return _embedding(folder, Dinov2Model, "pooler_output", IMAGENET_MEAN, IMAGENET_SPREAD)


def _embedding(
    folder: Path, kind: Any, output: str, mean: tuple[float, ...], spread: tuple[float, ...]
) -> Embed | Missing:
    import torch

    if not (folder / "model.safetensors").is_file():
        return Missing(FETCH)
    network, found = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, output_loading_info=True)
    if absent := [*found["missing_keys"], *found["mismatched_keys"]]:
        raise ModelUnavailable(
            f"{folder} does not hold the network it describes: {absent[0]} is missing or of another shape"
        )
    network.eval()

    def embed(picture: Pixels) -> Vector:
        scaled = (picture.astype(np.float32) / 255 - np.array(mean, np.float32)) / np.array(spread, np.float32)
        pixels = torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)[None]))
        with torch.inference_mode():
            found = getattr(network(pixel_values=pixels), output)[0]
        return np.asarray(found.double().numpy(), np.float64)

    return embed


def lpips(folder: Path, heads: Path | None = None) -> Perceived | Missing:
    """Return LPIPS of VGG16 (Zhang and others, 2018; heads BSD-2-Clause, VGG16 BSD-3-Clause).

    Args:
        folder: Holds `model.safetensors` with torchvision's names.
        heads: File of the linear heads; None: the one in the package `lpips`.
    """
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional

    file = folder / "model.safetensors"
    if not file.is_file():
        return Missing(FETCH)
    place = folder_of("lpips")
    heads = heads or (place / "weights" / "v0.1" / "vgg.pth" if place else None)
    if heads is None or not heads.is_file():
        return Missing(f"LPIPS's linear heads are not installed: {HEADS}")
    tensors = load_file(file)
    linear = torch.load(heads, map_location="cpu", weights_only=True)
    shift, scale = (torch.tensor(value).view(1, 3, 1, 1) for value in (SHIFT, SCALE))

    def features(x: torch.Tensor) -> list[torch.Tensor]:
        found, index = [], 0
        for block, (convolutions, _) in enumerate(VGG_LAYERS):
            if block:
                x = functional.max_pool2d(x, 2)
                index += 1
            for _ in range(convolutions):
                weight, bias = (tensors[f"features.{index}.{name}"] for name in ("weight", "bias"))
                x = functional.relu(functional.conv2d(x, weight, bias, padding=1))
                index += 2
            found.append(x)
        return found

    def perceived(one: Pixels, other: Pixels) -> float:
        pictures = torch.from_numpy(np.stack([one, other]).astype(np.float32).transpose(0, 3, 1, 2)) / 127.5 - 1
        total = 0.0
        with torch.inference_mode():
            for level, found in enumerate(features((pictures - shift) / scale)):
                unit = found / (found.square().sum(dim=1, keepdim=True).sqrt() + 1e-10)
                difference = (unit[:1] - unit[1:]).square()
                total += float(functional.conv2d(difference, linear[f"lin{level}.model.1.weight"]).mean())
        return total

    return perceived
