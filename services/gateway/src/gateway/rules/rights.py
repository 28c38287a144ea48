"""Rights: what a tenant, a key or a token may use of the fleet, beyond the scopes that it has.

A caller has the rights that its tenant, its key and its token all grant: each may only narrow the others'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from proteus.errors import Forbidden


class EngineNotAllowed(Forbidden):
    """This caller may not use that engine."""

    code = "engine_not_allowed"
    hint = "Name an engine that your key and your tenant may use as `model`, or ask the tenant's owner for more rights."


class SamplesNotAllowed(Forbidden):
    """This caller may not have so many pictures of one try-on."""

    code = "samples_not_allowed"
    hint = "Ask for fewer samples, or ask the tenant's owner for more rights."


@dataclass(frozen=True, kw_only=True, slots=True)
class Rights:
    """What may be used.

    Attributes:
        engines: Names of engines; None: every engine of the deployment.
        samples_most: Pictures of one try-on; None: as many as the API allows.
        tenant_limits: Units by kind that the tenant has as a whole; a key's and a token's stand beside them.
    """

    engines: frozenset[str] | None = None
    samples_most: int | None = None
    tenant_limits: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        engines: Iterable[str] | None,
        samples_most: int | None,
        tenant_limits: Mapping[str, int] | None = None,
    ) -> Rights:
        """Return stored rights; without any restriction always the same value."""
        if engines is None and samples_most is None and not tenant_limits:
            return ALL
        return cls(
            engines=None if engines is None else frozenset(engines),
            samples_most=samples_most,
            tenant_limits=dict(tenant_limits or {}),
        )

    def within(self, other: Rights) -> Rights:
        """Return what both grant."""
        if other is ALL or self == other:
            return self
        if self is ALL:
            return other
        engines = other.engines if self.engines is None else self.engines
        if self.engines is not None and other.engines is not None:
            engines = self.engines & other.engines
        samples = [most for most in (self.samples_most, other.samples_most) if most is not None]
        limits = {**self.tenant_limits, **other.tenant_limits}
        return Rights(engines=engines, samples_most=min(samples, default=None), tenant_limits=limits)

    def require(self, *, engine: str, samples: int) -> None:
        """Refuse a try-on that these rights do not cover.

        Raises:
            EngineNotAllowed: The engine is none of those granted.
            SamplesNotAllowed: It wants too many pictures.
        """
        if self.engines is not None and engine not in self.engines:
            allowed = ", ".join(sorted(self.engines)) or "none"
            raise EngineNotAllowed(f"You may not use the engine {engine!r}; you may use: {allowed}.")
        if self.samples_most is not None and samples > self.samples_most:
            raise SamplesNotAllowed(f"You may have {self.samples_most} samples of a try-on, not {samples}.")


ALL: Final = Rights()
"""No restriction."""
