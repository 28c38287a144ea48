"""What a client asks for of a result: by `w`, `format` and `q`, by `download` and by `Accept`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Header, Query

from gateway.submitting.variants import Wanted
from proteus.errors import InvalidRequest
from proteus.variants import VariantFormat, VariantQuality, VariantWidth


class FormatParameter(StrEnum):
    """The values of `format`."""

    AUTO = "auto"
    AVIF = "avif"
    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"


_NAMED: dict[FormatParameter, VariantFormat] = {
    FormatParameter.AVIF: "avif",
    FormatParameter.WEBP: "webp",
    FormatParameter.JPEG: "jpeg",
    FormatParameter.PNG: "png",
}


@dataclass(frozen=True, kw_only=True)
class ResultQuery:
    """The request's parameters as they came; without width, format and quality: the result itself.

    Attributes:
        width: None: the widest.
        format: None: `auto`.
        quality: None: normal.
        download: Have browsers save it.
        accept: The request's `Accept`.
    """

    width: VariantWidth | None
    format: FormatParameter | None
    quality: VariantQuality | None
    download: bool
    accept: str

    @property
    def as_json(self) -> bool:
        """Whether the client wants the address in a body instead of a redirect."""
        return "application/json" in self.accept

    @property
    def follows_accept(self) -> bool:
        """Whether the answer depends on `Accept`."""
        return self.format in (None, FormatParameter.AUTO)

    def wanted(self, *, transparent: bool) -> Wanted | None:
        """Return the variant that the request asks for; None: it asks for the result itself.

        Args:
            transparent: The result has transparency, which JPEG cannot hold.

        Raises:
            InvalidRequest: A quality for PNG, which has none.
        """
        if self.width is None and self.format is None and self.quality is None:
            return None
        if self.format is FormatParameter.PNG and self.quality not in (None, "normal"):
            raise InvalidRequest(f"q={self.quality} says nothing of format=png, which loses nothing; leave it out.")
        named = None if self.format is None else _NAMED.get(self.format)
        found = named or _accepted(self.accept, otherwise="png" if transparent else "jpeg")
        quality = "normal" if self.quality is None or found == "png" else self.quality
        return Wanted(width=self.width or VariantWidth.W1024, format=found, quality=quality)


def result_query(
    w: Annotated[
        VariantWidth | None, Query(description="A variant of this width in pixels; narrower results stay as wide.")
    ] = None,
    format: Annotated[
        FormatParameter | None,
        Query(description="A variant in this format. `auto`: AVIF or WebP if `Accept` names them, else JPEG."),
    ] = None,
    q: Annotated[VariantQuality | None, Query(description="A variant of this quality; left out: `normal`.")] = None,
    download: Annotated[bool, Query(description="Have browsers save it instead of showing it.")] = False,
    accept: Annotated[str, Header()] = "*/*",
) -> ResultQuery:
    """Read the parameters."""
    return ResultQuery(width=w, format=format, quality=q, download=download, accept=accept)


QueryDep = Annotated[ResultQuery, Depends(result_query)]


def _accepted(accept: str, *, otherwise: VariantFormat) -> VariantFormat:
    """Return the smallest format that a client names; a wildcard names none, and old clients send it, too."""
    named = {media for media, allowed in map(_read, accept.split(",")) if allowed}
    if "image/avif" in named:
        return "avif"
    return "webp" if "image/webp" in named else otherwise


def _read(entry: str) -> tuple[str, bool]:
    """Return a media type of `Accept`, and whether the client takes it (`q=0`: it does not)."""
    media, *parameters = (part.strip().lower() for part in entry.split(";"))
    weights = [value for name, _, value in (one.partition("=") for one in parameters) if name.strip() == "q"]
    return media, not weights or weights[0].strip().strip("0.") != ""
