"""Fleets that can do the same work: what they are wanted for together, and which of them gets how much. Pure.

A policy decides for a group; `share` then fills the fleets: every fleet's minimum and the pods that are paid for first,
spot capacity next, the cheapest of the rest last. Where spot nodes do not come, the missing pods are asked of the
others as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arbitrator.fleets.board import FleetView
from arbitrator.fleets.spec import Capacity


@dataclass(frozen=True, kw_only=True)
class Group:
    """Fleets whose engines overlap.

    Attributes:
        engines: What they offer together; empty: all work is theirs.
    """

    fleets: tuple[FleetView, ...]
    engines: frozenset[str]

    @property
    def key(self) -> str:
        """A name for the group while its members stay the same."""
        return ",".join(fleet.name for fleet in self.fleets)

    @property
    def slo_seconds(self) -> float:
        """The shortest of the members' SLOs."""
        return min(fleet.spec.slo.seconds for fleet in self.fleets)

    @property
    def min_replicas(self) -> int:
        """Fewest pods of all members."""
        return sum(_least(fleet) for fleet in self.fleets)

    @property
    def max_replicas(self) -> int:
        """Most pods of all members."""
        return sum(_most(fleet) for fleet in self.fleets)


def groups_of(fleets: Sequence[FleetView]) -> tuple[Group, ...]:
    """Return the groups, by their first fleet. A fleet without named engines does all work, so it joins every group."""
    groups: list[list[FleetView]] = []
    for fleet in sorted(fleets, key=lambda one: one.name):
        related = [group for group in groups if any(overlap(fleet, member) for member in group)]
        groups = [group for group in groups if group not in related]
        groups.append(sorted([fleet, *(one for group in related for one in group)], key=lambda one: one.name))
    return tuple(_group(members) for members in sorted(groups, key=lambda members: members[0].name))


def _group(members: Sequence[FleetView]) -> Group:
    everything = any(not fleet.spec.engines for fleet in members)
    named = frozenset(engine for fleet in members for engine in fleet.spec.engines)
    return Group(fleets=tuple(members), engines=frozenset() if everything else named)


def overlap(one: FleetView, other: FleetView) -> bool:
    """Tell whether there is work that both fleets can do."""
    first, second = set(one.spec.engines), set(other.spec.engines)
    return not first or not second or bool(first & second)


def share(group: Group, wanted: int, *, waiting: Mapping[str, int], busy: frozenset[str]) -> dict[str, int]:
    """Return fleet -> pods.

    Args:
        wanted: Pods that the policy wants of the group.
        waiting: Engine -> waiting jobs: each needs a fleet that offers it.
        busy: Names of pods that work: their fleet keeps one at least.
    """
    given = {fleet.name: max(_least(fleet), min(fleet.kept, _most(fleet))) for fleet in group.fleets}
    left = wanted - sum(_usable(fleet, given[fleet.name]) for fleet in group.fleets)
    order = sorted(group.fleets, key=_preference)
    for fleet in order:
        before = given[fleet.name]
        given[fleet.name] = min(before + max(left, 0), max(_most(fleet), before))
        left -= _usable(fleet, given[fleet.name]) - _usable(fleet, before)
    for engine, jobs in waiting.items():
        able = [fleet for fleet in order if not fleet.spec.engines or engine in fleet.spec.engines]
        if jobs and able and not any(given[fleet.name] for fleet in able):
            first = next((fleet for fleet in able if _most(fleet) > 0), None)
            if first is not None:
                given[first.name] = 1
    for fleet in group.fleets:
        if given[fleet.name] == 0 and fleet.pods & busy:
            given[fleet.name] = 1
    return given


def _preference(fleet: FleetView) -> tuple[bool, float, str]:
    return fleet.spec.capacity is not Capacity.SPOT, fleet.spec.billing.hourly_price, fleet.name


def _fixed(fleet: FleetView) -> int | None:
    """Return the number of pods that no signal changes; None: the fleet scales."""
    if fleet.bounds.held is not None:
        return fleet.bounds.held
    return len(fleet.pods) if fleet.bounds.paused else None


def _least(fleet: FleetView) -> int:
    fixed = _fixed(fleet)
    return fleet.bounds.min_replicas if fixed is None else fixed


def _most(fleet: FleetView) -> int:
    fixed = _fixed(fleet)
    return fleet.bounds.max_replicas if fixed is None else fixed


def _usable(fleet: FleetView, pods: int) -> int:
    """Return how many of so many pods can be counted on."""
    return min(pods, fleet.ready) if fleet.stuck else pods
