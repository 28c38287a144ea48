"""Why a network is not here, and where a package's files are without importing it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Missing:
    """Why a network is not here, as a sentence that names what to install."""

    reason: str


def folder_of(package: str) -> Path | None:
    """Return a package's folder without importing it."""
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None
