"""An engine's levers prove themselves on the device they run on, against the exact form, before they serve.

A lever changes numbers to save time or memory: half precision, another memory layout, a compiled network, a provider.
Devices, drivers and libraries differ, and report nothing when one is wrong. So at the first start on a kind of device
the exact form and then each lever run on the same sample, one after the other, because a device may hold one of them
only.

    exact ─▶ answers ──┐
    form  ─▶ answers ──┴▶ distance ─▶ within the card's tolerance: it serves
                                      beyond it, or it fails: dropped, with the numbers in the log; the next is tried
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from proteus.errors import ModelUnavailable
from proteus.worker.proofs import Bounds, Candidate, Distance, choose, key_of

log = structlog.get_logger()

Loaded = TypeVar("Loaded")

Answers = Mapping[str, NDArray[np.float32]]
"""A form's outputs for the sample, by part of the network."""

CHOICES: Final = "levers.json"
"""File in the folder of weights that remembers which form proved itself."""


@dataclass(frozen=True, kw_only=True)
class Trial(Generic[Loaded]):
    """How the forms of one network are compared on one device.

    Attributes:
        exact: The form that has no lever.
        load: Puts a form on the device.
        answers: Runs a loaded form on the sample.
        tolerance: Of the engine's card.
        what: Names the engine, for the log.
        folder: Of the weights; choices are remembered in it where it can be written.
        device: Names device, driver and libraries, for which a choice holds.
    """

    exact: Candidate
    load: Callable[[Candidate], Loaded]
    answers: Callable[[Loaded], Answers]
    tolerance: float
    what: str
    folder: Path
    device: str

    def exact_answers(self) -> Answers:
        """Run the exact form.

        Raises:
            ModelUnavailable: It cannot be loaded or does not run.
        """
        try:
            return self.answers(self.load(self.exact))
        except ModelUnavailable:
            raise
        except Exception as error:  # a form may fail in any way that its libraries and its device know
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            raise ModelUnavailable(
                f"{self.what}: its exact form ({self.exact}) does not run on this device, so no lever can be proven: "
                f"{reason}"
            ) from error


def ready(forms: Sequence[Candidate], trial: Trial[Loaded]) -> tuple[Candidate, Loaded]:
    """Return the first form that is near enough to the exact one, loaded; the exact one if none is.

    Args:
        forms: The preferred one first; none: the exact form is loaded, and nothing is measured.

    Raises:
        ModelUnavailable: The exact form cannot be loaded or does not run here, so nothing can be proven.
    """
    if not forms:
        return trial.exact, trial.load(trial.exact)
    expected: list[Answers] = []
    held: dict[str, Loaded] = {}

    def prove(form: Candidate) -> Distance | str:
        held.clear()
        gc.collect()
        if not expected:
            expected.append(trial.exact_answers())
            gc.collect()
        try:
            held[str(form)] = trial.load(form)
            found = trial.answers(held[str(form)])
        except Exception as error:  # as above
            error.with_traceback(None)  # its frames hold the form, which must leave the device
            return f"failed: {type(error).__name__}: {str(error)[:200]}"
        return distance(expected[0], found)

    key = key_of(trial.what, trial.device, str(trial.exact), *map(str, forms), *_identity(trial.folder))
    bounds = Bounds(error=trial.tolerance, agreement=None, decided=None, cost=None)
    chosen = choose(
        forms, prove, what=trial.what, key=key, bounds=bounds, exact=trial.exact, cache=trial.folder / CHOICES
    )
    kept = held.pop(str(chosen), None)
    held.clear()
    gc.collect()
    return chosen, trial.load(chosen) if kept is None else kept


def tell_captured(what: str, rows: Sequence[int], failed: Mapping[int, str]) -> None:
    """Log which numbers of rows of an engine's steps are captured, and in one line that others run eagerly and why."""
    if failed:
        log.warning("steps_not_captured", what=what, rows=list(failed), reason=next(iter(failed.values())))
    log.info("steps_captured", what=what, rows=list(rows))
    log.info("shortcuts_not_captured", what=what, reason="steps of quality approximate run eagerly")


def distance(exact: Answers, near: Answers) -> Distance:
    """Return how far a form is off, of the part that is farthest off.

    A part's error is the root mean square of the difference, as a share of the exact answer's own.
    """
    return Distance(error=max(_error(exact[name], near[name]) for name in exact))


def _error(exact: NDArray[np.float32], near: NDArray[np.float32]) -> float:
    if exact.shape != near.shape or not np.isfinite(near).all():
        return float("inf")
    wanted = exact.astype(np.float64)
    size = float(np.sqrt(np.mean(wanted**2))) or 1.0
    return float(np.sqrt(np.mean((near - wanted) ** 2))) / size


def _identity(folder: Path) -> list[str]:
    """Name the weights: every file with its size and its time; another time only costs another measurement."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".safetensors", ".onnx"))
    return [f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
