"""Bodies of `/vtons`."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from gateway.api.auth.models import USER_ID
from gateway.api.images.models import CUT_URL, IMAGE_URL, STORE
from gateway.api.tryons.models import PairRequest
from gateway.api.wire import asked, page, said
from gateway.rules.text import Id, Label
from gateway.status.models import EXAMPLE as STATUS
from gateway.status.models import VTON_ID, StatusBody
from proteus import object_keys

EXAMPLE: Final[dict[str, Any]] = STATUS | {
    "user_photo_url": IMAGE_URL,
    "cloth_image_url": f"{STORE}/{object_keys.upload_key(USER_ID, 'img_1f0e…')}",
    "cloth_clean_url": CUT_URL,
    "options": {"category": "upper", "engine": "puppet", "quality": "balanced", "seed": 42, "num_samples": 1},
}


class VtonRequest(PairRequest):
    """A VTON entry to keep; POST /catvton/transferOutfit submits it."""


class TransferRequest(BaseModel):
    """Which VTON entry to submit."""

    model_config = asked(vton_id=VTON_ID)

    vton_id: Id


class VtonChange(BaseModel):
    """Labels of a VTON entry."""

    model_config = asked(metadata={"look": "summer"})

    metadata: dict[Label, Label] | None = Field(default=None, max_length=16)


class VtonBody(StatusBody):
    """A VTON entry: its inputs, and its try-on's status."""

    model_config = said(EXAMPLE)

    user_photo_url: str
    cloth_image_url: str
    options: dict[str, Any]


class VtonList(BaseModel):
    """A page, newest first."""

    model_config = page(EXAMPLE)

    items: list[VtonBody]
    next_cursor: str | None = None
