"""What a batch has made, as one ZIP that is written while it is sent: no more than one picture is in memory."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Final

from pydantic_core import to_json

from gateway.accounts.callers import Revoked
from gateway.ledger.batches import SeenItem
from gateway.ledger.engine import Ledger
from gateway.status.views import result_url
from gateway.zip_sink import ZipSink
from proteus.errors import NotFound
from proteus.storage import ObjectStore

PAGE: Final = 200
MANIFEST: Final = "manifest.jsonl"
SPOOL_BYTES: Final = 1_048_576
"""A longer manifest waits in a file."""


class BatchResults:
    """Hands out the results of batches."""

    def __init__(self, ledger: Ledger, store: ObjectStore) -> None:
        self._ledger = ledger
        self._store = store

    async def items(self, batch_id: str) -> AsyncIterator[SeenItem]:
        """Yield every item in its order, read a page at a time."""
        after = 0
        while True:
            async with self._ledger.read() as reads:
                page = await reads.batches.seen(batch_id, after=after, limit=PAGE)
            for item in page:
                yield item
            if len(page) < PAGE:
                return
            after = page[-1].n

    async def manifest(self, batch_id: str, check: Callable[[], None]) -> AsyncIterator[bytes]:
        """Yield a line of JSON for each item, without the pictures' digests.

        Args:
            batch_id: The batch.
            check: Called for each item; raises when the caller may read no more.
        """
        async for item in self.items(batch_id):
            check()
            yield _line(item)

    async def archive(self, batch_id: str, check: Callable[[], None]) -> AsyncIterator[bytes]:
        """Yield a ZIP: the pictures, and the manifest at its end.

        Args:
            batch_id: The batch.
            check: Called before each picture; raises when the caller may read no more. If it raises `Revoked`, the
                archive ends where it is.
        """
        sink = ZipSink()
        with tempfile.SpooledTemporaryFile(SPOOL_BYTES) as lines, sink.archive() as found:
            async for item in self.items(batch_id):
                try:
                    check()
                except Revoked:
                    return  # The archive has no directory yet, so nobody takes it for a whole one.
                lines.write(await self._add(found, item))
                if written := sink.taken():
                    yield written
            lines.seek(0)
            with found.open(MANIFEST, "w") as manifest:
                while part := lines.read(SPOOL_BYTES):
                    manifest.write(part)
                    yield sink.taken()
            found.close()
            yield sink.taken()

    async def _add(self, found: zipfile.ZipFile, item: SeenItem) -> bytes:
        """Add an item's picture, if there is one; return its line of the manifest."""
        if item.status != "completed" or not item.result_key:
            return _line(item)
        try:
            picture = await asyncio.to_thread(self._store.get, item.result_key)
        except NotFound:  # Deleted since its row was read.
            return _line(item)
        name = f"{item.n:05d}-{item.job_id}.{item.result_key.rpartition('.')[2]}"
        found.writestr(name, picture)
        return _line(item, file=name, sha256=hashlib.sha256(picture).hexdigest())


def _line(item: SeenItem, *, file: str | None = None, sha256: str | None = None) -> bytes:
    there = item.status == "completed" and item.result_key is not None
    return (
        to_json(
            {
                "n": item.n,
                "custom_id": item.custom_id,
                "job_id": item.job_id,
                "status": item.status,
                "error": item.error,
                "file": file,
                "sha256": sha256,
                "url": result_url(item.job_id, 1) if there else None,
            }
        )
        + b"\n"
    )
