"""Bodies of the try-ons; their answer is a status (`gateway.status.models`)."""

from __future__ import annotations

from pydantic import BaseModel, Field

from gateway.api.images.models import CUT_URL, IMAGE_URL
from gateway.api.wire import asked, page
from gateway.rules.options import TryonOptions
from gateway.rules.text import StoredUrl
from gateway.status.models import EXAMPLE, StatusBody


class SnapRequest(TryonOptions):
    """A person's photo and a garment -> a try-on."""

    model_config = asked(
        user_photo_url=IMAGE_URL,
        cloth_clean_url=CUT_URL,
        category="upper",
        seed=42,
    )

    user_photo_url: StoredUrl = Field(description="`image_url` of the person's photo.")
    cloth_clean_url: StoredUrl = Field(
        description="The cut-out's address, or the `image_url` of a garment photo: then it is cut out first."
    )


class StatusList(BaseModel):
    """A page, newest first."""

    model_config = page(EXAMPLE)

    items: list[StatusBody]
    next_cursor: str | None = None
