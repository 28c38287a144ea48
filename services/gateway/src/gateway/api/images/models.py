"""Bodies of `/images`, `/v1/images` and `/v1/uploads`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field

from gateway.api.auth.models import USER_ID
from gateway.api.wire import asked, page, said
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.rules.text import Name
from gateway.status.models import AT
from gateway.status.preparation import EXAMPLE as PREPARED
from gateway.status.preparation import PreparationBody, preparation_of
from gateway.status.views import AddressOf, iso
from gateway.submitting.photos import Upload
from proteus import object_keys
from proteus.jobs import Category

IMAGE_ID: Final = "img_0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f"
STORE: Final = "https://objects.example.com/proteus"
IMAGE_URL: Final = f"{STORE}/{object_keys.upload_key(USER_ID, IMAGE_ID)}"
PHOTO_URL: Final = f"{STORE}/{object_keys.photo_key(USER_ID, '9f86…', 'jpg')}"
_CUT: Final = object_keys.cut_keys(USER_ID, "9f86d081884c7d65", parser="classic", parser_version="1", category="auto")
CUT_URL: Final = f"{STORE}/{_CUT.picture}"
SOON: Final = "2026-02-03T12:15:00.000Z"

EXAMPLE: Final[dict[str, Any]] = {
    "image_id": IMAGE_ID,
    "image_url": IMAGE_URL,
    "kind": "person",
    "ingested": True,
    "content_type": "image/jpeg",
    "width": 768,
    "height": 1024,
    "size_bytes": 183_204,
    "created_at": AT,
    "expires_at": None,
    "category": None,
    "preparation": PREPARED,
}

Kind = Literal["person", "garment", "mask"]


class UploadRequest(BaseModel):
    """What will be uploaded: the signed URL takes exactly this type and size."""

    model_config = asked(kind="person", content_type="image/jpeg", size_bytes=183_204)

    kind: Kind
    content_type: Name
    size_bytes: int = Field(ge=0)


class UploadTicket(BaseModel):
    """Where and how to PUT the photo; every route takes its `image_url`."""

    model_config = said(
        {
            "upload_url": f"{IMAGE_URL}?X-Amz-Signature=…",
            "method": "PUT",
            "headers": {"Content-Type": "image/jpeg", "Content-Length": "183204"},
            "image_id": IMAGE_ID,
            "image_url": IMAGE_URL,
            "expires_at": SOON,
        }
    )

    upload_url: str
    method: Literal["PUT"] = "PUT"
    headers: dict[str, str]
    image_id: str
    image_url: str
    expires_at: str

    @classmethod
    def of(cls, upload: Upload) -> UploadTicket:
        """Return a signed upload as the client gets it."""
        return cls(
            upload_url=upload.put.url,
            headers=dict(upload.put.headers),
            image_id=upload.image_id,
            image_url=upload.image_url,
            expires_at=iso(upload.expires_at),
        )


class UploadedRequest(BaseModel):
    """What is already known of an upload."""

    model_config = asked(category="auto")

    category: Category = Field(default=Category.AUTO, description="A garment's; kept like a correction.")


class Correction(BaseModel):
    """What the garment in a photo is, whatever the tailor guessed; `auto` returns to the guess."""

    model_config = asked(category="dress")

    category: Category


class DownloadTicket(BaseModel):
    """A fresh signed URL; it needs no token and soon expires."""

    model_config = said(
        {
            "download_url": f"{PHOTO_URL}?X-Amz-Signature=…",
            "expires_at": SOON,
        }
    )

    download_url: str
    expires_at: str


class ImageBody(BaseModel):
    """A photo of yours; its sizes are known after ingest.

    Attributes:
        category: A garment's, as you corrected it; every later `auto` means it.
        preparation: How far the tailor is with it, and what it found.
    """

    model_config = said(EXAMPLE)

    image_id: str
    image_url: str
    kind: Kind
    ingested: bool
    content_type: str
    width: int | None = None
    height: int | None = None
    size_bytes: int | None = None
    created_at: str
    expires_at: str | None = Field(default=None, description="When it goes, if no try-on uses it then; null: never.")
    category: Category | None = None
    preparation: PreparationBody = PreparationBody()

    @classmethod
    def of(
        cls,
        row: ImageRow,
        jobs: Sequence[JobRow],
        *,
        parser_version: str,
        address_of: AddressOf,
        expires_at: datetime | None = None,
    ) -> ImageBody:
        """Return a row as its owner sees it; `jobs` are its photo's, newest last."""
        return cls(
            image_id=row.id,
            image_url=address_of(row.incoming_key),
            kind=row.kind,
            ingested=row.key is not None,
            content_type=row.content_type or row.declared_type,
            width=row.width,
            height=row.height,
            size_bytes=row.size_bytes,
            created_at=iso(row.created_at),
            expires_at=iso(expires_at) if expires_at else None,
            category=Category(row.category) if row.category else None,
            preparation=preparation_of(row, jobs, parser_version=parser_version, address_of=address_of),
        )


class ImageList(BaseModel):
    """A page, newest first."""

    model_config = page(EXAMPLE)

    items: list[ImageBody]
    next_cursor: str | None = None
