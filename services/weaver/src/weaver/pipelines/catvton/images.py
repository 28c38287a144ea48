"""Turns pictures into tensors and back, as published: a person, a garment and a mask as the model sees them.

Images are (B, 3, H, W) float32 in [-1, 1], RGB; masks (B, 1, H, W) float32, 1 = repaint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image

Pictures: TypeAlias = Sequence[Image.Image] | torch.Tensor
WHITE = (255, 255, 255)


def crop_to_canvas(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Cut the middle of a picture to the canvas's aspect and resize it: how persons and masks are fitted."""
    (width, height), (w, h) = size, image.size
    new_w, new_h = (w, w * height // width) if w * height < h * width else (h * width // height, h)
    box = ((w - new_w) // 2, (h - new_h) // 2, (w + new_w) // 2, (h + new_h) // 2)
    return image.crop(box).resize(size, Image.Resampling.LANCZOS)


def pad_to_canvas(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Fit a picture inside the canvas, centred on white: how garments are fitted. Cut-outs are composited first."""
    (width, height), (w, h) = size, image.size
    new_w, new_h = (w * height // h, height) if w * height < h * width else (width, h * width // w)
    canvas = Image.new("RGB", size, WHITE)
    fitted = on_white(image).resize((max(new_w, 1), max(new_h, 1)), Image.Resampling.LANCZOS)
    canvas.paste(fitted, ((width - new_w) // 2, (height - new_h) // 2))
    return canvas


def on_white(image: Image.Image) -> Image.Image:
    """Return an RGB picture; transparent pixels become white."""
    if image.mode in ("RGBA", "LA", "PA"):
        ground = Image.new("RGBA", image.size, (*WHITE, 255))
        return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def prepare(
    persons: Pictures, garments: Pictures, masks: Pictures, *, size: tuple[int, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (persons, garments, masks) as tensors of `size` (width, height).

    Lists of PIL pictures are fitted to the canvas; tensors must have its size already.

    Raises:
        ValueError: Lengths, sizes, shapes or ranges do not fit each other.
    """
    if not len(persons) == len(garments) == len(masks) or not len(persons):
        raise ValueError(
            f"{len(persons)} persons, {len(garments)} garments and {len(masks)} masks: need as many of each"
        )
    if isinstance(persons, torch.Tensor) != isinstance(masks, torch.Tensor):
        raise ValueError("persons and masks must both be pictures or both be tensors: they are cropped together")
    if not isinstance(persons, torch.Tensor):
        for person, mask in zip(persons, masks, strict=True):
            if person.size != mask.size:
                raise ValueError(f"a mask of {mask.size} does not belong to a person of {person.size}")
        persons = [crop_to_canvas(person.convert("RGB"), size) for person in persons]
        masks = [crop_to_canvas(mask.convert("L"), size) for mask in masks]
    if not isinstance(garments, torch.Tensor):
        garments = [pad_to_canvas(garment, size) for garment in garments]
    mask = _tensor(masks, 1, size)
    if mask.numel() and (mask.min() < 0 or mask.max() > 1):
        raise ValueError("masks must be in [0, 1]")
    return _tensor(persons, 3, size), _tensor(garments, 3, size), (mask >= 0.5).float()


def to_pil(decoded: torch.Tensor) -> list[Image.Image]:
    """Turn (B, 3, H, W) in [-1, 1] into pictures; values beyond are clipped, halves round to even."""
    return [Image.fromarray(array) for array in to_pixels(decoded).cpu().numpy()]


def to_pixels(decoded: torch.Tensor) -> torch.Tensor:
    """Turn (B, 3, H, W) in [-1, 1] into (B, H, W, 3) uint8 on its own device."""
    pixels = (decoded.float() / 2 + 0.5).clamp(0, 1).mul(255).round().to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous()


def _tensor(pictures: Pictures, channels: int, size: tuple[int, int]) -> torch.Tensor:
    if not isinstance(pictures, torch.Tensor):
        arrays = torch.from_numpy(np.stack([np.asarray(picture, np.float32) for picture in pictures]))
        if channels == 1:
            return arrays[:, None] / 255
        return arrays.permute(0, 3, 1, 2) / 127.5 - 1
    wanted = (channels, size[1], size[0])
    if tuple(pictures.shape[1:]) != wanted:
        raise ValueError(f"a tensor of shape {tuple(pictures.shape)} is not (B, {', '.join(map(str, wanted))})")
    return pictures.float()
