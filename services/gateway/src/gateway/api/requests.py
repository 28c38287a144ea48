"""What goes into the API: bodies of requests, checked, with an example each."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from gateway.api.examples import CUT_URL, IMAGE_URL, VTON_ID, asked
from gateway.rules.options import TryonOptions
from gateway.rules.text import Id, Label, Name, StoredUrl
from proteus.jobs import Category


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


class VtonRequest(SnapRequest):
    """A VTON entry to keep; POST /catvton/transferOutfit submits it."""


class TransferRequest(BaseModel):
    """Which VTON entry to submit."""

    model_config = asked(vton_id=VTON_ID)

    vton_id: Id


class VtonChange(BaseModel):
    """Labels of a VTON entry."""

    model_config = asked(metadata={"look": "summer"})

    metadata: dict[Label, Label] | None = Field(default=None, max_length=16)


class SegmentRequest(BaseModel):
    """A stored garment photo -> its cut-out."""

    model_config = asked(image_url=IMAGE_URL, category="auto")

    image_url: StoredUrl
    category: Category = Category.AUTO


class UploadRequest(BaseModel):
    """What will be uploaded: the signed URL takes exactly this type and size."""

    model_config = asked(kind="person", content_type="image/jpeg", size_bytes=183_204)

    kind: Literal["person", "garment"]
    content_type: Name
    size_bytes: int = Field(ge=0)


class UserChange(BaseModel):
    """What a user may say about himself."""

    model_config = asked(display_name="Ada")

    display_name: Name | None = None
