"""What one session tells the cost profile: its steps' mean while the same pictures take part, and what begins and ends.

Pictures join and leave a session at any step, so a session's whole time says little. A *stretch* of steps with the same
pictures, of which none begins or ends, is one measurement of a step. What a step in which pictures begin or end takes
longer than such a one is what it costs to begin or to end so many; where both happen, nobody can tell.

The profile knows whole steps. A stretch with shortcuts is told as a whole step's time: its seconds by the whole steps'
worth that its pictures computed. A device that waits for launches saves less, so whole steps then seem longer than they
are, until whole ones are woven.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from proteus.jobs import JobId
from weaver.pipelines.contract import StepReport
from weaver.profile import CostProfile


class SessionCosts:
    """One session's measurements.

    Args:
        profile: Receives them.
        canvas: The session's.
        begun: Pictures that were begun in an earlier session.
    """

    def __init__(self, profile: CostProfile, canvas: str, begun: Iterable[JobId] = ()) -> None:
        self._profile = profile
        self._canvas = canvas
        self._pictures: frozenset[JobId] = frozenset()
        self._begun = set(begun)
        self._steps: list[tuple[float, float]] = []

    def step(self, report: StepReport, inside: Collection[JobId], seconds: float) -> None:
        """Record a step of the pictures inside."""
        beginning = {job_id for job_id in inside if job_id not in self._begun}
        self._begun |= beginning
        ending = len(report.finished)
        if report.failed or self._pictures != frozenset(inside) or beginning or ending:
            self.end()
        if report.failed:
            return
        profile, canvas, pictures = self._profile, self._canvas, len(inside)
        share = computed(report)
        step = share * profile.part(canvas, "step", pictures)
        if not report.progress:  # The engine knows no steps: it is all done at once.
            profile.observe(canvas, "end", pictures, seconds)
        elif not beginning and not ending:
            self._pictures = frozenset(inside)
            self._steps.append((seconds, share))
        elif not step:  # The first steps here are all that is known of any.
            profile.observe(canvas, "step", pictures, seconds / share)
        elif not beginning:
            profile.observe(canvas, "end", ending, max(0.0, seconds - step))
        elif not ending:
            profile.observe(canvas, "begin", len(beginning), max(0.0, seconds - step))

    def end(self) -> None:
        """End a stretch."""
        if self._steps:
            seconds, whole = (sum(parts) for parts in zip(*self._steps, strict=True))
            self._profile.observe(self._canvas, "step", len(self._pictures), seconds / whole)
        self._steps = []


def computed(report: StepReport) -> float:
    """Return the share of a whole step that the pictures of a step computed, their mean."""
    costs = [one.cost for one in report.progress]
    return sum(costs) / len(costs) if costs else 1.0
