"""What may be given as a picture: a path, bytes, an open file, or the address of one that the server has already."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from proteus_client.errors import JobEnded, NotAPicture
from proteus_client.models import ResultInfo, StatusBody

Picture = str | os.PathLike[str] | bytes | BinaryIO
"""A `str` that begins with `https://`, `http://` or `/v1/` is an address of the server's, any other is a path."""

_MAGIC: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
)
NO_PICTURE: Final = "application/octet-stream"
_ADDRESS: Final = ("https://", "http://", "/v1/")


def content_type_of(picture: bytes) -> str:
    """Return the content type that a file's first bytes show."""
    found = (name for at, magic, name in _MAGIC if picture.startswith(magic, at))
    return next(found, NO_PICTURE)


def address_of(picture: Picture) -> str | None:
    """Return the address that was given in place of a picture; None: it has to be uploaded."""
    return picture if isinstance(picture, str) and picture.startswith(_ADDRESS) else None


def read(picture: Picture) -> bytes:
    """Return a picture's bytes.

    Raises:
        NotAPicture: It is empty, or begins as no picture does.
        OSError: The file cannot be read.
    """
    if isinstance(picture, bytes):
        data, name = picture, "these bytes"
    elif isinstance(picture, str | os.PathLike):
        data, name = Path(picture).read_bytes(), f"file {os.fspath(picture)!r}"
    else:
        data, name = picture.read(), "this file"
    if content_type_of(data[:16]) == NO_PICTURE:
        raise NotAPicture(f"{name} is no JPEG, PNG, WebP, AVIF or HEIC picture.")
    return data


@dataclass(frozen=True, kw_only=True)
class TryOn:
    """A finished try-on with its pictures, which are here already.

    Attributes:
        job: Its status as it ended: timings, warnings, cost.
        pictures: The files, in the order of `job.results`.
    """

    job: StatusBody
    pictures: Sequence[bytes]

    @property
    def job_id(self) -> str:
        """The try-on's id."""
        return self.job.job_id

    @property
    def result(self) -> ResultInfo:
        """What is known of the last picture: of an outfit it wears everything."""
        return self.job.results[-1]

    @property
    def picture(self) -> bytes:
        """The last picture."""
        return self.pictures[-1]

    def save(self, path: str | os.PathLike[str], *, n: int | None = None) -> Path:
        """Write a picture to a file, whose folder is made; return its path.

        Args:
            path: Where to.
            n: Which, from 1; None: the last.
        """
        if n is not None and not 1 <= n <= len(self.pictures):
            raise IndexError(f"picture {n} was asked for; this try-on has 1 to {len(self.pictures)}.")
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.picture if n is None else self.pictures[n - 1])
        return file


def completed(job: StatusBody) -> StatusBody:
    """Return a job that has ended well.

    Raises:
        JobEnded: It ended otherwise.
    """
    if job.status != "completed":
        raise JobEnded(job)
    return job
