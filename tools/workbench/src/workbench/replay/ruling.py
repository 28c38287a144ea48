"""Which policy ruled in a period, from the decisions that are still noted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from arbitrator.policies.named import POLICIES
from proteus_cli.decisions import Noted
from workbench.replay.record import clock

DEFAULT: Final = "slo"
"""The policy that rules by default."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The policy that ruled, the most workers it saw, and what is uncertain about that."""

    policy: str
    workers: int
    notes: tuple[str, ...] = ()


def ruling(decisions: Sequence[Noted], *, since: datetime, until: datetime) -> Ruling:
    """Return the policy that ruled the longest.

    Args:
        decisions: The last one before the period, if it is still noted, and those within.
        since: Beginning of the period.
        until: End of the period.
    """
    if not decisions:
        why = "no decision of this period is noted (the stream keeps the last 1,000, or no arbitrator ran)"
        return Ruling(policy=DEFAULT, workers=0, notes=(f"{why}: taken as ruled by {DEFAULT}, the default",))
    notes = []
    if decisions[0].at > since:
        notes.append(f"the noted decisions begin at {clock(decisions[0].at)}: what ruled before is taken as the same")
    ruled: dict[str, float] = {}
    starts = [since, *(one.at for one in decisions[1:]), until]
    for one, (start, end) in zip(decisions, pairwise(starts), strict=True):
        ruled[one.policy] = ruled.get(one.policy, 0.0) + (end - start).total_seconds()
    policy = max(ruled, key=lambda name: ruled[name])
    if policy not in POLICIES:
        notes.append(f"{policy or 'a policy without a name'} ruled, which this version does not know: see {DEFAULT}")
        policy = DEFAULT
    if len(ruled) > 1:
        share = ruled[policy] / (until - since).total_seconds()
        others = ", ".join(name for name in ruled if name != policy)
        notes.append(f"{policy} ruled {share:.0%} of the time, {others} the rest: all of it is simulated as {policy}")
    workers = max(one.ruling.ready or 0 for one in decisions)
    return Ruling(policy=policy, workers=workers, notes=tuple(notes))
