"""The safety seam: a picture is examined by the deployment's own model, or refused where that cannot be done.

    tailor: every upload, decoded ──┐
                                    ├─▶ SafetyCheck.examine ─▶ nothing, ContentBlocked or SafetyUnavailable
    weaver: every finished picture ─┘

A level that is not `off` lets nothing through unexamined. A model that is missing or broken keeps a worker from
starting, so jobs wait in their queue; one that fails while it runs fails the attempt (`safety_unavailable`,
retryable), so another worker tries. Calls block; one instance serves all threads of a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray
from prometheus_client import Counter

from proteus.artefacts import SafetyLevel
from proteus.errors import ContentBlocked, ModelUnavailable, SafetyUnavailable
from proteus.settings import SafetySettings
from proteus.worker.onnx_session import open_session
from proteus.worker.safety_card import read_card
from proteus.worker.weights import WeightsOrder

log = structlog.get_logger()

Pixels = NDArray[np.uint8]

MODEL: Final = "safety"
"""The name of its folder, beside those of other models."""

MODEL_FILE: Final = "safety.onnx"
SUM_TOLERANCE: Final = 0.02
"""Probabilities of half-precision networks miss 0 and 1 by less than this."""

CHECKS: Final = Counter(
    "proteus_safety_checks_total",
    "Pictures that a level other than off examined, by what they are and the outcome.",
    ["picture", "outcome"],
)


class SafetyModel:
    """An ONNX file and its card, loaded. Safe to share between threads.

    Args:
        folder: Holds `safety.onnx` and `safety.json`.
        threads: For one picture.

    Raises:
        ModelUnavailable: A file is missing, the two do not fit each other, or a grey picture cannot be examined.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.card = read_card(folder)
        if not (folder / MODEL_FILE).is_file():
            raise ModelUnavailable(f"the safety model has no {MODEL_FILE} in {folder}")
        try:
            self._session = open_session(folder / MODEL_FILE, threads=threads)
        except ImportError as error:
            raise ModelUnavailable("the safety model needs ONNX Runtime; install onnxruntime") from error
        self._dtype = self._checked(folder)
        sample = np.full((64, 48, 3), 128, np.uint8)
        try:
            self.scores(sample)
        except SafetyUnavailable as error:
            raise ModelUnavailable(f"the safety model in {folder} cannot examine a grey picture: {error}") from error

    def scores(self, picture: Pixels) -> dict[str, float]:
        """Return the probability of each label in a picture, (H, W, 3) uint8 sRGB.

        Raises:
            SafetyUnavailable: The network raises, or its output is no probabilities of its labels.
        """
        card = self.card
        try:
            (found,) = self._session.run([card.output.name], {card.input.name: self._input(picture)})
            values = np.asarray(found, np.float64).reshape(-1)
        except Exception as error:  # the runtime's own classes have no common public base
            raise SafetyUnavailable(f"{card.name} {card.version} failed: {type(error).__name__}: {error}") from error
        if values.size != len(card.labels):
            raise SafetyUnavailable(f"{card.name} {card.version} gives {values.size} numbers, not {len(card.labels)}")
        with np.errstate(over="ignore", invalid="ignore"):
            values = _PROBABILITIES[card.output.form](values)
        if not np.all(np.isfinite(values)) or values.min() < -SUM_TOLERANCE or values.max() > 1 + SUM_TOLERANCE:
            raise SafetyUnavailable(f"{card.name} {card.version} gives numbers that are no probabilities")
        return dict(zip(card.labels, values.tolist(), strict=True))

    def _input(self, picture: Pixels) -> NDArray[Any]:
        """Return the network's input, (1, 3, H, W) or (1, H, W, 3)."""
        card = self.card.input
        small = cv2.resize(picture, (card.width, card.height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        values = (small - np.array(card.mean, np.float32)) / np.array(card.std, np.float32)
        batch = (values.transpose(2, 0, 1) if card.layout == "nchw" else values)[None]
        return np.ascontiguousarray(batch, self._dtype)

    def _checked(self, folder: Path) -> Any:
        """Refuse a file whose input or output is not the card's; return the input's type."""
        card, session = self.card, self._session
        inputs = {one.name: one for one in session.get_inputs()}
        outputs = {one.name: one for one in session.get_outputs()}
        for word, name, there in (("input", card.input.name, inputs), ("output", card.output.name, outputs)):
            if name not in there:
                raise ModelUnavailable(f"{folder / MODEL_FILE} has no {word} {name!r}; it has {', '.join(there)}")
        if others := sorted(inputs.keys() - {card.input.name}):
            raise ModelUnavailable(f"{folder / MODEL_FILE} has an input {others[0]!r} that the card does not fill")
        side = (card.input.height, card.input.width)
        shape = (1, 3, *side) if card.input.layout == "nchw" else (1, *side, 3)
        source = inputs[card.input.name]
        if not _fits(source.shape, shape):
            raise ModelUnavailable(f"{folder / MODEL_FILE}: its input is {source.shape}, the card says {list(shape)}")
        if source.type not in _TYPES:
            raise ModelUnavailable(
                f"{folder / MODEL_FILE}: its input is {source.type}, one of float or float16 is needed"
            )
        return _TYPES[source.type]


class SafetyCheck:
    """Examines pictures at a level.

    Args:
        level: The deployment's: for pictures whose tenant has none of its own.
        model: The deployment's; None: it has none, and no level but `off` lets a picture through.
    """

    def __init__(self, level: SafetyLevel = "off", model: SafetyModel | None = None) -> None:
        self.level = level
        self._model = model

    def examine(self, *views: Pixels, level: SafetyLevel | None, picture: Literal["input", "output"]) -> None:
        """Let a picture pass, or refuse it.

        Args:
            views: What the picture may look like, each (H, W, 3) uint8 sRGB.
            level: The tenant's own; None: the deployment's.
            picture: What it is, for metrics and the log.

        Raises:
            ContentBlocked: A label's probability reaches the level's threshold in one of the views.
            SafetyUnavailable: There is no model, or it failed.
        """
        level = level or self.level
        if level == "off":
            return
        try:
            if self._model is None:
                raise SafetyUnavailable("this worker has no safety model (SAFETY_WEIGHTS_DIR is empty)")
            found = [(self._model.card.reasons(scores, level), scores) for scores in map(self._model.scores, views)]
        except SafetyUnavailable as error:
            CHECKS.labels(picture, "unavailable").inc()
            log.error("safety_unavailable", picture=picture, reason=error.message)
            raise
        for labels, scores in found:
            if labels:
                CHECKS.labels(picture, "blocked").inc()
                shown = {label: round(scores[label], 3) for label in labels}
                log.warning("content_blocked", picture=picture, safety_level=level, labels=shown)
                raise ContentBlocked
        CHECKS.labels(picture, "passed").inc()


def load_safety(settings: SafetySettings, missing: Mapping[str, ModelUnavailable]) -> SafetyCheck:
    """Load the deployment's model, and say in the log how pictures are examined; blocks.

    Args:
        settings: The level, and where the model is.
        missing: Models whose weights could not be fetched, and why.

    Raises:
        ModelUnavailable: There is a level but no model, or the model cannot be used: a worker must not start.
    """
    if settings.level != "off" and settings.model_dir is None:
        raise ModelUnavailable(
            f"SAFETY_LEVEL is {settings.level!r}, but SAFETY_WEIGHTS_DIR names no folder with safety/{MODEL_FILE}: "
            "no model comes with Proteus, see docs/safety.md."
        )
    if MODEL in missing:
        raise missing[MODEL]
    model = SafetyModel(settings.model_dir) if settings.model_dir else None
    log.info(
        "safety",
        safety_level=settings.level,
        model=f"{model.card.name} {model.card.version}" if model else "none",
        examined="nothing, but for tenants with a level" if settings.level == "off" else "every photo and result",
    )
    return SafetyCheck(settings.level, model)


def safety_weights(settings: SafetySettings) -> list[WeightsOrder]:
    """Return the weights that the model needs: none where there is no model."""
    if settings.model_dir is None:
        return []
    return [
        WeightsOrder(
            model=MODEL, source=settings.weights_source, folder=str(settings.model_dir.parent), service="safety"
        )
    ]


def _fits(found: list[Any], wanted: tuple[int, ...]) -> bool:
    """Whether a shape, whose open axes are names, can hold another."""
    return len(found) == len(wanted) and all(
        not isinstance(one, int) or one == want for one, want in zip(found, wanted, strict=True)
    )


def _softmax(values: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = np.exp(values - values.max())
    return np.asarray(shifted / shifted.sum())


_PROBABILITIES: Final[dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]]] = {
    "probabilities": lambda values: values,
    "softmax": _softmax,
    "sigmoid": lambda values: 1 / (1 + np.exp(-values)),
}
_TYPES: Final[dict[str, Any]] = {"tensor(float)": np.float32, "tensor(float16)": np.float16}
