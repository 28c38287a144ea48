"""The actuator seam: how a decision reaches the fleet.

Every implementation acts only while this arbitrator is the one that may: `apply` says so. Acting twice on the same
decision changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from arbitrator.policies.contract import Decision, Observation


@dataclass(frozen=True, kw_only=True)
class Order:
    """A decision on its way: what was seen, what was decided, by which policy."""

    decision: Decision
    seen: Observation
    policy: str
    arrivals_per_second: float


class Actuator(Protocol):
    """Makes decisions true."""

    async def apply(self, order: Order) -> bool:
        """Act; False if another arbitrator holds the lease, and nothing was changed."""

    async def last_decision(self) -> Decision | None:
        """Return the decision that holds now, of any arbitrator; None if there is none or it ran out."""

    async def release(self) -> None:
        """Let another arbitrator take over at once."""
