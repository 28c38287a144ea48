"""One reading of queues, workers and tenants, and what admission uses of it. Values; `watch` makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from gateway.fleet.intake import OPEN, Intake
from gateway.rules.admission import Limits, QueueView
from gateway.rules.tokens import Caller
from proteus.estimates import Fleet
from proteus.fleet_config import Ruling
from proteus.keys import JOBS, TAILOR
from proteus.queue import QueueStats
from proteus.registry import WorkerCard

_NOTHING: Final = QueueStats(
    waiting=0, running=0, retrying=0, dead=0, busy_workers=0, oldest_waiting_ms=0, mean_wait_ms=0.0
)


Holder = tuple[Literal["tenant", "guest", "address"], str]
"""A holder: an unfinished picture counts against its limits."""


@dataclass(frozen=True, kw_only=True)
class FleetView:
    """One reading.

    Attributes:
        mode: The mode that the arbitrator shows to people.
        ruling: Its whole decision; None: no arbitrator runs.
        asked_weavers: Weavers that the arbitrator requests; None where it does not scale.
        warm_until: Unix seconds until which a client requested a ready weaver; None: none did.
        remembered_engines: Engines that workers have offered in the last day.
        intake: Whether new work is taken.
        read_at: Monotonic seconds; None: nothing has been read yet.
        waiting_of: Pictures on the list, or running, by holder.
        total_of: All unfinished pictures by holder.
    """

    stats: Mapping[str, QueueStats] = field(default_factory=lambda: {JOBS: _NOTHING, TAILOR: _NOTHING})
    weavers: Sequence[WorkerCard] = ()
    tailors: Sequence[WorkerCard] = ()
    waiting_of: Mapping[Holder, int] = field(default_factory=dict)
    total_of: Mapping[Holder, int] = field(default_factory=dict)
    held: int = 0
    batch_limit: int = 1
    degraded_fraction: float = 0.0
    mode: str | None = None
    ruling: Ruling | None = None
    asked_weavers: int | None = None
    warm_until: float | None = None
    remembered_engines: frozenset[str] = frozenset()
    intake: Intake = OPEN
    read_at: float | None = None

    @property
    def wanted_weavers(self) -> int | None:
        """Weavers that the arbitrator wants, whoever starts them; None: no arbitrator runs."""
        if self.asked_weavers is not None or self.ruling is None:
            return self.asked_weavers
        if self.ruling.staying_replicas is not None:
            return self.ruling.staying_replicas
        return self.ruling.desired_replicas


@dataclass(frozen=True, kw_only=True, slots=True)
class AdmissionInputs:
    """The inputs of an admission decision.

    Attributes:
        servable: The engines that can be served; None: the fleet has not been read lately.
        queue: What waits, in all and of the caller's holders.
        fleet: The workers available for the engine, now or after a start.
        limits: The deployment's limits.
    """

    servable: frozenset[str] | None
    queue: QueueView
    fleet: Fleet
    limits: Limits


def holders(tenant: str, guest_id: str | None, origin: str | None) -> list[Holder]:
    """Return the holders of a picture."""
    found: list[Holder] = [("tenant", tenant)]
    if guest_id is not None:
        found.append(("guest", guest_id))
    if origin is not None:
        found.append(("address", origin))
    return found


def holders_of(caller: Caller) -> list[Holder]:
    """Return the holders of a caller's pictures."""
    return holders(caller.tenant, caller.user_id if caller.is_person else None, caller.origin)
