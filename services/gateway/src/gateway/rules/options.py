"""A try-on's options, validated. Frozen, stored with the try-on, pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.rules.durations import DEADLINE_MS_LEAST, DEADLINE_MS_MOST
from gateway.rules.text import EngineName, ExternalId, Label, WebhookUrl
from proteus.engines import AUTO_ORDER, CARDS, EngineCard, Quality
from proteus.errors import ModelUnavailable
from proteus.jobs import Category
from proteus.licences import LicenceRules

SEED_LIMIT = 2**31
"""Seeds stay below this: exact in JSON, in torch and in every client's integers."""


PEOPLE_MOST = 100
"""No photo has more people that are large enough."""


class TryonOptions(BaseModel):
    """Options of a try-on, as the client sent them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Category = Field(default=Category.AUTO, description="Which garment it is; `auto` lets the tailor say.")
    model: EngineName | None = Field(default=None, description="Engine, see GET /v1/models; default: the deployment's.")
    quality: Quality = "balanced"
    seed: int | None = Field(default=None, ge=0, lt=SEED_LIMIT, description="The effective seed is in the results.")
    num_samples: int = Field(default=1, ge=1, le=4)
    output_format: Literal["webp", "png", "jpeg"] | None = Field(default=None, description="Default: the engine's own.")
    deadline_ms: int | None = Field(
        default=None,
        ge=DEADLINE_MS_LEAST,
        le=DEADLINE_MS_MOST,
        description="Milliseconds from now after which the picture is worthless: refused or dropped, never made late.",
    )
    priority: Literal["normal", "high", "low"] = Field(
        default="normal", description="`high` needs the scope `priority:high`; `low` waits until little else does."
    )
    person_index: int | None = Field(
        default=None,
        ge=0,
        lt=PEOPLE_MOST,
        description="Which person of the photo, from the left, 0 being the first. Default: the largest.",
    )
    metadata: dict[Label, Label] | None = Field(
        default=None, max_length=16, description="Your own labels; returned with the try-on and visible to you only."
    )
    webhook_url: WebhookUrl | None = Field(
        default=None,
        description="Where the ends of this try-on are sent, signed: for API keys of the scope `webhooks`, after POST "
        "/v1/webhooks with url null.",
    )
    external_id: ExternalId | None = Field(
        default=None,
        description="The try-on's id in your own system; returned, and a filter of your list. Need not be unique.",
    )
    expires_in: int | None = Field(
        default=None, ge=60, le=31_536_000, description="Seconds until the try-on and its pictures are deleted."
    )

    @property
    def pictures(self) -> int:
        """How many pictures are made."""
        return self.num_samples


AUTO = "auto"
"""A default engine that follows the fleet: see `default_engine`."""


def default_engine(setting: str, offered: Collection[str], *, rules: LicenceRules) -> str:
    """Return the engine of a submit that names none.

    Args:
        setting: A name, or `auto`: the first of `AUTO_ORDER` that a worker offers and the licence policy allows; its
            last one while no worker is registered.
        offered: The engines of the registered workers.
        rules: The licence rules.
    """
    if setting != AUTO:
        return setting
    allowed = (name for name in AUTO_ORDER if rules.refusal(CARDS[name]) is None)
    return next((name for name in allowed if name in offered), AUTO_ORDER[-1])


def requested_card(options: TryonOptions, setting: str, offered: Collection[str], *, rules: LicenceRules) -> EngineCard:
    """Return the card of the engine that the options name, or of the deployment's default; raise like `card_of`."""
    model = options.model or default_engine(setting, offered, rules=rules)
    return card_of(model, rules=rules)


PRIORITIES: dict[str, int] = {"low": 0, "normal": 1, "high": 2}


def card_of(model: str, *, rules: LicenceRules) -> EngineCard:
    """Return the engine's card.

    Raises:
        ModelUnavailable: There is no such engine.
        LicenceRefused: The deployment's licence rules refuse its weights.
    """
    card = CARDS.get(model)
    if card is None:
        raise ModelUnavailable(f"There is no engine {model!r}; GET /v1/models lists them.")
    rules.require(card)
    return card
