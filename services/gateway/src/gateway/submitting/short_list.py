"""How long the tailor's list is: as last read, and what this gateway has pushed since."""

from __future__ import annotations

from gateway.fleet.watch import FleetWatch
from gateway.rules.admission import SHORT_LIST
from proteus.keys import TAILOR


class ShortList:
    """Tells whether work that nobody waits for may join the tailor's list.

    Args:
        fleet: Reads the list's length each second.
    """

    def __init__(self, fleet: FleetWatch) -> None:
        self._fleet = fleet
        self._counted = fleet.view
        self._pushed = 0

    @property
    def is_short(self) -> bool:
        """Whether fewer than `SHORT_LIST` jobs wait there."""
        if self._fleet.view is not self._counted:
            self._counted, self._pushed = self._fleet.view, 0
        seen = self._fleet.view.stats.get(TAILOR)
        return (seen.waiting if seen else 0) + self._pushed < SHORT_LIST

    def pushed(self, jobs: int) -> None:
        """Note that jobs have joined it."""
        self._pushed += jobs
