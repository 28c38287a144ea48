"""Approximate forms of a computation prove themselves against the exact one before they are used.

A library that rounds more coarsely, or picks other instructions on another processor, may be wrong there without an
error. So every approximate form is run beside the exact one on samples. `choose` takes the first candidate that is near
enough and worth it. The choice is remembered for this processor, these libraries and these weights. `in_child` measures
in a child process: a library reads the allowed instruction sets when it loads, and a form may end its process.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import structlog

from proteus.errors import ModelUnavailable
from proteus.service.instruction_sets import ONEDNN, SWITCHES, lowers_onednn

log = structlog.get_logger()

CHILD_SECONDS: Final = 300.0
"""Loading both forms and running each some times takes seconds; a child that hangs is a candidate that failed."""

RULES: Final = "2"
"""Part of every key: choices by earlier rules are measured anew."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The limits of a form; None: no limit.

    Attributes:
        error: Largest distance from the exact result, as a share of it. One rounding to bf16 is 0.2 %, a whole
            network's 1 %; forms that were wrong without an error were 39 to 76 % off.
        agreement: Least share of equal decisions (labels), ties left aside.
        decided: Least share of decisions that are no ties: samples on which the exact form itself is in doubt prove
            nothing.
        cost: Most processor time, as a multiple of the exact form's. A form that costs as much loses exactness for
            nothing: bf16 without its instructions is emulated at three to ten times the cost.
    """

    error: float = 0.02
    agreement: float | None = 0.995
    decided: float | None = 0.5
    cost: float | None = 1.0

    def __str__(self) -> str:
        parts = [f"at most {self.error:.1%} off"]
        parts += [] if self.agreement is None else [f"{self.agreement:.1%} of the labels equal"]
        parts += [] if self.decided is None else [f"{self.decided:.0%} of them no ties"]
        parts += [] if self.cost is None else [f"at most {self.cost:.2f} times the exact form's time"]
        return ", ".join(parts)


BOUNDS: Final = Bounds()


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One form of a network.

    Attributes:
        name: Its changes, precision first; results name it.
        environment: Variables to set before the library loads.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        limits = " ".join(f"{name}={value}" for name, value in self.environment.items())
        return f"{self.name} with {limits}" if limits else self.name

    def below(self, environment: Mapping[str, str]) -> Candidate:
        """Return the candidate within the operator's `environment`: a lower limit there stays."""
        if ONEDNN not in self.environment or lowers_onednn(self.environment[ONEDNN], environment):
            return self
        return replace(self, environment={name: v for name, v in self.environment.items() if name != ONEDNN})


@dataclass(frozen=True, kw_only=True)
class Distance:
    """How far a form is from the exact one on the samples and what it costs, as `Bounds` has it; None: not measured."""

    error: float
    agreement: float | None = None
    decided: float | None = None
    cost: float | None = None

    def within(self, bounds: Bounds) -> bool:
        """Tell whether it keeps to the bounds; NaN, or a limit without a measurement, never does."""
        return (
            self.error <= bounds.error
            and _at_least(self.agreement, bounds.agreement)
            and _at_least(self.decided, bounds.decided)
            and (bounds.cost is None or (self.cost is not None and self.cost <= bounds.cost))
        )

    def __str__(self) -> str:
        parts = [f"{self.error:.2%} off"]
        parts += [] if self.agreement is None else [f"{self.agreement:.2%} of the labels equal"]
        parts += [] if self.decided is None else [f"{self.decided:.1%} of them no ties"]
        parts += [] if self.cost is None else [f"{self.cost:.2f} times the exact form's time"]
        return ", ".join(parts)


def _at_least(found: float | None, asked: float | None) -> bool:
    return asked is None or (found is not None and found >= asked)


def choose(
    candidates: Sequence[Candidate],
    prove: Callable[[Candidate], Distance | str],
    *,
    what: str,
    key: str,
    bounds: Bounds = BOUNDS,
    exact: Candidate | None = None,
    cache: Path | None = None,
) -> Candidate:
    """Return the first candidate that proves itself.

    Args:
        candidates: The preferred one first.
        prove: Measures one, or returns in a few words why it cannot be measured.
        what: The subject, for the log and the refusal.
        key: Names the processor, libraries and weights for which a remembered choice holds.
        bounds: The limits of a candidate.
        exact: The form that runs if none does; without it that is a refusal.
        cache: File of remembered choices; one that cannot be read or written only costs another measurement.

    Raises:
        ModelUnavailable: None does, and there is no exact form to run instead; the message gives each one's numbers.
    """
    key = f"{key} {bounds}"
    by_text = {str(candidate): candidate for candidate in (*candidates, *([exact] if exact else []))}
    if (found := by_text.get(_remembered(cache).get(key, ""))) is not None:
        log.info("approximation_known", what=what, form=str(found))
        return found
    numbers = []
    for text, candidate in by_text.items():
        if candidate == exact:
            continue
        distance = prove(candidate)
        passes = isinstance(distance, Distance) and distance.within(bounds)
        if passes:
            log.info("approximation_measured", what=what, form=text, distance=str(distance), passes=passes)
            _remember(cache, key, text)
            return candidate
        log.warning("approximation_dropped", what=what, form=text, distance=str(distance), bounds=str(bounds))
        numbers.append(f"{text}: {distance}")
    if exact is not None:
        _remember(cache, key, str(exact))
        return exact
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
    limits = [f"{name}={os.environ.get(name, '')}" for name in SWITCHES]
    return hashlib.sha256("\n".join([RULES, _processor(), *limits, *parts]).encode()).hexdigest()


def _processor() -> str:
    """Return the kernel's description of the first processor: its name and its instruction sets."""
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
