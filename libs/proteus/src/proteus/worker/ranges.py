"""Fetches one large object in ranges, several at a time; an interrupted fetch goes on where it was.

    <file>        written in place, range by range
    <file>.parts  the object's identity, and the ranges that are on the disk; the caller removes it at the end

Every range is asked for by the object's ETag: if the object changes meanwhile, no file is made of two of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Lock
from typing import Any, Final

from proteus.errors import DependencyUnavailable
from proteus.storage import ObjectInfo, ObjectStore

RANGE_BYTES: Final = 16 * 1024 * 1024
AT_ONCE: Final = 8
"""Ranges at a time, each in memory: 128 MiB."""

PARTS: Final = ".parts"


def fetch(
    store: ObjectStore,
    found: ObjectInfo,
    file: Path,
    *,
    came: Callable[[int], None] = lambda _: None,
    range_bytes: int = RANGE_BYTES,
) -> None:
    """Write an object into a file.

    Args:
        store: Its bucket.
        found: The object, as it was listed.
        file: May hold ranges of an earlier attempt, which are kept if they are of the same object.
        came: Called with the bytes of the ranges that are there, then of each that came; in any thread, one at a time.
        range_bytes: Size of a range.

    Raises:
        NotFound: There is no such object.
        DependencyUnavailable: The store does not answer, or the object changed meanwhile. What came is kept.
    """
    parts = file.with_name(file.name + PARTS)
    identity = [found.etag, found.size_bytes, range_bytes]
    here = _here(parts, identity) if file.is_file() else set()
    starts = range(0, found.size_bytes, range_bytes)
    came(sum(min(range_bytes, found.size_bytes - start) for start in here))
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | (0 if here else os.O_TRUNC), 0o644)

    noting = Lock()

    def bring(start: int) -> None:
        size = min(range_bytes, found.size_bytes - start)
        content = store.get(found.key, start=start, limit_bytes=size - 1, etag=found.etag)
        if len(content) != size:
            raise DependencyUnavailable(f"The object store sent {len(content)} of {size} bytes of {found.key!r}.")
        for at in range(0, size, 1 << 20):
            os.pwrite(handle, content[at : at + (1 << 20)], start + at)
        os.fdatasync(handle)
        with noting:
            here.add(start)
            _note(parts, identity, here)
            came(size)

    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ranges")
    try:
        missing = [start for start in starts if start not in here]
        for done in as_completed([pool.submit(bring, start) for start in missing]):
            done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        os.close(handle)


def _here(parts: Path, identity: list[Any]) -> set[int]:
    """Return where the ranges begin that an earlier attempt wrote, if it was for the same object."""
    try:
        noted = json.loads(parts.read_bytes())
        return set(noted["here"]) if noted["identity"] == identity else set()
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _note(parts: Path, identity: list[Any], here: set[int]) -> None:
    draft = parts.with_name(parts.name + ".draft")
    draft.write_text(json.dumps({"identity": identity, "here": sorted(here)}))
    os.replace(draft, parts)
