"""Checks that weights are readable and as fetched, against the `SHA256SUMS` that `make weights` leaves beside them.

To hash gigabytes takes seconds of every start, so it is done once: a file found right is noted in a marker beside the
listing, with its hash, size and time. While these are the same it is not read again; who wants it read deletes the
marker.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from proteus.errors import ModelUnavailable

LISTING: Final = "SHA256SUMS"

MARKER: Final = ".verified.json"
"""File -> the hash, size in bytes and modification time in ns with which it was found right."""

LEVELS_UP: Final = 4
"""How many folders above a file a listing is looked for: one lies at the root of a model's tree."""


def verify(paths: Iterable[Path]) -> None:
    """Check files against the nearest listing above them; accept those that no listing names.

    Raises:
        ModelUnavailable: A file is not the one that was fetched, or may not be read.
    """
    for path in paths:
        refuse_unreadable(path)
        listing = next((at / LISTING for at in list(path.parents)[:LEVELS_UP] if (at / LISTING).is_file()), None)
        if listing is None:
            continue
        lines = [line.split(maxsplit=1) for line in listing.read_text().splitlines()]
        sums = {name: digest for digest, name in lines}
        name = path.relative_to(listing.parent).as_posix()
        wanted = sums.get(name)
        if not wanted:
            continue
        marker, found = listing.with_name(MARKER), path.stat()
        state = [wanted, found.st_size, found.st_mtime_ns]
        known = _noted(marker)
        if known.get(name) == state:
            continue
        if wanted != sha256(path):
            raise ModelUnavailable(f"{path} is not the file that was fetched: its checksum differs from {listing}")
        _note(marker, {**known, name: state})


def record(path: Path, *, listing: Path) -> None:
    """Put a file's line into a listing, in the place of an older one, and note the file as right."""
    name, digest = path.relative_to(listing.parent).as_posix(), sha256(path)
    lines = listing.read_text().splitlines() if listing.is_file() else []
    kept = [line for line in lines if line.split(maxsplit=1)[1] != name]
    listing.write_text("".join(f"{line}\n" for line in [*kept, f"{digest}  {name}"]))
    marker, found = listing.with_name(MARKER), path.stat()
    _note(marker, {**_noted(marker), name: [digest, found.st_size, found.st_mtime_ns]})


def refuse_unreadable(path: Path) -> None:
    """Raise unless this process may read a file that is there; safetensors would call it missing.

    Raises:
        ModelUnavailable: It may not read it.
    """
    try:
        path.open("rb").close()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ModelUnavailable(
            f"{path} may not be read by user {os.geteuid()} ({error.strerror}): `chmod -R a+rX` its folder"
        ) from error


def sha256(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _noted(marker: Path) -> dict[str, Any]:
    try:
        noted = json.loads(marker.read_bytes())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _note(marker: Path, noted: Mapping[str, Any]) -> None:
    """Write the marker, whole or not at all; in a folder that is read-only every start hashes."""
    with suppress(OSError), tempfile.NamedTemporaryFile("w", dir=marker.parent, delete=False) as draft:
        try:
            draft.write(json.dumps(noted))
            draft.close()
            os.chmod(draft.name, 0o644)
            os.replace(draft.name, marker)
        except OSError:
            os.unlink(draft.name)
