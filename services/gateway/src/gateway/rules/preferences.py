"""What a user prefers: the options of a submit that does not name them, and the units that pages show. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeVar, get_args

from gateway.rules.options import TryonOptions
from proteus.engines import Quality

Units = Literal["metric", "imperial"]

Options = TypeVar("Options", bound=TryonOptions)


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """A user's own defaults; None: those of the deployment."""

    engine: str | None = None
    quality: Quality | None = None
    units: Units | None = None

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Preferences:
        """Return stored preferences; what another version wrote there and this one does not know is left out."""
        if not stored:
            return NONE
        engine, quality, units = (stored.get(name) for name in ("engine", "quality", "units"))
        return cls(
            engine=engine if isinstance(engine, str) else None,
            quality=quality if quality in get_args(Quality) else None,
            units=units if units in get_args(Units) else None,
        )

    def write(self) -> dict[str, Any] | None:
        """Return what is stored; None: nothing is preferred."""
        return {name: value for name, value in asdict(self).items() if value is not None} or None

    def applied(self, options: Options, *, named: Collection[str]) -> Options:
        """Return the options of a submit with these in place of those that it does not name."""
        chosen: dict[str, Any] = {}
        if self.engine is not None and options.model is None:
            chosen["model"] = self.engine
        if self.quality is not None and "quality" not in named:
            chosen["quality"] = self.quality
        return options.model_copy(update=chosen) if chosen else options


NONE: Final = Preferences()
"""Nothing is preferred."""
