"""A SegFormer's files in their folder, checked.

Layout of `mattmdjaga/segformer_b2_clothes`: `config.json` and `model.safetensors`. Pickled weights are not read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from proteus.errors import ModelUnavailable

FILES = ("config.json", "model.safetensors")
LABELS = 18
CHECKSUMS = "SHA256SUMS"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A folder of weights and the hash of its files."""

    folder: Path
    sha256: str


def locate(folder: Path) -> Weights:
    """Check that this parser can read the folder's weights.

    Raises:
        ModelUnavailable: They are not there, or not ATR's 18 labels.
    """
    folder = folder.expanduser()
    if not folder.is_dir():
        raise ModelUnavailable(
            f"parser segformer's weights are not there: no folder {folder}; `make weights MODEL=segformer` fetches them"
        )
    if missing := [name for name in FILES if not (folder / name).is_file()]:
        raise ModelUnavailable(f"the parser's weights are incomplete: {folder} has no {' and no '.join(missing)}")
    config = json.loads((folder / "config.json").read_bytes())
    labels = len(config.get("id2label") or {}) or config.get("num_labels")
    if config.get("model_type") != "segformer" or labels != LABELS:
        raise ModelUnavailable(f"{folder} is no SegFormer of {LABELS} clothes labels")
    digest = hashlib.sha256()
    for name in FILES:
        content = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        _check_listed(folder, name, content)
        digest.update(content.encode())
    return Weights(folder=folder, sha256=digest.hexdigest())


def _check_listed(folder: Path, name: str, sha256: str) -> None:
    listing = folder / CHECKSUMS
    if listing.is_file():
        sums = {path: digest for digest, path in (line.split(maxsplit=1) for line in listing.read_text().splitlines())}
        if sums.get(name, sha256) != sha256:
            raise ModelUnavailable(f"{folder / name} is not the file that was fetched: its checksum differs")
