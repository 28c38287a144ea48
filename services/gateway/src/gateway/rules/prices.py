"""The deployment's price table: what the hours of its nodes cost, and what a picture's share of them is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.price_settings import PriceSettings

SECONDS_PER_HOUR: Final = 3600


@dataclass(frozen=True, kw_only=True)
class PriceTable:
    """What an hour of a weaver costs, its node included.

    Attributes:
        currency: Of all prices.
        weaver_hour: Of what `node_hours` does not name; 0: unknown.
        node_hours: By the name of a GPU, as its driver gives it, or of an engine. The GPU's name comes first: it is
            the node that is paid for.
        utilisation: Which share of the paid time the weavers work, as the operator reckons. Below 1 a picture's cost
            includes its share of the idle time.
    """

    currency: str = "USD"
    weaver_hour: float = 0.0
    node_hours: Mapping[str, float] = field(default_factory=dict)
    utilisation: float = 1.0

    @classmethod
    def of(cls, settings: PriceSettings) -> PriceTable:
        """Return the deployment's table."""
        return cls(
            currency=settings.currency,
            weaver_hour=settings.weaver_hour,
            node_hours=settings.node_hours,
            utilisation=settings.utilisation,
        )

    @property
    def idle_included(self) -> bool:
        """Whether a picture's cost includes idle time."""
        return self.utilisation < 1

    def hour(self, *, engine: str = "", device: str = "") -> float | None:
        """Return what an hour of such a weaver costs; None: unknown."""
        for name in (device, engine):
            if name in self.node_hours:
                return self.node_hours[name]
        return self.weaver_hour or None

    def cost(self, gpu_seconds: float, *, engine: str, device: str) -> float | None:
        """Return what so many seconds cost; None: the price is unknown."""
        hour = self.hour(engine=engine, device=device)
        return None if hour is None else gpu_seconds * hour / SECONDS_PER_HOUR / self.utilisation

    def mean_hour(self, weavers: Iterable[tuple[Iterable[str], str]]) -> float:
        """Return what an hour of one of these weavers costs on average; 0: of none the price is known.

        Args:
            weavers: The engines and the device of each.
        """
        hours = [
            next((hour for name in engines or ("",) if (hour := self.hour(engine=name, device=device))), None)
            for engines, device in ((tuple(engines), device) for engines, device in weavers)
        ]
        known = [hour for hour in hours if hour is not None]
        return sum(known) / len(known) if known else self.weaver_hour
