"""`make bench-gpu`: all measurements that need a GPU, in one command, ten minutes and one JSON.

Needs torch, numpy, pillow, safetensors and diffusers, and nothing of the stack; no network. Weights are random, made on
the device at full size. Each section runs alone and reports its measurement, or why there is none: one that fails, does
not fit or has no time left stops no other one. The most important sections come first.

    python -m workbench.bench.gpu --seconds 540 --out results.json

Without a GPU it runs on small models (`--size small`): its seconds then say nothing about the real ones.
"""

from __future__ import annotations

import time

STARTED = time.perf_counter()

import argparse  # noqa: E402 - the imports below are part of a cold start
import json  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, Final  # noqa: E402

import torch  # noqa: E402

from workbench.bench.gpu_bench import Bench  # noqa: E402
from workbench.bench.gpu_sections import SECTIONS  # noqa: E402

IMPORTED = time.perf_counter()
LEAST_SECONDS: Final = 15.0
"""No section starts with less time left."""


def measure(bench: Bench, *, seconds: float, sections: dict[str, Callable[[Bench], Any]] = SECTIONS) -> dict[str, Any]:
    """Run the sections in order while there is time; return each measurement, or why there is none.

    Args:
        bench: The models and the device.
        seconds: Time for all of them; a running section is not interrupted, so leave a minute of room.
        sections: Name -> section.
    """
    give_up = time.perf_counter() + seconds
    found: dict[str, Any] = {}
    for name, section in sections.items():
        left = give_up - time.perf_counter()
        if left < LEAST_SECONDS:
            found[name] = {"not_measured": f"{left:.0f} s were left"}
            continue
        start = time.perf_counter()
        try:
            found[name] = section(bench)
        except (RuntimeError, ImportError, OSError, ValueError) as error:  # torch.OutOfMemoryError is a RuntimeError
            found[name] = {
                "not_measured": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            }
        finally:
            bench.forget()
        print(
            f"{name}: {time.perf_counter() - start:.1f} s, {json.dumps(found[name])[:300]}", file=sys.stderr, flush=True
        )
    return found


def report(bench: Bench, *, seconds: float) -> dict[str, Any]:
    """Describe the machine and measure; return both."""
    return {
        "bench": "gpu",
        "weights": "random",
        "size": bench.size,
        "device": bench.device_name,
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "import_seconds": round(IMPORTED - STARTED, 2),
        **measure(bench, seconds=seconds),
        "seconds": round(time.perf_counter() - STARTED, 1),
    }


def main() -> None:
    """Measure; print the JSON, and write it to `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    there = torch.cuda.is_available()
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda" if there else "cpu")
    parser.add_argument("--size", choices=("full", "small", "tiny"), default="full" if there else "small")
    parser.add_argument("--seconds", type=float, default=540.0, help="time for all sections")
    parser.add_argument("--out", type=Path, help="also write the JSON here")
    options = parser.parse_args()
    if options.device == "cuda" and not there:
        parser.error("this machine has no CUDA device that torch can use")
    found = json.dumps(report(Bench(size=options.size, device=options.device), seconds=options.seconds))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(found + "\n")
    print(found)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
