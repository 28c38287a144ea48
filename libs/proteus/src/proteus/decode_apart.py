"""Decodes a picture in a process of its own: for formats whose decoders allocate what the coded data asks for.

    imaging.decode ─▶ decode_apart ─▶ python -m proteus.decode_process ─▶ imaging.decode_here
                           ◀── pixels, or the refusal ──┘

In AVIF and HEIC the container states the picture's size, and the coded frames in it state theirs once more. Decoders
believe the frames: a file that says 64 x 64 can make them allocate for 16,384 x 16,384. So the kernel enforces what the
header promised: the child may allocate the budget of one picture and compute for `CPU_SECONDS`, and a decoder that
crashes ends the child, not the worker. The child gets no environment, so it holds no secret.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ImageTooLarge, ImageTooSmall, ImageUnreadable, InvalidRequest, UnsupportedMedia

CPU_SECONDS: Final = 20
"""Two seconds are what the largest accepted picture takes."""

WALL_SECONDS: Final = 60.0
"""On a machine whose processors are all busy."""

_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH")
"""The variables that find the interpreter's packages; no other reaches the child."""

_REFUSALS: Final[dict[str, type[InvalidRequest]]] = {
    known.code: known for known in (UnsupportedMedia, ImageUnreadable, ImageTooLarge, ImageTooSmall)
}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the child found: (H, W, 3) uint8 sRGB, and (H, W) uint8 transparency where the caller wants it."""

    pixels: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None


def decode_apart(data: bytes, *, source: str, limits: Any, keep_alpha: bool) -> Answer:
    """Decode a picture in a child process; blocks.

    Args:
        data: The file.
        source: Its format, for the words of a refusal.
        limits: `proteus.imaging.Limits`.
        keep_alpha: As in `proteus.imaging.decode`.

    Raises:
        UnsupportedMedia, ImageTooLarge, ImageTooSmall, ImageUnreadable: As in `proteus.imaging.decode`.
    """
    asked = {"limits": asdict(limits), "keep_alpha": keep_alpha, "cpu_seconds": CPU_SECONDS}
    found, body = answer_of("proteus.decode_process", asked, data, what=source)
    height, width = found["height"], found["width"]
    colours = height * width * 3
    pixels = np.frombuffer(body, np.uint8, count=colours).reshape(height, width, 3)
    alpha = np.frombuffer(body, np.uint8, offset=colours).reshape(height, width) if found["has_alpha"] else None
    return Answer(pixels=pixels, alpha=alpha)


def answer_of(module: str, asked: dict[str, Any], data: bytes, *, what: str) -> tuple[dict[str, Any], bytes]:
    """Return what a child process says of a file, a line of JSON and what follows it; blocks.

    Args:
        module: The child's.
        asked: Its argument.
        data: The file, for its standard input.
        what: The file's kind, for the words of a refusal.

    Raises:
        UnsupportedMedia, ImageTooLarge, ImageTooSmall, ImageUnreadable: As in `proteus.imaging.decode`.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", module, json.dumps(asked)],
            input=data,
            capture_output=True,
            check=False,
            timeout=WALL_SECONDS,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
    except subprocess.TimeoutExpired as error:
        raise ImageUnreadable(f"decoding the {what} took more than {WALL_SECONDS:g} s") from error
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        raise ImageUnreadable(f"the {what} is corrupt: its decoder ended with status {done.returncode}")
    found: dict[str, Any] = json.loads(head)
    if "code" in found:
        raise _REFUSALS[found["code"]](found["message"])
    return found, body
