"""Take a backup of a running deployment: first the database, then the objects, then the manifest.

An object is stored before the row that names it is committed. So what the dump's rows name is in the bucket when it is
listed afterwards, unless it was deleted meanwhile: such keys are named in the manifest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from proteus.errors import NotFound, UploadMissing
from proteus.storage import ObjectStore
from workbench.backup import database
from workbench.backup.manifest import (
    DATABASE,
    MANIFEST,
    OBJECTS,
    SECRETS,
    BackupError,
    Entry,
    Manifest,
    entry_of,
    file_of,
)

COPIES_AT_ONCE: Final = 8
EVERY: Final = 500
"""Objects between two lines of progress."""

OURS: Final = frozenset({DATABASE, MANIFEST, OBJECTS, SECRETS, f"{MANIFEST}.partial"})


def save(
    folder: Path, *, database_url: str, store: ObjectStore, secrets: Mapping[str, str], say: Callable[[str], None]
) -> Manifest:
    """Take a backup into a folder that is empty or holds an earlier one; unchanged objects are not copied again.

    Args:
        secrets: What to write to `secrets.json`; empty: no such file.

    Raises:
        BackupError: The folder holds something else, or Postgres refused.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if foreign := sorted({one.name for one in folder.iterdir()} - OURS):
        raise BackupError(
            f"{folder} holds {foreign[0]!r}, which is no part of a backup.", way_out="name an empty folder"
        )
    # From here on it is half a backup, until the manifest is there again.
    (folder / MANIFEST).unlink(missing_ok=True)
    (folder / SECRETS).unlink(missing_ok=True)
    taken_at = datetime.now(UTC).isoformat(timespec="seconds")
    say("Postgres: dumping")
    database.dump(database_url, folder / DATABASE)
    listed = [found.key for found in store.list("")]
    say(f"objects: {len(listed)} in the bucket")
    objects: dict[str, Entry] = {}
    with ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
        for number, (key, entry) in enumerate(pool.map(lambda key: (key, _copied(store, key, folder)), listed), 1):
            if entry is not None:
                objects[key] = entry
            if number % EVERY == 0:
                say(f"objects: {number} of {len(listed)}")
    for stale in {one for one in (folder / OBJECTS).rglob("*") if one.is_file()} - {
        file_of(folder, k) for k in objects
    }:
        stale.unlink()
    if secrets:
        with os.fdopen(os.open(folder / SECRETS, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(dict(secrets), file, indent=1)
    manifest = Manifest(
        revision=database.revision_in(folder / DATABASE),
        taken_at=taken_at,
        database=entry_of(folder / DATABASE),
        objects=objects,
        missing=sorted(database.keys_in(folder / DATABASE) - objects.keys()),
    )
    manifest.write(folder)
    return manifest


def _copied(store: ObjectStore, key: str, folder: Path) -> Entry | None:
    """Copy an object unless its file has its size and its time; None: it vanished."""
    path = file_of(folder, key)
    try:
        found = store.head(key)
        at = found.modified.timestamp()
        if not (path.is_file() and path.stat().st_size == found.size_bytes and path.stat().st_mtime == at):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                store.download(key, file)
            # Set last: a file that was cut off has another time and is copied again.
            os.utime(path, (at, at))
    except (NotFound, UploadMissing):
        return None
    return entry_of(path, content_type=found.content_type)
