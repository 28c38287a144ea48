"""Reads the pictures that are measured: one try-on from files, a set from a folder or a manifest.

A manifest is a JSON list of entries, paths relative to it. A folder has a `manifest.json`, or a folder for each try-on
with `person`, `garment`, `result` and, if there are, `mask`, `worn`, `truth` and `exact`, in any picture format that
Proteus takes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from proteus.errors import InvalidRequest
from proteus.imaging import decode
from weaver.pipelines.framing import feather_radius
from workbench.eval.canvas import Pixels
from workbench.eval.quality.score import Tryon
from workbench.eval.quality.worn import worn_in

MANIFEST: Final = "manifest.json"
FILES: Final = ("person", "garment", "result", "mask", "worn", "truth", "exact")
"""The pictures of an entry, by the names that a folder's files have."""


class Entry(BaseModel):
    """One try-on of a set.

    Attributes:
        garment: A cut-out with transparency.
        result: A picture of the photo's size.
        mask: What may change: white may, black may not.
        worn: Where the result shows the garment; without it, what changed.
        truth: The same person in that garment, photographed, of the photo's size: for LPIPS and KID.
        exact: The result of the same inputs and seed with every step done whole: for the distance from it.
        feather: How far around the mask, in pixels, the engine blends; None: as far as Proteus's engines do.
        engine: Entries of one engine and quality are summed up together.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    person: Path
    garment: Path
    result: Path
    mask: Path | None = None
    worn: Path | None = None
    truth: Path | None = None
    exact: Path | None = None
    feather: int | None = Field(default=None, ge=0, le=1000)
    engine: str = ""
    quality: str = ""

    @property
    def group(self) -> str:
        return "/".join(word for word in (self.engine, self.quality) if word)


def entries(place: Path) -> list[Entry]:
    """Return the try-ons of a folder or a manifest, their paths resolved.

    Raises:
        InvalidRequest: There is no such file, it is no manifest, or nothing is in it.
    """
    manifest = place / MANIFEST if place.is_dir() else place
    if manifest.is_file():
        found = _of_manifest(manifest)
    elif place.is_dir():
        found = [_of_folder(folder) for folder in sorted(place.iterdir()) if folder.is_dir()]
    else:
        raise InvalidRequest(f"{place} is neither a folder nor a manifest.")
    if not found:
        raise InvalidRequest(f"{place} holds no try-ons: it needs {MANIFEST}, or a folder for each try-on.")
    return found


def _of_manifest(manifest: Path) -> list[Entry]:
    try:
        found = TypeAdapter(list[Entry]).validate_json(manifest.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise InvalidRequest(f"{manifest} is no manifest: {at or 'the file'}: {first['msg']}") from error
    base = manifest.parent
    return [
        entry.model_copy(update={name: base / path for name in FILES if (path := getattr(entry, name)) is not None})
        for entry in found
    ]


def _of_folder(folder: Path) -> Entry:
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.is_file()}
    if missing := [name for name in ("person", "garment", "result") if name not in files]:
        raise InvalidRequest(f"{folder} has no {' and no '.join(missing)}: each try-on's folder needs all three.")
    chosen = {name: files[name] for name in FILES if name in files}
    return Entry(name=folder.name, **chosen)


def read(entry: Entry) -> Tryon:
    """Read one try-on's pictures.

    Raises:
        InvalidRequest: A file cannot be read, or the pictures do not fit each other.
        ProteusError: A file is no picture that Proteus takes.
    """
    person, result = rgb(entry.person), rgb(entry.result)
    if person.shape != result.shape:
        raise InvalidRequest(f"The result is {_size(result)}, the photo {_size(person)}: both must have one size.")
    garment = decode(_bytes(entry.garment), keep_alpha=True)
    if garment.alpha is None:
        raise InvalidRequest(f"{entry.garment} has no transparency: give the garment's cut-out (`cloth_clean_url`).")
    mask, worn = _mask(entry.mask, person), _mask(entry.worn, person)
    return Tryon(
        person=person,
        garment=np.dstack([garment.pixels, garment.alpha]),
        result=result,
        mask=mask,
        feather_pixels=2 * feather_radius(person.shape[0]) if entry.feather is None else entry.feather,
        worn=worn_in(person, result, mask) if worn is None else worn > 127,
        truth=_beside(entry.truth, person),
        exact=_beside(entry.exact, person),
    )


def _mask(path: Path | None, person: Pixels) -> Pixels | None:
    pixels = _beside(path, person)
    return None if pixels is None else np.ascontiguousarray(pixels.max(axis=2))


def _beside(path: Path | None, person: Pixels) -> Pixels | None:
    """Read a picture that must have the photo's size."""
    if path is None:
        return None
    pixels = rgb(path)
    if pixels.shape != person.shape:
        raise InvalidRequest(f"{path} is {_size(pixels)}, the photo {_size(person)}: both must have one size.")
    return pixels


def rgb(path: Path) -> Pixels:
    """Read a picture, (H, W, 3).

    Raises:
        ProteusError: It cannot be read, or is no picture that Proteus takes.
    """
    return decode(_bytes(path)).pixels


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{path} cannot be read: {error.strerror}.") from error


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
