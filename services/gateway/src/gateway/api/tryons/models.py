"""Bodies of the try-ons; their answer is a status (`gateway.status.models`)."""

from __future__ import annotations

import json
from typing import Any

from fastapi import UploadFile
from pydantic import BaseModel, Field, field_validator, model_validator

from gateway.api.images.models import CUT_URL, IMAGE_URL
from gateway.api.wire import asked, page
from gateway.rules.options import TryonOptions
from gateway.rules.outfits import GARMENTS_MOST
from gateway.rules.text import PhotoUrl, StoredUrl
from gateway.status.models import EXAMPLE, StatusBody
from proteus.jobs import Category


class PairRequest(TryonOptions):
    """A person's photo and a garment, both stored already."""

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


class GarmentRequest(BaseModel):
    """One garment of an outfit: its photo or its cut-out, and which layer it is."""

    model_config = asked(cloth_clean_url=CUT_URL, category="upper")

    image: PhotoUrl | None = Field(default=None, description="`image_url` of its photo, or the photo as a data URI.")
    cloth_clean_url: StoredUrl | None = Field(default=None, description="In place of `image`: its cut-out's address.")
    category: Category = Field(
        default=Category.AUTO,
        description="`outer` is worn over an upper garment. Needed where there are several garments.",
    )

    @model_validator(mode="after")
    def _one_address(self) -> GarmentRequest:
        if (self.image is None) == (self.cloth_clean_url is None):
            raise ValueError("needs either image or cloth_clean_url, and not both")
        return self

    @property
    def url(self) -> str:
        """The address that was given."""
        return self.image or self.cloth_clean_url or ""


class SnapRequest(PairRequest):
    """A person's photo and a garment -> a try-on. Small photos may come as data URIs."""

    user_photo_url: PhotoUrl = Field(
        description="`image_url` of the person's photo; or the photo itself, `data:image/jpeg;base64,…`; or the "
        "address of a finished picture of yours, `/v1/results/{job_id}/{n}`."
    )
    cloth_clean_url: PhotoUrl | None = Field(  # type: ignore[assignment]
        default=None,
        description="The cut-out's address, or the `image_url` of a garment photo: then it is cut out first; or the "
        "garment's photo itself, `data:image/jpeg;base64,…`. Left out with `garments`.",
    )
    garments: list[GarmentRequest] | None = Field(
        default=None,
        min_length=1,
        max_length=GARMENTS_MOST,
        description="An outfit: its garments are put on one after the other, lower, then upper, then outer ones, "
        "then shoes, bag and hat.",
    )

    @model_validator(mode="after")
    def _one_form(self) -> SnapRequest:
        if (self.cloth_clean_url is None) == (self.garments is None):
            raise ValueError("needs either cloth_clean_url or garments, and not both")
        if self.garments is not None and (self.num_samples != 1 or self.category is not Category.AUTO):
            raise ValueError("with garments, each has its own category, and num_samples is 1")
        if self.garments is not None and len(self.garments) > 1 and self.mask is not None:
            raise ValueError("a mask fits one photo: each picture of an outfit is made from the one before")
        return self


class TryonForm(TryonOptions):
    """A person and a garment, each as a file or as an address, and the options as fields; `metadata` as JSON."""

    person: UploadFile | None = Field(default=None, description="The person's photo.")
    garment: UploadFile | None = Field(default=None, description="The garment's photo.")
    user_photo_url: StoredUrl | None = Field(default=None, description="In place of `person`: its `image_url`.")
    cloth_clean_url: StoredUrl | None = Field(
        default=None, description="In place of `garment`: a cut-out's address, or a garment photo's `image_url`."
    )

    @field_validator("metadata", mode="before")
    @classmethod
    def _metadata(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError("must be a JSON object of texts") from error

    @model_validator(mode="after")
    def _one_of_each(self) -> TryonForm:
        for file, url in (("person", "user_photo_url"), ("garment", "cloth_clean_url")):
            if (getattr(self, file) is None) == (getattr(self, url) is None):
                raise ValueError(f"needs either the file {file!r} or the address {url!r}, and not both")
        return self

    @property
    def options(self) -> TryonOptions:
        """The options alone."""
        return TryonOptions(**{name: getattr(self, name) for name in TryonOptions.model_fields})


class StatusList(BaseModel):
    """A page, newest first."""

    model_config = page(EXAMPLE)

    items: list[StatusBody]
    next_cursor: str | None = None
