"""The child of `verifying`: one picture from standard input, its marks as a line of JSON on standard output."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from typing import Any

import c2pa  # noqa: F401 - loaded before this process is confined
from PIL import Image

from proteus.decode_process import answer, confine, refusing
from proteus.imaging import Limits, decode_here
from proteus.marks import XMP_KEYWORD
from proteus.picture_formats import HEAD_BYTES, sniff
from proteus.verifying import c2pa_says, xmp_says


def main() -> None:
    """Read the marks of what stands on standard input."""
    asked = json.loads(sys.argv[1])
    limits = Limits(**asked["limits"])
    data = sys.stdin.buffer.read(limits.max_bytes + 1)
    confine(memory_bytes=limits.memory_bytes, cpu_seconds=asked["cpu_seconds"])
    with refusing():
        found = decode_here(data, limits=limits, keep_alpha=False)
        height, width = found.pixels.shape[:2]
        said: dict[str, Any] = {"format": sniff(data[:HEAD_BYTES]), "width": width, "height": height}
        del found
        answer({**said, "xmp": xmp_says(_xmp(data)), "c2pa": c2pa_says(data, anchors=asked["anchors"])})


def _xmp(data: bytes) -> bytes | str:
    """Return the XMP packet; empty: none that can be read."""
    with contextlib.suppress(Exception), Image.open(io.BytesIO(data)) as picture:
        found = picture.info.get("xmp") or picture.info.get(XMP_KEYWORD)
        return found if isinstance(found, bytes | str) else b""
    return b""


if __name__ == "__main__":
    main()
