"""Bodies of `/v1/models`."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.wire import said
from proteus.artefacts import GarmentCategory
from proteus.engines import CommercialTerms, MaskMode

ENGINE: Final[dict[str, Any]] = {
    "engine": "puppet",
    "version": "1",
    "description": "Instant preview: the cut-out warped onto the torso by a mesh, no diffusion.",
    "code_licence": "Apache-2.0",
    "weights_licence": "none (pose landmarks: BlazePose, Apache-2.0)",
    "training_data_note": "no training",
    "commercial_use": True,
    "commercial_terms": "yes",
    "mask_modes": ["auto", "provided"],
    "categories": ["upper", "lower", "overall", "dress", "inner", "outer"],
    "shortcuts": [],
    "approximate_cost": 1.0,
    "allowed": True,
    "default": True,
    "state": "ready",
    "workers": 1,
}
PARSER: Final[dict[str, Any]] = {
    "name": "classic",
    "description": "Plain backgrounds, by geometry.",
    "code_licence": "Apache-2.0",
    "weights_licence": "none",
    "training_data_note": "no training",
    "commercial_use": True,
    "commercial_terms": "yes",
    "allowed": True,
}


class ModelBody(BaseModel):
    """One engine, and whether workers offer it."""

    model_config = said(ENGINE)

    engine: str
    version: str
    description: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool = Field(description="Commercial use is allowed without a doubt: the terms are `yes`.")
    commercial_terms: CommercialTerms = Field(
        description="`tag_only`: the licence tag allows commercial use, but the training data puts it in doubt."
    )
    allowed: bool = Field(description="The deployment's licence policy allows it, and so do your rights.")
    mask_modes: list[MaskMode] = Field(description="What a submit's `mask_mode` may be.")
    categories: list[GarmentCategory] = Field(
        description="What it can put on: a submit's `category` may be one of them."
    )
    shortcuts: list[str] = Field(
        description="What the quality `approximate` leaves out; empty: it is made as `balanced`. The others leave out "
        "nothing."
    )
    approximate_cost: float = Field(
        description="What `approximate` computes for a picture, as a share of `balanced`: whole steps, counted and "
        "rounded, not timed."
    )
    default: bool
    state: Literal["ready", "loading", "absent"]
    workers: int


class ParserBody(BaseModel):
    """A parser with which a tailor may find garments and people; the operator chooses it."""

    model_config = said(PARSER)

    name: str
    description: str
    code_licence: str
    weights_licence: str
    training_data_note: str
    commercial_use: bool = Field(description="Commercial use is allowed without a doubt: the terms are `yes`.")
    commercial_terms: CommercialTerms = Field(
        description="`tag_only`: the licence tag allows commercial use, but the training data puts it in doubt."
    )
    allowed: bool = Field(description="The deployment's licence policy allows it.")


class ModelList(BaseModel):
    """Every engine and every parser this version knows."""

    model_config = said({"items": [ENGINE], "parsers": [PARSER]})

    items: list[ModelBody]
    parsers: list[ParserBody]
