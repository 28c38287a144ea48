"""Brings the cluster to what the fleets declare: their ScaledObjects, their pods' deletion costs, their status.

    board (objects, decisions) ─▶ arbitrator.fleets ─▶ server-side apply · pod annotations · status · Events

Every turn looks at all fleets anew, so a restart, a missed event or a change by hand is mended by the next turn. A call
that fails concerns one fleet: its status says why, and the others go on.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from arbitrator.fleets import deletion_cost
from arbitrator.fleets.board import Board, FleetView
from arbitrator.fleets.bounds import bounds_at
from arbitrator.fleets.demand import Known
from arbitrator.fleets.derive import Derivation, beside, derive
from arbitrator.fleets.events import Moment, events_between
from arbitrator.fleets.groups import overlap
from arbitrator.fleets.pods import is_stuck, view_of
from arbitrator.fleets.scaled_object import FleetObject, scaled_object
from arbitrator.fleets.spec import FleetSpec, SpecRefused, parse_spec
from arbitrator.fleets.status import (
    ConditionStatus,
    Finding,
    Pods,
    changed,
    findings_of,
    make_status,
    refused_status,
    with_times,
)
from arbitrator.operator.api import ApiAway, ApiRefused, Body, KubernetesApi
from arbitrator.operator.events import event_body
from proteus.service.lifecycle import wait
from proteus.service.supervision import LOOP_ERRORS, Pulse

log = structlog.get_logger()

LIST_SECONDS: Final = 10.0
"""How often the full list is read, for what the watch missed: an object that was deleted while it began anew."""

APPLY_SECONDS: Final = 60.0
"""How often an unchanged ScaledObject is applied again, to mend what others changed in its owned fields."""

REFUSED_SECONDS: Final = 30.0
"""How long a manifest that was refused for good is not sent again, unless it changes."""

COST_SECONDS: Final = 30.0
"""How seldom deletion costs are written: pods begin and end work every second, and each write is an event for many."""

LOOK_SECONDS: Final = 0.25


@dataclass
class _Memory:
    """What is remembered of a fleet between turns; losing it costs one call each."""

    applied: str = ""
    applied_at: float = -1e9
    scaler: list[dict[str, Any]] = field(default_factory=list)
    problem: Finding | None = None
    refused_until: float = -1e9
    moment: Moment | None = None
    costs_at: float = -1e9
    logged: str = ""
    _derived: tuple[FleetSpec, Known, Derivation | None] | None = None

    def derivation(self, spec: FleetSpec, known: Known) -> Derivation | None:
        """Return what follows from the budget, computed anew only for another spec or another knowledge."""
        if self._derived is None or self._derived[0] != spec or self._derived[1] is not known:
            self._derived = (spec, known, derive(spec, known))
        return self._derived[2]


class Reconciler:
    """The operator's loop.

    Args:
        api: The API server.
        board: What is declared and decided.
        every_seconds: Time between turns; a change of an object begins one at once.
        now: A clock with a time zone, for schedules and billing.
    """

    def __init__(self, api: KubernetesApi, board: Board, *, every_seconds: float, now: Callable[[], datetime]) -> None:
        self._api = api
        self._board = board
        self._every_seconds = every_seconds
        self._now = now
        self._memories: dict[str, _Memory] = {}
        self._listed_at = -1e9

    async def run(self, stop: asyncio.Event, pulse: Pulse) -> None:
        """Turn until `stop`."""
        while not stop.is_set():
            pulse.turn()
            news, due = self._board.news, time.monotonic() + self._every_seconds
            await self.turn(pulse)
            while not stop.is_set() and self._board.news == news and time.monotonic() < due:
                await wait(stop, seconds=LOOK_SECONDS)

    async def turn(self, pulse: Pulse) -> None:
        """Reconcile every fleet once; the loop turns with each, for each may wait for a few deadlines.

        Raises:
            ApiAway: The list could not be read; the fleets that are known were reconciled all the same.
        """
        failure: ApiAway | ApiRefused | None = None
        if time.monotonic() - self._listed_at >= LIST_SECONDS:
            try:
                self._board.replace(await self._api.list_fleets())
                self._listed_at = time.monotonic()
            except (ApiAway, ApiRefused) as error:
                failure = error
        bodies = self._board.objects()
        uids = {body["metadata"]["uid"] for body in bodies}
        self._memories = {uid: memory for uid, memory in self._memories.items() if uid in uids}
        for body in bodies:
            pulse.turn()
            memory = self._memories.setdefault(body["metadata"]["uid"], _Memory())
            try:
                await self._reconcile(body, memory)
                memory.logged = ""
            except Exception as error:  # An edge: no answer about one fleet may keep the others from theirs.
                LOOP_ERRORS.labels("operator").inc()
                if (kind := type(error).__name__) != memory.logged:
                    memory.logged = kind
                    unknown = None if isinstance(error, (ApiAway, ApiRefused)) else error
                    name = body["metadata"]["name"]
                    log.warning("fleet_not_reconciled", fleet=name, reason=f"{kind}: {error}"[:500], exc_info=unknown)
        if failure is not None:
            raise failure

    async def _reconcile(self, body: Mapping[str, Any], memory: _Memory) -> None:
        fleet = fleet_object(body)
        try:
            spec = parse_spec(body.get("spec"))
            derivation = memory.derivation(spec, self._board.known)
            spec = derivation.spec if derivation else spec
            bounds = bounds_at(spec, self._now())
        except SpecRefused as error:
            await self._write_status(body, refused_status(error.message, generation=fleet.generation), memory)
            return
        await self._apply(scaled_object(fleet, spec, bounds), memory)
        problem, now = memory.problem, self._now()
        try:
            staying = [pod for pod in map(view_of, await self._api.list_pods(spec.selector)) if not pod.terminating]
        except ApiRefused as error:
            staying = []
            problem = problem or Finding(
                type="Applied", status=ConditionStatus.UNKNOWN, reason=error.reason, message=error.message
            )
        ready = sum(pod.ready for pod in staying)
        view = FleetView(
            name=fleet.name,
            spec=spec,
            bounds=bounds,
            pods=frozenset(pod.name for pod in staying),
            ready=ready,
            kept=deletion_cost.kept(staying, billing=spec.billing, now=now),
            stuck=is_stuck(staying, now=now),
        )
        self._board.see(view)
        wanted = self._board.wanted(fleet.name)
        findings = findings_of(bounds, problem=problem, scaler=memory.scaler)
        if derivation:
            others = (one for one in self._board.views() if one.name != fleet.name and one.spec.budget)
            rivals = [one.name for one in others if overlap(one, view)]
            findings = (*findings, beside(derivation.finding, rivals))
        status = make_status(
            spec,
            bounds,
            generation=fleet.generation,
            pods=Pods(total=len(staying), ready=ready),
            wanted=wanted,
            findings=findings,
            derived=derivation.derived if derivation else None,
        )
        await self._write_status(body, status, memory)
        if wanted is None or time.monotonic() - memory.costs_at < COST_SECONDS:
            return
        costs = deletion_cost.costs_to_write(
            staying,
            busy=self._board.busy,
            wanted=wanted.replicas,
            billing=spec.billing,
            now=now,
        )
        if costs:
            memory.costs_at = time.monotonic()
        for name, cost in costs.items():
            await self._api.annotate_pod(name, {deletion_cost.ANNOTATION: cost})

    async def _apply(self, manifest: Body, memory: _Memory) -> None:
        """Apply the ScaledObject when it changed or is due; keep what the server said in the memory."""
        text, now = json.dumps(manifest, sort_keys=True), time.monotonic()
        same = text == memory.applied
        if same and now < (memory.refused_until if memory.problem else memory.applied_at + APPLY_SECONDS):
            return
        memory.applied, memory.applied_at = text, now
        try:
            found = await self._api.apply_scaled_object(manifest)
        except ApiAway as error:
            memory.problem = _not_applied("Retrying", error.message)
            memory.refused_until = now  # The next turn tries again.
        except ApiRefused as error:
            reason = "KedaMissing" if error.status == 404 else error.reason
            memory.problem = _not_applied(reason, error.message)
            memory.refused_until = now + REFUSED_SECONDS
        else:
            memory.problem = None
            memory.scaler = list((found.get("status") or {}).get("conditions") or [])

    async def _write_status(self, body: Mapping[str, Any], status: Body, memory: _Memory) -> None:
        """Write what changed, then tell it as Events; an Event that cannot be written is only counted."""
        name, before = body["metadata"]["name"], dict(body.get("status") or {})
        now = self._now()
        patch = changed(with_times(status, before, now), before)
        if patch:
            try:
                self._board.put(await self._api.patch_status(name, patch))
            except ApiRefused as error:
                if error.status == 404:  # Deleted meanwhile.
                    self._board.drop(name, body["metadata"]["uid"])
                    return
                raise
        moment = Moment.of(status)
        for note in events_between(memory.moment or Moment.of(before), moment):
            try:
                await self._api.post_event(event_body(body, note, now=now))
            except (ApiAway, ApiRefused) as error:
                LOOP_ERRORS.labels("operator").inc()
                log.info("event_not_written", fleet=name, reason=error.message[:500])
        memory.moment = moment


def fleet_object(body: Mapping[str, Any]) -> FleetObject:
    """Return the metadata of an object."""
    metadata = body["metadata"]
    return FleetObject(
        name=metadata["name"],
        namespace=metadata["namespace"],
        uid=metadata["uid"],
        generation=metadata.get("generation", 0),
        labels=metadata.get("labels") or {},
        annotations=metadata.get("annotations") or {},
    )


def _not_applied(reason: str, message: str) -> Finding:
    return Finding(type="Applied", status=ConditionStatus.FALSE, reason=reason, message=message)
