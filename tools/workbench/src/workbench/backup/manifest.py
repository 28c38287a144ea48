"""The manifest of a backup: what it must hold, with sizes and checksums. It is written last: without it, it is half.

TARGET/manifest.json            this
TARGET/database.dump            `pg_dump`, custom format
TARGET/objects/<aa>/<sha256>    an object, named by the SHA-256 of its key: a key is no path
TARGET/secrets.json             with `--with-secrets` alone, readable by its owner alone
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.stack.errors import StackError

KIND: Final = "proteus-backup"
FORMAT: Final = 1
DATABASE: Final = "database.dump"
MANIFEST: Final = "manifest.json"
OBJECTS: Final = "objects"
SECRETS: Final = "secrets.json"


class BackupError(StackError):
    """The backup cannot be taken or restored."""

    code = "backup_refused"


class Entry(BaseModel):
    """One file of the backup: its size in bytes and its SHA-256; an object's content type."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size_bytes: int
    sha256: str
    content_type: str = ""


class Manifest(BaseModel):
    """What a whole backup holds.

    Attributes:
        revision: The newest migration that its database has.
        taken_at: When the dump began, ISO 8601: what was committed later is not in it.
        objects: Key -> object.
        missing: Keys that rows name and the store did not have when the objects were copied.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = KIND
    format: int = FORMAT
    revision: str
    taken_at: str
    database: Entry
    objects: dict[str, Entry]
    missing: list[str]

    def write(self, folder: Path) -> None:
        """Write it in one move, with its own checksum before it."""
        body = self.model_dump_json(indent=1)
        partial = folder / f"{MANIFEST}.partial"
        partial.write_text(f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}\n", encoding="utf-8")
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(folder / MANIFEST)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a whole backup.

        Raises:
            BackupError: There is none, it is damaged, or it is another program's or a newer version's.
        """
        path = folder / MANIFEST
        if not path.is_file():
            half = (folder / DATABASE).exists() or (folder / OBJECTS).exists()
            raise BackupError(
                f"{folder} holds half a backup: it was interrupted before its {MANIFEST} was written."
                if half
                else f"{folder} is no backup: it has no {MANIFEST}."
            )
        checksum, _, body = path.read_text(encoding="utf-8", errors="replace").partition("\n")
        body = body.removesuffix("\n")
        if checksum != hashlib.sha256(body.encode()).hexdigest():
            raise BackupError(f"{path} is truncated, changed or no manifest of a backup: its checksum does not fit.")
        try:
            said = json.loads(body)
            if said["kind"] != KIND:
                raise BackupError(f"{path} is a manifest of {said['kind']!r} and not of {KIND!r}.")
            if said["format"] > FORMAT:
                raise BackupError(
                    f"{path} has format {said['format']}, and this version reads up to {FORMAT}.",
                    way_out="restore with the version that took the backup, or a newer one",
                )
            return cls.model_validate(said)
        except (KeyError, TypeError, ValueError, ValidationError) as error:
            raise BackupError(f"{path} is no manifest of a backup: {type(error).__name__}.") from error


def file_of(folder: Path, key: str) -> Path:
    """Return the file of an object."""
    name = hashlib.sha256(key.encode()).hexdigest()
    return folder / OBJECTS / name[:2] / name


def entry_of(path: Path, *, content_type: str = "") -> Entry:
    """Measure a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Entry(size_bytes=path.stat().st_size, sha256=digest, content_type=content_type)


def check(manifest: Manifest, folder: Path) -> None:
    """Compare every file with the manifest.

    Raises:
        BackupError: A file is missing, truncated or changed; the first one is named.
    """
    files = {DATABASE: (folder / DATABASE, manifest.database)}
    files |= {key: (file_of(folder, key), entry) for key, entry in manifest.objects.items()}
    for name, (path, entry) in files.items():
        if not path.is_file():
            raise BackupError(f"The backup lacks {name}: {path} is not there.")
        found = entry_of(path)
        if found.size_bytes != entry.size_bytes:
            raise BackupError(f"{name} has {found.size_bytes} bytes in the backup and must have {entry.size_bytes}.")
        if found.sha256 != entry.sha256:
            raise BackupError(f"{name} was changed in the backup: its checksum does not fit.")
