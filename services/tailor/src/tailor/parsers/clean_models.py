"""The three networks of the parser `clean`, ONNX files that the operator brings: foreground, garments, body.

    birefnet_lite.onnx        foreground      (1, 3, S, S), ImageNet statistics   -> (1, 1, S, S) logits
    u2net_cloth_seg.onnx      garment class   (1, 3, S, S) in [-1, 1]             -> (1, 4, S, S) logits
    selfie_multiclass.onnx    body class      (1, S, S, 3) in [0, 1]              -> (1, S, S, 6) logits

Each takes the photo stretched to its square; its output is stretched back before a class is chosen. cloth-seg takes
(x/255 - 0.5)/0.5: ImageNet statistics, which a well-known wrapper feeds it, give other masks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.errors import ModelUnavailable
from proteus.worker.onnx_session import open_session

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

FOREGROUND: Final = "birefnet_lite.onnx"
CLOTH: Final = "u2net_cloth_seg.onnx"
BODY: Final = "selfie_multiclass.onnx"

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_SPREAD: Final = (0.229, 0.224, 0.225)


class Cloth(IntEnum):
    """cloth-seg's classes."""

    NONE = 0
    UPPER = 1
    LOWER = 2
    FULL = 3


class Body(IntEnum):
    """selfie_multiclass's classes."""

    BACKGROUND = 0
    HAIR = 1
    BODY_SKIN = 2
    FACE_SKIN = 3
    CLOTHES = 4
    OTHERS = 5


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One network's input and output.

    Attributes:
        side: Of its square, where the file leaves it open.
        classes: Channels of its output.
        channels_last: (1, S, S, C), not (1, C, S, S), in and out.
        mean: Subtracted from the photo in [0, 1]; then `spread` divides.
    """

    file: str
    side: int
    classes: int
    channels_last: bool
    mean: tuple[float, float, float]
    spread: tuple[float, float, float]


KINDS: Final = (
    Kind(file=FOREGROUND, side=1024, classes=1, channels_last=False, mean=IMAGENET_MEAN, spread=IMAGENET_SPREAD),
    Kind(file=CLOTH, side=768, classes=4, channels_last=False, mean=(0.5,) * 3, spread=(0.5,) * 3),
    Kind(file=BODY, side=256, classes=6, channels_last=True, mean=(0.0,) * 3, spread=(1.0,) * 3),
)


class CleanModels:
    """The three networks, loaded. One instance is used by one thread at a time.

    Args:
        folder: Holds the three files.
        threads: Of the runtime, per network.

    Raises:
        ModelUnavailable: ONNX Runtime or a file is missing, or a file's input or output is not the network's.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        missing = [kind.file for kind in KINDS if not (folder / kind.file).is_file()]
        if missing:
            raise ModelUnavailable(f"parser 'clean' has no {' and no '.join(missing)} in {folder}")
        self._foreground, self._cloth, self._body = (load(folder / kind.file, kind, threads) for kind in KINDS)

    def foreground(self, photo: Pixels) -> Floats:
        """Return the probability of each pixel to be foreground, (H, W)."""
        logits = self._foreground(photo)[..., 0]
        return stretched(1 / (1 + np.exp(-logits.clip(-60, 60))), photo).clip(0, 1)

    def cloth(self, photo: Pixels) -> Pixels:
        """Return each pixel's `Cloth`, (H, W) uint8."""
        return np.asarray(stretched(self._cloth(photo), photo).argmax(axis=-1), np.uint8)

    def body(self, photo: Pixels) -> Pixels:
        """Return each pixel's `Body`, (H, W) uint8."""
        return np.asarray(stretched(self._body(photo), photo).argmax(axis=-1), np.uint8)


def load(path: Path, kind: Kind, threads: int) -> Callable[[Pixels], Floats]:
    """Return a function from a photo to the network's output, (S, S, classes).

    Raises:
        ModelUnavailable: ONNX Runtime is missing, or the file is another network.
    """
    try:
        session = open_session(path, threads=threads)
    except ImportError as error:
        raise ModelUnavailable(f"{path.name} needs ONNX Runtime; install 'proteus-tailor[clean]'") from error
    source, target = session.get_inputs()[0], session.get_outputs()[0]
    sides = source.shape[1:3] if kind.channels_last else source.shape[2:4]
    side = sides[0] if isinstance(sides[0], int) else kind.side
    _check(path.name, kind, source.shape, target.shape)

    def run(photo: Pixels) -> Floats:
        square = cv2.resize(photo, (side, side), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        values = ((square - kind.mean) / np.array(kind.spread)).astype(np.float32)
        batch = (values if kind.channels_last else values.transpose(2, 0, 1))[None]
        if source.type == "tensor(float16)":
            batch = batch.astype(np.float16)
        answer: Any = session.run([target.name], {source.name: np.ascontiguousarray(batch)})[0][0]
        return np.asarray(answer if kind.channels_last else answer.transpose(1, 2, 0), np.float32)

    return run


def _check(name: str, kind: Kind, source: list[Any], target: list[Any]) -> None:
    """Refuse a file that is another network: its output would look like a mask and be none."""
    channel = -1 if kind.channels_last else 1
    for word, shape, channels in (("input", source, 3), ("output", target, kind.classes)):
        if len(shape) != 4 or (isinstance(shape[channel], int) and shape[channel] != channels):
            raise ModelUnavailable(f"{name}: its {word} is {shape}, {channels} channels on axis {channel} are expected")


def stretched(values: Floats, photo: Pixels) -> Floats:
    """Stretch (S, S) or (S, S, C) back to the photo's size."""
    height, width = photo.shape[:2]
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def fingerprint(folder: Path, kinds: tuple[Kind, ...]) -> str:
    """Return eight digits that name these files: their sizes and first mebibytes; other files give other results."""
    digest = hashlib.sha256()
    for kind in kinds:
        path = folder / kind.file
        digest.update(f"{kind.file} {path.stat().st_size} ".encode())
        with path.open("rb") as stream:
            digest.update(stream.read(1 << 20))
    return digest.hexdigest()[:8]
