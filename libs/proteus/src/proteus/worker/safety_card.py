"""The card of a deployment's safety model, `safety.json`: how a picture becomes its input, and what its output means.

    {"name": "…", "version": "…",
     "input": {"name": "pixels", "width": 224, "height": 224, "layout": "nchw", "mean": [0, 0, 0], "std": [1, 1, 1]},
     "output": {"name": "scores", "form": "probabilities"},
     "labels": ["neutral", "explicit"],
     "thresholds": {"standard": {"explicit": 0.8}, "strict": {"explicit": 0.4}}}

A picture is refused where the probability of a label reaches the level's threshold; a label without one is never a
reason. `strict` refuses at least what `standard` does: a card that says otherwise is refused itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from proteus.artefacts import SafetyLevel
from proteus.errors import ModelUnavailable

CARD_FILE: Final = "safety.json"

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Side = Annotated[int, Field(ge=1, le=2_048, strict=True)]
_Three = Annotated[tuple[float, ...], Field(min_length=3, max_length=3)]
_Share = Annotated[float, Field(gt=0, le=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SafetyInput(_Frozen):
    """The network's input: the picture stretched to `width` x `height`, RGB, one picture at a time.

    Attributes:
        layout: (1, 3, H, W) or (1, H, W, 3), float32 or float16 as the file says.
        mean: Subtracted from each channel in [0, 1]; then `std` divides.
    """

    name: _Name
    width: _Side
    height: _Side
    layout: Literal["nchw", "nhwc"] = "nchw"
    mean: _Three = (0.0, 0.0, 0.0)
    std: _Three = (1.0, 1.0, 1.0)

    @model_validator(mode="after")
    def _divides(self) -> Self:
        if min(self.std) <= 0:
            raise ValueError(f"std is {list(self.std)}, all three must be above 0")
        return self


class SafetyOutput(_Frozen):
    """The network's output, (1, labels). `form`: probabilities, or logits that a softmax or a sigmoid makes such."""

    name: _Name
    form: Literal["probabilities", "softmax", "sigmoid"]


class SafetyCard(_Frozen):
    """A safety model, described."""

    name: _Name
    version: _Name
    input: SafetyInput
    output: SafetyOutput
    labels: Annotated[tuple[_Name, ...], Field(min_length=1, max_length=1_000)]
    thresholds: Mapping[Literal["standard", "strict"], Annotated[Mapping[str, _Share], Field(min_length=1)]]

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels names one twice")
        if missing := {"standard", "strict"} - self.thresholds.keys():
            raise ValueError(f"thresholds has no {' and no '.join(sorted(missing))}")
        for level, limits in self.thresholds.items():
            if unknown := sorted(limits.keys() - set(self.labels)):
                raise ValueError(f"thresholds.{level} names {unknown[0]!r}, which is none of the labels")
        strict = self.thresholds["strict"]
        for label, limit in self.thresholds["standard"].items():
            if strict.get(label, 2.0) > limit:
                found = f"is {strict[label]}" if label in strict else "is missing"
                raise ValueError(f"thresholds.strict.{label} {found}; it must be at most standard's {limit}")
        return self

    def reasons(self, scores: Mapping[str, float], level: SafetyLevel) -> tuple[str, ...]:
        """Return the labels for which a picture with these probabilities is refused at a level."""
        if level == "off":
            return ()
        return tuple(label for label, limit in self.thresholds[level].items() if scores[label] >= limit)


def read_card(folder: Path) -> SafetyCard:
    """Return the card in a model's folder.

    Raises:
        ModelUnavailable: There is none, or it breaks a rule; the message names the place, the value and the rule.
    """
    file = folder / CARD_FILE
    try:
        return SafetyCard.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ModelUnavailable(f"the safety model has no readable {CARD_FILE} in {folder}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        given = "" if not place or isinstance(first["input"], dict) else f" is {first['input']!r}"
        rule = first["msg"].removeprefix("Value error, ")
        raise ModelUnavailable(f"{CARD_FILE} in {folder}: {place}{given}{': ' if place else ''}{rule}") from error
