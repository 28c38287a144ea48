"""What workers make of batches while they have nothing else to do, and how long they take to make way for others.

A picture is encoded, denoised step by step, and decoded. It makes way between two steps alone: the encoding belongs to
its first step, the decoding to its last, as in `weaver.engine_runner`. Batches never end here, so every idle worker
has one: the worst that they can do to others.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from weaver.batching import spare_batch
from workbench.simulate.actors import SpareRules, Worker
from workbench.simulate.curves import Curve


@dataclass(slots=True)
class _Spare:
    """Spare pictures of one worker: how much of them is done, and since when they go on; None: they are parked."""

    batch: int
    done: float
    since: float | None


class SpareLane:
    """The spare pictures of a fleet.

    Args:
        curve: What batches cost.

    Attributes:
        pictures: Finished ones.
        seconds: GPU time that they took, what was wasted included.
        wasted: GPU time for parking, and for what was lost with its worker.
    """

    def __init__(self, curve: Curve, rules: SpareRules) -> None:
        self._cost = curve.cost
        self._rules = rules
        self._of: dict[int, _Spare] = {}
        self.pictures = 0
        self.seconds = 0.0
        self.wasted = 0.0

    def go_on(self, worker: Worker, now: float, *, limit: int) -> None:
        """Begin, or go on where they made way, on a worker that is free.

        Args:
            worker: Free from now on.
            now: The time.
            limit: Pictures that it may run at once.
        """
        parked = self._of.get(worker.number)
        if parked is None or parked.done == 0.0:
            self._of[worker.number] = _Spare(spare_batch(self._cost, max(limit, 1)), 0.0, now)
        else:
            self._waste(self._rules.park_seconds)
            parked.since = now + self._rules.park_seconds

    def make_way(self, worker: Worker, now: float) -> float:
        """Park what a worker makes at the next step's end; return in how many seconds others can begin."""
        spare = self._of.get(worker.number)
        if spare is None or spare.since is None or now <= spare.since:
            delay = 0.0 if spare is None or spare.since is None else spare.since - now
        else:
            end = self._boundary(self._advance(spare, now), spare.batch)
            delay = end - spare.done
            self.seconds += delay
            spare.done = end
            if end >= self._cost.t(spare.batch):
                self.pictures += spare.batch
                spare.done = 0.0
            elif end > 0:
                self._waste(self._rules.park_seconds)
                delay += self._rules.park_seconds
        if spare is not None:
            spare.since = None
        return delay

    def lose(self, worker: Worker, now: float) -> None:
        """End a worker: what is done of its pictures is lost."""
        spare = self._of.pop(worker.number, None)
        if spare is not None:
            if spare.since is not None:
                self._advance(spare, now)
            self.wasted += spare.done

    def settle(self, now: float) -> None:
        """Count what runs at the end."""
        for spare in self._of.values():
            if spare.since is not None:
                self._advance(spare, now)
                spare.since = now

    def _advance(self, spare: _Spare, now: float) -> float:
        """Count what was made since the pictures went on; return how much of the present ones is done."""
        assert spare.since is not None
        elapsed = max(0.0, now - spare.since)
        self.seconds += elapsed
        made, spare.done = divmod(spare.done + elapsed, self._cost.t(spare.batch))
        self.pictures += int(made) * spare.batch
        return spare.done

    def _boundary(self, done: float, batch: int) -> float:
        """Return the first end of a step at or behind this point of the pictures."""
        rules, whole = self._rules, self._cost.t(batch)
        first, step = rules.encode_share * whole, (1 - rules.encode_share - rules.decode_share) * whole / rules.steps
        steps = max(1, ceil((done - first) / step - 1e-9)) if done > 0 else 0
        return whole if steps >= rules.steps else first + steps * step if steps else 0.0

    def _waste(self, seconds: float) -> None:
        self.seconds += seconds
        self.wasted += seconds
