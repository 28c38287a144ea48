"""A try-on's options, validated. Frozen, stored with the try-on, pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.rules.durations import DEADLINE_MS_LEAST, DEADLINE_MS_MOST
from gateway.rules.text import EngineName, ExternalId, Label, StoredUrl, WebhookUrl
from proteus.engines import AUTO_FALLBACK, AUTO_ORDER, CARDS, EngineCard, MaskMode, Quality
from proteus.errors import CategoryUnsupported, InvalidRequest, ModelUnavailable
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
    quality: Quality = Field(
        default="balanced",
        description="`approximate` leaves out parts of the model's steps: sooner, and not the picture that `balanced` "
        "makes of the same seed. GET /v1/models says what each engine leaves out.",
    )
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
    mask: StoredUrl | None = Field(
        default=None,
        description="`image_url` of a mask of your own, uploaded with the kind `mask` and ingested: a picture of the "
        "person's photo's size; white may change, black stays.",
    )
    mask_mode: MaskMode | None = Field(
        default=None,
        description="`auto`: the tailor's mask; `provided`: your own; `free`: the engine may change the whole picture. "
        "GET /v1/models says what each engine can. Default: `provided` with a mask, else `auto`.",
    )
    return_mask: bool = Field(
        default=False, description="Name the mask that was used: `mask_url` of each result, null where there was none."
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

    @model_validator(mode="after")
    def _mask_fits_its_mode(self) -> TryonOptions:
        if self.mask is not None and self.mask_mode not in (None, "provided"):
            raise ValueError(f"a mask of your own is mask_mode provided, not {self.mask_mode}")
        if self.mask is None and self.mask_mode == "provided":
            raise ValueError("mask_mode provided needs the address of your mask as mask")
        return self

    @property
    def categories(self) -> frozenset[Category]:
        """What is put on, as far as the client says."""
        return frozenset({self.category}) - {Category.AUTO}

    @property
    def masked_by(self) -> MaskMode:
        """Whose mask says what may change."""
        return "provided" if self.mask is not None else self.mask_mode or "auto"

    @property
    def pictures(self) -> int:
        """How many pictures are made."""
        return self.num_samples


class MaskModeUnsupported(InvalidRequest):
    """This engine cannot work with such a mask."""

    code = "mask_mode_unsupported"
    hint = "GET /v1/models lists the `mask_modes` of each engine."


AUTO = "auto"
"""A default engine that follows the fleet: see `default_engine`."""


def default_engine(
    setting: str, offered: Collection[str], *, rules: LicenceRules, categories: Collection[Category] = ()
) -> str:
    """Return the engine of a submit that names none.

    Args:
        setting: A name, or `auto`: the first of `AUTO_ORDER` that a worker offers, the licence policy allows and that
            can put the garments on; `AUTO_FALLBACK` while none is registered.
        offered: The engines of the registered workers.
        rules: The licence rules.
        categories: What is to be put on, as far as it is known.
    """
    if setting != AUTO:
        return setting
    able = (name for name in AUTO_ORDER if rules.refusal(CARDS[name]) is None and not _beyond(CARDS[name], categories))
    return next((name for name in able if name in offered), AUTO_FALLBACK)


def _beyond(card: EngineCard, categories: Collection[Category]) -> list[Category]:
    """Return those of the categories that an engine cannot put on."""
    return sorted(set(categories).difference(card.categories))


def requested_card(options: TryonOptions, setting: str, offered: Collection[str], *, rules: LicenceRules) -> EngineCard:
    """Return the card of the engine that the options name, or of the deployment's default.

    Raises:
        ModelUnavailable, LicenceRefused: As in `card_of`.
        CategoryUnsupported: It cannot put on what the options name.
        MaskModeUnsupported: It cannot do what the options say of the mask.
    """
    model = options.model or default_engine(setting, offered, rules=rules, categories=options.categories)
    card = card_of(model, rules=rules)
    if beyond := _beyond(card, options.categories):
        able = ", ".join(
            name for name in sorted(offered) if name in CARDS and not _beyond(CARDS[name], options.categories)
        )
        raise CategoryUnsupported(
            f"{card.name} cannot put on the category {beyond[0].value!r}, only {', '.join(card.categories)}; "
            f"{able or 'no engine of this deployment'} can."
        )
    if options.masked_by not in card.mask_modes:
        able = ", ".join(name for name in offered if name in CARDS and options.masked_by in CARDS[name].mask_modes)
        raise MaskModeUnsupported(
            f"{card.name} cannot do mask_mode {options.masked_by!r}, only {', '.join(card.mask_modes)}; "
            f"{able or 'no engine of this deployment'} can."
        )
    return card


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
