"""Bodies of the segmentations; their answer is a status (`gateway.status.models`)."""

from __future__ import annotations

from pydantic import BaseModel

from gateway.api.images.models import IMAGE_URL
from gateway.api.wire import asked
from gateway.rules.text import StoredUrl
from proteus.jobs import Category


class SegmentRequest(BaseModel):
    """A stored garment photo -> its cut-out."""

    model_config = asked(image_url=IMAGE_URL, category="auto")

    image_url: StoredUrl
    category: Category = Category.AUTO
