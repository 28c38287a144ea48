"""A job's pictures as CatVTON takes them: framed for the canvas, tensors on the CPU, with digests of their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from proteus.errors import InvalidRequest, PhotoRejected
from weaver.pipelines import framing
from weaver.pipelines.catvton import images
from weaver.pipelines.contract import Pixels, WeaveJob


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job's pictures as the model takes them: tensors on the CPU, and digests that identify them.

    Attributes:
        person: (1, 3, H, W), without what may change.
        mask: (1, 1, H, W), 1 = repaint.
        noise: All that the picture's steps take, in the order of `pipeline.Draw`.
    """

    frame: framing.Frame
    person: torch.Tensor
    garment: torch.Tensor
    mask: torch.Tensor
    person_digest: bytes
    garment_digest: bytes
    noise: tuple[torch.Tensor, ...] = ()


def prepared(job: WeaveJob, *, canvas: tuple[int, int]) -> Prepared:
    """Frame a job's pictures for a canvas.

    Raises:
        InvalidRequest: The job has no mask, or one of another size.
        PhotoRejected: The mask is empty.
    """
    mask = job.agnostic_mask
    if mask is None or mask.shape != job.person.shape[:2]:
        raise InvalidRequest(f"job {job.id}: catvton needs a mask of the photo's size")
    may_change = framing.bounding_box(mask)
    if may_change is None:
        raise PhotoRejected("The mask is empty: nothing in the photo may change.")
    whole = None if job.person_mask is None else framing.bounding_box(np.maximum(job.person_mask, mask))
    frame = framing.frame((job.person.shape[1], job.person.shape[0]), canvas=canvas, focus=whole)
    person, hole = frame.lay(job.person), frame.lay_mask(mask)
    garment = np.asarray(images.pad_to_canvas(Image.fromarray(job.garment), canvas))
    mask_tensor = _mask_tensor(hole)
    return Prepared(
        frame=frame,
        person=_tensor(person) * (mask_tensor < 0.5),
        garment=_tensor(garment),
        mask=mask_tensor,
        person_digest=_digest(person, hole),
        garment_digest=_digest(garment),
    )


def _tensor(canvas: Pixels) -> torch.Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) float32 in [-1, 1]."""
    return torch.from_numpy(canvas.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1


def _mask_tensor(canvas: Pixels) -> torch.Tensor:
    """(H, W) uint8 -> (1, 1, H, W) float32, 0 or 1."""
    return (torch.from_numpy(canvas.copy())[None, None] >= 128).float()


def _digest(*arrays: np.ndarray[Any, Any]) -> bytes:
    digest = hashlib.blake2b()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.digest()
