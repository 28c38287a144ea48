"""Measures one try-on by every metric, and sums up many: means for each engine and quality."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np

from workbench.eval.canvas import Pixels
from workbench.eval.quality.background import background
from workbench.eval.quality.colour import colour
from workbench.eval.quality.distance import Distance
from workbench.eval.quality.identity import identity
from workbench.eval.quality.missing import Missing
from workbench.eval.quality.networks import Networks
from workbench.eval.quality.nsfw import nsfw
from workbench.eval.quality.perceptual import Vector, kid, likeness, lpips, on_white
from workbench.eval.quality.score import Score, Tryon
from workbench.eval.quality.shape import shape
from workbench.eval.quality.text import text
from workbench.eval.quality.texture import texture

FROM_HUB: Final = ("lpips", "clip", "dino")
"""Those whose networks `make weights MODEL=eval` fetches."""

METRICS: Final = ("background", "identity", "text", "colour", "texture", "shape", "nsfw", *FROM_HUB)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture of a set; `error` says why it could not be measured at all.

    Attributes:
        group: Engine and quality, as `puppet/balanced`.
        pictures: Small copies of what was measured with their words, for the contact sheet.
        distance: From the result with every step done whole, where the set has it.
        seen: DINO's embeddings of result and true picture, for the set's KID; None: they could not be had.
    """

    name: str
    group: str = ""
    scores: Mapping[str, Score] = field(default_factory=dict)
    error: str = ""
    pictures: tuple[tuple[str, Pixels], ...] = field(default=(), repr=False, compare=False)
    distance: Distance | None = None
    seen: tuple[Vector, Vector] | None = field(default=None, repr=False, compare=False)

    @property
    def lowest(self) -> float:
        """The lowest value of all metrics; -1 where nothing could be measured."""
        return min((score.value for score in self.scores.values() if score.value is not None), default=-1.0)

    def to_json(self) -> dict[str, Any]:
        scores = {name: rounded(score) for name, score in self.scores.items()}
        far = None if self.distance is None else asdict(self.distance)
        return {"name": self.name, "group": self.group, "scores": scores, "distance": far, "error": self.error}


def seen(tryon: Tryon, networks: Networks) -> tuple[Vector, Vector] | None:
    """Return DINO's embeddings of result and true picture, whole; None: there is no true picture, or no network."""
    embed = networks.hub.dino
    if tryon.truth is None or isinstance(embed, Missing):
        return None
    everything = np.ones(tryon.worn.shape, np.bool_)
    return embed(on_white(tryon.result, everything)), embed(on_white(tryon.truth, everything))


def measure(tryon: Tryon, networks: Networks) -> dict[str, Score]:
    """Return every metric's score, in the order of `METRICS`."""
    reader, embedder, classifier, hub = networks.reader, networks.embedder, networks.classifier, networks.hub
    return {
        "background": background(tryon),
        "identity": _missing(embedder) if isinstance(embedder, Missing) else identity(tryon, embedder),
        "text": _missing(reader) if isinstance(reader, Missing) else text(tryon, reader),
        "colour": colour(tryon),
        "texture": texture(tryon),
        "shape": shape(tryon),
        "nsfw": _missing(classifier) if isinstance(classifier, Missing) else nsfw(tryon, classifier),
        "lpips": _missing(hub.lpips) if isinstance(hub.lpips, Missing) else lpips(tryon, hub.lpips),
        "clip": _missing(hub.clip) if isinstance(hub.clip, Missing) else likeness(tryon, hub.clip),
        "dino": _missing(hub.dino) if isinstance(hub.dino, Missing) else likeness(tryon, hub.dino),
    }


def summary(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Return for each group: pictures, errors, failures by name, and each metric's mean and least."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    return {name: _figures(group) for name, group in sorted(groups.items())}


def _figures(rows: list[Row]) -> dict[str, Any]:
    failures = [score.failure for row in rows for score in row.scores.values() if score.failure]
    metrics = {}
    for metric in METRICS:
        values = [row.scores[metric].value for row in rows if metric in row.scores]
        known = [value for value in values if value is not None]
        metrics[metric] = {
            "measured": len(known),
            "mean": round(float(np.mean(known)), 4) if known else None,
            "least": round(min(known), 4) if known else None,
        }
    return {
        "pictures": len(rows),
        "errors": sum(bool(row.error) for row in rows),
        "failures": {name: failures.count(name) for name in sorted(set(failures))},
        "metrics": metrics,
        "distance_rms": _mean([row.distance.rms for row in rows if row.distance is not None]),
        "kid": _kid([row.seen for row in rows if row.seen is not None]),
    }


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None


def _kid(seen: list[tuple[Vector, Vector]]) -> dict[str, Any] | None:
    """Return the set's KID; None: it has too few true pictures."""
    made, true = (np.array(one) for one in zip(*seen, strict=True)) if seen else (np.empty((0, 1)),) * 2
    found = kid(made, true)
    return None if found is None else asdict(found)


def rounded(score: Score) -> dict[str, Any]:
    """Return a score as JSON."""
    return asdict(score) | {"value": None if score.value is None else round(score.value, 4)}


def _missing(why: Missing) -> Score:
    return Score(value=None, reason=why.reason)
