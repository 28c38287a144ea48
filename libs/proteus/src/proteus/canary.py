"""Canaries: how much of an engine's work goes to the workers of one of its versions. Pure.

    WeaverFleet ── arbitrator ──▶ `config:state` ── weavers ──▶ claim

A job is drawn for the canary by its rank, so every process agrees. The canary's workers take drawn jobs alone, and only
such as have not failed yet; the others leave them these for `PATIENCE_MS`. So the share is an upper bound, nothing
waits for a canary that is slow or gone, and what fails on it is tried again by the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PATIENCE_MS: Final = 10_000
"""How long a drawn job is left to the canary; then anybody takes it."""

SPREAD: Final = 4096
"""Makes the draw independent of the rank's upper part, which decides what is degraded."""


@dataclass(frozen=True, kw_only=True)
class CanaryPart:
    """One worker's part in the canary of an engine.

    Attributes:
        share: Share of the engine's jobs that is drawn, 0..1.
        own: Whether this worker has the canary's version.
    """

    share: float
    own: bool


NO_PARTS: Final[Mapping[str, CanaryPart]] = {}


def parts_of(canaries: Mapping[str, float], versions: Mapping[str, str]) -> dict[str, CanaryPart]:
    """Return engine -> a worker's part.

    Args:
        canaries: `engine@version` -> share.
        versions: Engine -> the version that the worker has.
    """
    named = {(one.partition("@")[0], one.partition("@")[2]): share for one, share in sorted(canaries.items())}
    return {
        engine: CanaryPart(share=share, own=versions[engine] == version)
        for (engine, version), share in named.items()
        if engine in versions
    }


def is_left(part: CanaryPart | None, *, rank: float, failed: bool, waited_ms: int) -> bool:
    """Return whether a worker leaves a job to workers of another version: the rule of `lua/lib/canary.lua`."""
    if part is None:
        return False
    drawn = not failed and rank * SPREAD % 1 < part.share
    return not drawn if part.own else drawn and waited_ms < PATIENCE_MS
