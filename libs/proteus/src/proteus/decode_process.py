"""The child of `decode_apart`: one picture from standard input, decoded within limits that the kernel enforces.

`python -m proteus.decode_process JSON` writes one line of JSON, then the pixels. A refusal is an answer like any other:
its code and its words. Whatever else ends this process is the file's fault, and the parent says so.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from proteus.errors import ImageTooLarge, InvalidRequest
from proteus.imaging import Limits, decode_here


def main() -> None:
    """Decode what stands on standard input."""
    asked = json.loads(sys.argv[1])
    limits = Limits(**asked["limits"])
    data = sys.stdin.buffer.read(limits.max_bytes + 1)
    confine(memory_bytes=limits.memory_bytes, cpu_seconds=asked["cpu_seconds"])
    with refusing():
        found = decode_here(data, limits=limits, keep_alpha=asked["keep_alpha"])
        height, width = found.pixels.shape[:2]
        answer({"height": height, "width": width, "has_alpha": found.alpha is not None})
        sys.stdout.buffer.write(found.pixels.tobytes())
        if found.alpha is not None:
            sys.stdout.buffer.write(found.alpha.tobytes())


@contextmanager
def refusing() -> Iterator[None]:
    """Answer with the refusal of what is done inside the block."""
    try:
        yield
    except InvalidRequest as error:
        answer({"code": error.code, "message": error.message})
    except MemoryError:
        answer({"code": ImageTooLarge.code, "message": "decoding the picture takes more memory than its header says"})


def confine(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Limit this process: memory for one picture beyond what it has, time, and no files of its own."""
    most = _data_bytes() + memory_bytes
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data_bytes() -> int:
    """Return the private memory that this process has, as the kernel counts it against RLIMIT_DATA."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def answer(found: dict[str, Any]) -> None:
    """Write the line that the parent reads."""
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n")


if __name__ == "__main__":
    main()
