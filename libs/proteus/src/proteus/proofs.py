"""Approximate forms of a computation prove themselves against the exact one before they are used.

A library that rounds more coarsely, or picks other instructions on another processor, may be wrong there without a
word. So every approximate form is run beside the exact one on samples, in a child process, because libraries read the
allowed instruction sets when they load. `choose` takes the first candidate whose distance is within the bounds. The
choice is remembered for this processor, these libraries and these weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import structlog

from proteus.errors import ModelUnavailable

log = structlog.get_logger()

MOST_ERROR: Final = 0.02
"""Largest difference from the exact result, as a share of its largest value. One rounding to bf16 is 0.2 %, a whole
network's 1 %; what was wrong in silence was 39 to 52 % off."""

LEAST_AGREEMENT: Final = 0.995
"""Share of equal decisions (labels) at least."""

CHILD_SECONDS: Final = 300.0
"""Loading both forms and running each three times takes seconds; a child that hangs is a candidate that failed."""

ISA_SWITCHES: Final = ("ONEDNN_MAX_CPU_ISA", "OV_CPU_MAX_ISA", "ATEN_CPU_CAPABILITY")
"""Environment variables by which libraries are kept from instructions that the processor has."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One approximate form.

    Attributes:
        name: Its precision, as results name it.
        environment: What must be set before the library loads.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        limits = " ".join(f"{name}={value}" for name, value in self.environment.items())
        return f"{self.name} with {limits}" if limits else self.name


@dataclass(frozen=True, kw_only=True)
class Distance:
    """How far a form is from the exact one on the samples.

    Attributes:
        error: Largest difference, as a share of the exact result's largest value.
        agreement: Share of equal decisions.
    """

    error: float
    agreement: float

    @property
    def passes(self) -> bool:
        """Whether it is within the bounds; what is not a number never is."""
        return self.error <= MOST_ERROR and self.agreement >= LEAST_AGREEMENT

    def __str__(self) -> str:
        return f"{self.error:.2%} off, {self.agreement:.2%} of the labels equal"


def choose(
    candidates: Sequence[Candidate],
    prove: Callable[[Candidate], Distance | str],
    *,
    what: str,
    key: str,
    cache: Path | None = None,
) -> Candidate:
    """Return the first candidate that proves itself.

    Args:
        candidates: The most wanted one first.
        prove: Measures one, or says in a few words why it cannot be measured.
        what: The subject, for the log and the refusal.
        key: Names processor, libraries and weights: what a remembered choice holds for.
        cache: File of remembered choices; one that cannot be read or written only costs another measurement.

    Raises:
        ModelUnavailable: None does; the message gives each one's numbers.
    """
    by_text = {str(candidate): candidate for candidate in candidates}
    if (found := by_text.get(_remembered(cache).get(key, ""))) is not None:
        return found
    numbers = []
    for text, candidate in by_text.items():
        distance = prove(candidate)
        passes = isinstance(distance, Distance) and distance.passes
        log.info("approximation_measured", what=what, form=text, distance=str(distance), passes=passes)
        if passes:
            _remember(cache, key, text)
            return candidate
        numbers.append(f"{text}: {distance}")
    bounds = f"at most {MOST_ERROR:.0%} off and {LEAST_AGREEMENT:.1%} of the labels equal"
    raise ModelUnavailable(f"{what}: no approximate form proves itself here ({bounds}): {'; '.join(numbers)}")


def in_child(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Distance | str:
    """Run `python -m module`, which prints a `Distance` as JSON on its last line; a failure becomes a few words."""
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and modules
            command,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=CHILD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {CHILD_SECONDS:.0f} s"
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return f"ended with status {done.returncode}: {last[:200]}"
    try:
        return Distance(**json.loads(done.stdout.strip().splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return "printed no distance"


def key_of(*parts: str) -> str:
    """Return the key of a choice: this processor, its limits in the environment, and what the caller names."""
    limits = [f"{name}={os.environ.get(name, '')}" for name in ISA_SWITCHES]
    return hashlib.sha256("\n".join([_processor(), *limits, *parts]).encode()).hexdigest()


def _processor() -> str:
    """Return what the kernel says of the first processor: its name and its instruction sets."""
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().split("\n\n", 1)[0].splitlines()
        return "\n".join(line for line in lines if line.startswith(("vendor_id", "model", "stepping", "flags")))
    return ""


def _remembered(cache: Path | None) -> dict[str, str]:
    if cache is None:
        return {}
    try:
        found: Any = json.loads(cache.read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _remember(cache: Path | None, key: str, text: str) -> None:
    if cache is None:
        return
    partial = cache.with_name(f"{cache.name}.{os.getpid()}")
    try:
        partial.write_text(json.dumps({**_remembered(cache), key: text}))
        partial.replace(cache)
    except OSError as error:
        log.info("choice_not_remembered", reason=str(error))
