"""Where a SegFormer's files are: a local folder, or a hub id whose files are fetched once. Never at import.

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
    """A folder of weights and the hash of what is in it."""

    folder: Path
    sha256: str


def locate(source: str, *, offline: bool) -> Weights:
    """Find the weights and check that they are what this parser reads.

    Args:
        source: A folder, or a hub id `owner/name`.
        offline: Never open a network connection; a hub id must be in the local cache already.

    Raises:
        ModelUnavailable: They are not there, or not ATR's 18 labels.
    """
    folder = Path(source).expanduser()
    if not folder.is_dir():
        folder = _fetched(source, offline=offline)
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


def _fetched(hub_id: str, *, offline: bool) -> Path:
    if hub_id.count("/") != 1 or hub_id.startswith((".", "/", "~")):
        raise ModelUnavailable(f"the parser's weights are not there: no folder {hub_id}")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise ModelUnavailable("fetching from a hub needs huggingface_hub; or name a local folder") from error
    try:
        return Path(snapshot_download(hub_id, allow_patterns=list(FILES), local_files_only=offline))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        why = "it is not in the local cache, and this tailor is offline" if offline else "the hub did not give it"
        raise ModelUnavailable(f"the parser's weights {hub_id} are not there: {why}") from error
