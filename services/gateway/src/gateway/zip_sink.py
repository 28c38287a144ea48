"""What a ZIP is written into while it is sent: it keeps what was written until it is taken, and cannot seek."""

from __future__ import annotations

import zipfile
from typing import IO, cast


class ZipSink:
    """As much of a file as `zipfile` asks for where it cannot seek: then it writes nothing twice."""

    def __init__(self) -> None:
        self._written = bytearray()

    def archive(self) -> zipfile.ZipFile:
        """Return an archive that is written into this."""
        return zipfile.ZipFile(cast(IO[bytes], self), "w")

    def write(self, data: bytes) -> int:
        """Keep bytes until they are taken; return how many."""
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Do nothing: `taken` takes."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        found = bytes(self._written)
        self._written.clear()
        return found
