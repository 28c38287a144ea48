"""What the arbitrator's parts know of the declared fleets: the operator writes objects and pods, the loop decisions.

The watch runs in a thread of its own, so every method takes the lock, and what they return is frozen.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from arbitrator.fleets.bounds import Bounds
from arbitrator.fleets.demand import Known
from arbitrator.fleets.spec import FleetSpec
from arbitrator.fleets.status import Wanted


@dataclass(frozen=True, kw_only=True)
class FleetView:
    """A fleet whose spec is valid, as the operator last saw it.

    Attributes:
        pods: Names of its pods that are not ending.
        ready: How many of them take work.
        kept: How many of the pods stay until more of their paid time is used.
        stuck: Pods have waited for a node for so long that others should take the work.
    """

    name: str
    spec: FleetSpec
    bounds: Bounds
    pods: frozenset[str] = frozenset()
    ready: int = 0
    kept: int = 0
    stuck: bool = False


@dataclass
class Board:
    """The fleets of this namespace."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _objects: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _views: dict[str, FleetView] = field(default_factory=dict)
    _wanted: dict[str, Wanted] = field(default_factory=dict)
    _busy: frozenset[str] = frozenset()
    _known: Known = field(default_factory=Known)
    _news: int = 0

    def put(self, body: Mapping[str, Any]) -> None:
        """Note an object as the API server sent it, unless a newer one is known."""
        name = body["metadata"]["name"]
        with self._lock:
            if not _newer(self._objects.get(name), body):
                return
            self._objects[name] = body
            self._news += 1

    def drop(self, name: str, uid: str) -> None:
        """Forget a deleted object, but not another one that took its name."""
        with self._lock:
            known = self._objects.get(name)
            if known is not None and known["metadata"].get("uid") == uid:
                self._forget(name)

    def replace(self, bodies: Sequence[Mapping[str, Any]]) -> None:
        """Note a full list: what it lacks is gone."""
        names = {body["metadata"]["name"] for body in bodies}
        with self._lock:
            for name in self._objects.keys() - names:
                self._forget(name)
        for body in bodies:
            self.put(body)

    def _forget(self, name: str) -> None:
        for known in (self._objects, self._views, self._wanted):
            known.pop(name, None)
        self._news += 1

    @property
    def news(self) -> int:
        """A number that grows with every change of an object."""
        with self._lock:
            return self._news

    def objects(self) -> list[Mapping[str, Any]]:
        """Return the objects that are not being deleted, by name."""
        with self._lock:
            found = [self._objects[name] for name in sorted(self._objects)]
        return [body for body in found if not body["metadata"].get("deletionTimestamp")]

    def see(self, view: FleetView) -> None:
        """Note what the operator found of a fleet."""
        with self._lock:
            if view.name in self._objects:
                self._views[view.name] = view

    def views(self) -> tuple[FleetView, ...]:
        """Return the fleets whose spec is valid, by name."""
        with self._lock:
            return tuple(self._views[name] for name in sorted(self._views))

    def decide(self, wanted: Mapping[str, Wanted], busy: frozenset[str]) -> None:
        """Note the loop's decisions, and the pods that work."""
        with self._lock:
            self._wanted = dict(wanted)
            self._busy = busy

    def wanted(self, name: str) -> Wanted | None:
        """Return the last decision about a fleet."""
        with self._lock:
            return self._wanted.get(name)

    def learn(self, known: Known) -> None:
        """Note what is known of demand and pace."""
        with self._lock:
            self._known = known

    @property
    def known(self) -> Known:
        """What the loop last learned; the same object until it learns more."""
        with self._lock:
            return self._known

    @property
    def busy(self) -> frozenset[str]:
        """Names of the pods that work."""
        with self._lock:
            return self._busy


def _newer(known: Mapping[str, Any] | None, body: Mapping[str, Any]) -> bool:
    """Whether `body` is later than what is known: a list may overtake a watch. Versions of one object are compared."""
    if known is None or known["metadata"].get("uid") != body["metadata"].get("uid"):
        return True
    old, new = (str(one["metadata"].get("resourceVersion", "")) for one in (known, body))
    return not (old.isdigit() and new.isdigit()) or int(new) > int(old)
