"""Every key of the object store, made and read in one place. Pure; no other module spells a key.

    incoming/<user>/<image>                              a raw upload, as the client PUT it
    images/<user>/<sha256>.<ext>                         an ingested photo: safe, immutable, named by its content
    derived/<user>/<sha256>/<task>/<version>/<file>      what was derived from a photo: a cut-out, a parse
    results/<user>/<try-on>/<n>-<token>-<worker>.<ext>   a finished picture
    variants/<user>/<sha256>/<w>.<fmt>                   a result in another size or format

The owner comes second in every key, so that one prefix per area holds all that a user has, and DELETE deletes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Area(StrEnum):
    """The first part of a key: the kind of its object."""

    INCOMING = "incoming"
    IMAGES = "images"
    DERIVED = "derived"
    RESULTS = "results"
    VARIANTS = "variants"

    @property
    def prefix(self) -> str:
        """The prefix of all keys of the area."""
        return f"{self.value}/"


class ObjectKey(NamedTuple):
    """A key in its parts. Any text can be read as one: `area` may be none of `Area`, and parts may be empty."""

    area: str
    user_id: str
    name: str
    """All that follows the owner."""

    @property
    def image_id(self) -> str | None:
        """The image that an upload belongs to; None for other objects."""
        return self.name if self.area == Area.INCOMING else None

    @property
    def tryon_id(self) -> str | None:
        """The try-on that a result belongs to; None for other objects."""
        return self.name.partition("/")[0] if self.area == Area.RESULTS else None


def split(key: str) -> ObjectKey:
    """Return the parts of any key. Its area and owner are for the caller to check."""
    area, _, rest = key.partition("/")
    user_id, _, name = rest.partition("/")
    return ObjectKey(area, user_id, name)


def upload_key(user_id: str, image_id: str) -> str:
    """Return where a client PUTs a photo."""
    return f"incoming/{user_id}/{image_id}"


def photo_key(user_id: str, sha256: str, extension: str) -> str:
    """Return where an ingested photo is stored, by the hash of its file."""
    return f"images/{user_id}/{sha256}.{extension}"


@dataclass(frozen=True, slots=True)
class CutKeys:
    """Where one cut-out of a photo is stored: by its parser and the requested category."""

    folder: str

    @property
    def picture(self) -> str:
        """A PNG."""
        return f"{self.folder}cut.png"

    @property
    def description(self) -> str:
        """JSON: `proteus.artefacts.GarmentCut`."""
        return f"{self.folder}cut.json"


@dataclass(frozen=True, slots=True)
class ParseKeys:
    """Where one parse of a photo is stored: by its parser."""

    folder: str

    @property
    def description(self) -> str:
        """JSON: `proteus.artefacts.PersonParse`."""
        return f"{self.folder}parse.json"

    @property
    def person_mask(self) -> str:
        """A PNG."""
        return f"{self.folder}person.png"

    def agnostic_mask(self, category: str) -> str:
        """A PNG, one per garment category."""
        return f"{self.folder}agnostic-{category}.png"


def cut_keys(user_id: str, sha256: str, *, parser: str, parser_version: str, category: str) -> CutKeys:
    """Return the keys of a photo's cut-out."""
    return CutKeys(f"{derived_prefix(user_id, sha256)}cut/{parser}-{parser_version}-{category}/")


def parse_keys(
    user_id: str, sha256: str, *, parser: str, parser_version: str, person_index: int | None = None
) -> ParseKeys:
    """Return the keys of a photo's parse: of the person whose number the client named, or of the tailor's choice."""
    chosen = "" if person_index is None else f"-person-{person_index}"
    return ParseKeys(f"{derived_prefix(user_id, sha256)}parse/{parser}-{parser_version}{chosen}/")


def area_key(description_key: str, category: str) -> str:
    """Return the agnostic mask that lies beside a parse's description."""
    return ParseKeys(f"{description_key.rpartition('/')[0]}/").agnostic_mask(category)


def derived_prefix(user_id: str, sha256: str) -> str:
    """Return the prefix of everything derived from a photo."""
    return f"derived/{user_id}/{sha256}/"


def result_key(user_id: str, tryon_id: str, n: int, *, token: int, worker: str, extension: str) -> str:
    """Return where a try-on's n-th picture is stored.

    The claim's fencing token is in the name, so a worker that lost its lease never overwrites the picture of its
    successor. A digest of the worker's id is in it as well: a Redis that fell back by a second (a failover, a power
    cut) may give out a token twice.
    """
    digest = hashlib.blake2s(worker.encode(), digest_size=4).hexdigest()
    return f"{result_prefix(user_id, tryon_id)}{n}-{token}-{digest}.{extension}"


def result_prefix(user_id: str, tryon_id: str) -> str:
    """Return the prefix of all pictures of a try-on."""
    return f"results/{user_id}/{tryon_id}/"


def variant_key(source_key: str, *, width: int, quality: str, format: str) -> str:
    """Return where a result's variant is stored; the normal quality is not named."""
    name = f"{width}" if quality == "normal" else f"{width}-{quality}"
    return f"{variants_prefix(source_key)}{name}.{format}"


def variants_prefix(source_key: str) -> str:
    """Return the prefix of all variants of a result: the hash of its key names it, as its object never changes."""
    return f"variants/{split(source_key).user_id}/{hashlib.sha256(source_key.encode()).hexdigest()}/"


def user_prefixes(user_id: str) -> list[str]:
    """Return the prefixes of everything a user has, one per area."""
    return [f"{area.prefix}{user_id}/" for area in Area]
