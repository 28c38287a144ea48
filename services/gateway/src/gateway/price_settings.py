"""Settings of the price table: what an hour of a weaver costs, and how idle time counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from proteus.checked_settings import CheckedSettings


class PriceSettings(CheckedSettings):
    """What the fleet's hours cost, for figures, statuses and usage; nothing decides by it."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="PRICE_", extra="ignore")

    weaver_hour: float = Field(default=0.0, ge=0)
    """`PRICE_WEAVER_HOUR`. One weaver for an hour, its node included; 0: not known, and no cost is shown."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """`PRICE_CURRENCY`. Of all prices: three letters of ISO 4217."""

    node_hours: Annotated[dict[str, Annotated[float, Field(ge=0)]], NoDecode] = Field(default={})
    """`PRICE_NODE_HOURS`, `NVIDIA L4:0.8,catvton:2.5`. An hour of a weaver by its GPU's name or by its engine, where
    it differs from `PRICE_WEAVER_HOUR`."""

    utilisation: float = Field(default=1.0, gt=0, le=1)
    """`PRICE_UTILISATION`. Which share of the paid hours the weavers work. 1: a picture's cost is its GPU seconds
    alone; 0.5: it carries as much idle time as work, and answers say that idle time is included."""

    @field_validator("node_hours", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.rpartition(":") for pair in value.split(",") if pair.strip()]
        if not all(name.strip() and hour.strip() for name, _, hour in pairs):
            raise ValueError("it must be pairs such as NVIDIA L4:0.8,catvton:2.5")
        return {name.strip(): hour.strip() for name, _, hour in pairs}
