"""The actuator seam: how a decision reaches the fleet.

An implementation acts only while this arbitrator holds the lease; `apply` returns whether it does. Applying the same
decision twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from arbitrator.policies.contract import Decision, Observation


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What is decided for the declared fleets.

    Attributes:
        pods: Fleet -> pods wanted of it.
        canaries: `engine@version` -> share of the engine's jobs for workers of this version.
    """

    pods: Mapping[str, int] = field(default_factory=dict)
    canaries: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A decision to apply, the observation behind it, and the policy that took it.

    Attributes:
        fleets: Declared fleet -> pods wanted of it.
        canaries: `engine@version` -> share of the engine's jobs for workers of this version.
    """

    decision: Decision
    seen: Observation
    policy: str
    arrivals_per_second: float
    fleets: Mapping[str, int] = field(default_factory=dict)
    canaries: Mapping[str, float] = field(default_factory=dict)


class Actuator(Protocol):
    """Applies decisions to the fleet."""

    async def apply(self, order: Order) -> bool:
        """Apply a decision; return False and change nothing if another arbitrator holds the lease."""

    async def last_decision(self) -> Decision | None:
        """Return the decision in force, of any arbitrator; None if there is none or it expired."""

    async def release(self) -> None:
        """Release the lease, so that another arbitrator takes over at once."""
