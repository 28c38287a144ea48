"""Rights: what a tenant, a key or a token may use of the fleet, beyond the scopes that it has.

A caller has the rights that its tenant, its key and its token all grant: each may only narrow the others'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from proteus.errors import Forbidden

BATCH: Final = "batch"
"""The priority of a batch's pictures, as rights name it: who may not use it makes no batches."""


class EngineNotAllowed(Forbidden):
    """This caller may not use that engine."""

    code = "engine_not_allowed"
    hint = "Name an engine that your key and your tenant may use as `model`, or ask the tenant's owner for more rights."


class SamplesNotAllowed(Forbidden):
    """This caller may not have so many pictures of one try-on."""

    code = "samples_not_allowed"
    hint = "Ask for fewer samples, or ask the tenant's owner for more rights."


class QualityNotAllowed(Forbidden):
    """This caller may not use that quality."""

    code = "quality_not_allowed"
    hint = "Name a `quality` that your key and your tenant may use, or ask the tenant's owner for more rights."


class PriorityNotAllowed(Forbidden):
    """This caller may not use that priority."""

    code = "priority_not_allowed"
    hint = "Name a `priority` that your key and your tenant may use, or ask the tenant's owner for more rights."


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What may be used.

    Attributes:
        engines: Names of engines; None: every engine of the deployment.
        samples_most: Pictures of one try-on; None: as many as the API allows.
        qualities, priorities: Their names; None: all of them.
        tenant_limits: Units by kind that the tenant has as a whole; a key's and a token's stand beside them.
    """

    engines: frozenset[str] | None = None
    samples_most: int | None = None
    qualities: frozenset[str] | None = None
    priorities: frozenset[str] | None = None
    tenant_limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        engines: Iterable[str] | None,
        samples_most: int | None,
        tenant_limits: Mapping[str, int] | None = None,
        *,
        qualities: Iterable[str] | None = None,
        priorities: Iterable[str] | None = None,
    ) -> Rights:
        """Return stored rights; without any restriction always the same value."""
        if all(one is None for one in (engines, samples_most, qualities, priorities)) and not tenant_limits:
            return ALL
        return cls(
            engines=None if engines is None else frozenset(engines),
            samples_most=samples_most,
            qualities=None if qualities is None else frozenset(qualities),
            priorities=None if priorities is None else frozenset(priorities),
            tenant_limits=dict(tenant_limits or {}),
        )

    def within(self, other: Rights) -> Rights:
        """Return what both grant."""
        if other is ALL or self == other:
            return self
        if self is ALL:
            return other
        samples = [most for most in (self.samples_most, other.samples_most) if most is not None]
        limits = {**self.tenant_limits, **other.tenant_limits}
        return Rights(
            engines=_both(self.engines, other.engines),
            samples_most=min(samples, default=None),
            qualities=_both(self.qualities, other.qualities),
            priorities=_both(self.priorities, other.priorities),
            tenant_limits=limits,
        )

    def allow_engine(self, engine: str) -> bool:
        """Tell whether an engine is granted."""
        return self.engines is None or engine in self.engines

    def require_engine(self, engine: str) -> None:
        """Raise `EngineNotAllowed` unless an engine is granted."""
        _require("engine", engine, self.engines, EngineNotAllowed)

    def require_quality(self, quality: str) -> None:
        """Raise `QualityNotAllowed` unless a quality is granted."""
        _require("quality", quality, self.qualities, QualityNotAllowed)

    def require(self, *, engine: str, samples: int, quality: str, priority: str) -> None:
        """Refuse a try-on that these rights do not cover.

        Raises:
            EngineNotAllowed: The engine is none of those granted.
            QualityNotAllowed, PriorityNotAllowed: Its quality or its priority is none of those granted.
            SamplesNotAllowed: It wants too many pictures.
        """
        self.require_engine(engine)
        self.require_quality(quality)
        _require("priority", priority, self.priorities, PriorityNotAllowed)
        if self.samples_most is not None and samples > self.samples_most:
            raise SamplesNotAllowed(f"You may have {self.samples_most} samples of a try-on, not {samples}.")


def _require(what: str, named: str, granted: frozenset[str] | None, refusal: type[Forbidden]) -> None:
    if granted is not None and named not in granted:
        allowed = ", ".join(sorted(granted)) or "none"
        raise refusal(f"You may not use the {what} {named!r}; you may use: {allowed}.")


def names(granted: frozenset[str] | None) -> list[str] | None:
    """Return what is granted in one order, to be stored; None: everything."""
    return None if granted is None else sorted(granted)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """Return what both grant; None grants everything."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


ALL: Final = Rights()
"""No restriction."""
