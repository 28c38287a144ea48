"""Checks that weights are readable and as fetched, against the `SHA256SUMS` that `make weights` leaves beside them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from proteus.errors import ModelUnavailable

LISTING: Final = "SHA256SUMS"

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
        wanted = sums.get(path.relative_to(listing.parent).as_posix())
        if wanted and wanted != _sha256(path):
            raise ModelUnavailable(f"{path} is not the file that was fetched: its checksum differs from {listing}")


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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
