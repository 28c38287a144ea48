"""Batches: many pictures for workers with nothing else to do, and their ZIP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from proteus_client.errors import BatchEnded, StillRunning
from proteus_client.models import BatchBody, BatchItemBody, BatchItemList, BatchOptions, EstimateBody
from proteus_client.pictures import Picture
from proteus_client.requests import once
from proteus_client.uploads import Uploads

BATCH_POLL_SECONDS: Final = 5.0

TellBatch = Callable[[BatchBody], None]


class Batches(Uploads):
    """What a client does with batches."""

    async def batch(
        self,
        persons: Iterable[Picture],
        garments: Iterable[Picture],
        *,
        completion_window: int = 86_400,
        metadata: Mapping[str, str] | None = None,
        options: BatchOptions | None = None,
        idempotency_key: str | None = None,
    ) -> BatchBody:
        """Order pictures of each person in each garment, for workers with nothing else to do; return at once.

        Args:
            persons: Photos or addresses, as of `tryon`.
            garments: Photos or addresses.
            completion_window: Seconds after which what is not made expires.
            metadata: Your own labels of the batch.
            options: Of its pictures.
            idempotency_key: Your own name of this batch.
        """
        body = await self._matrix(persons, garments, options)
        body |= {"completion_window": completion_window, "metadata": dict(metadata) if metadata else None}
        said = await self._requests.ask("POST", "/v1/batches", json=body, headers=once(idempotency_key))
        return BatchBody.model_validate(said)

    async def estimate(
        self, persons: Iterable[Picture], garments: Iterable[Picture], *, options: BatchOptions | None = None
    ) -> EstimateBody:
        """Return what a batch would take and cost; nothing is ordered, but what is no address is uploaded."""
        body = {**await self._matrix(persons, garments, options), "dry_run": True}
        return EstimateBody.model_validate(await self._requests.ask("POST", "/v1/batches", json=body, headers=once()))

    async def follow_batch(
        self,
        batch_id: str,
        *,
        on_progress: TellBatch | None = None,
        timeout: float | None = None,
        every: float = BATCH_POLL_SECONDS,
    ) -> BatchBody:
        """Wait until a batch has ended, by asking; return it. Items of its own may have failed: see `batch_items`.

        Raises:
            BatchEnded: It was cancelled or expired.
            StillRunning: `timeout` seconds have passed.
        """
        try:
            async with asyncio.timeout(timeout) as clock:
                while True:
                    batch = BatchBody.model_validate(await self._requests.ask("GET", f"/v1/batches/{batch_id}"))
                    if on_progress is not None:
                        on_progress(batch)
                    if batch.finished_at is not None:
                        break
                    await asyncio.sleep(every)
        except TimeoutError as error:
            if clock.expired():
                raise StillRunning(batch_id) from error
            raise
        if batch.status != "completed":
            raise BatchEnded(batch)
        return batch

    async def batch_items(self, batch_id: str) -> list[BatchItemBody]:
        """Return all items of a batch, in their order."""
        found: list[BatchItemBody] = []
        asked: dict[str, Any] = {"limit": 100}
        while True:
            page = BatchItemList.model_validate(
                await self._requests.ask("GET", f"/v1/batches/{batch_id}/items", params=asked)
            )
            found += page.items
            if page.next_cursor is None:
                return found
            asked["cursor"] = page.next_cursor

    async def save_batch(self, batch_id: str, path: str | os.PathLike[str]) -> Path:
        """Write a batch's pictures and manifest into a ZIP file as they come; return its path.

        The file has its name once it is whole: a download that breaks leaves nothing that looks finished.
        """
        file = Path(path)
        part = file.with_name(file.name + ".part")
        try:
            async with self._requests.stream(f"/v1/batches/{batch_id}/results", params={"format": "zip"}) as answer:
                with part.open("wb") as opened:
                    async for piece in answer.aiter_bytes():
                        await asyncio.to_thread(opened.write, piece)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return file

    async def _matrix(
        self, persons: Iterable[Picture], garments: Iterable[Picture], options: BatchOptions | None
    ) -> dict[str, Any]:
        options = options or {}
        kind = options.get("category") or "auto"
        people, clothes = list(persons), list(garments)
        urls = await self._uploaded(
            [*((one, "person", "auto") for one in people), *((one, "garment", kind) for one in clothes)]
        )
        return {"persons": urls[: len(people)], "garments": urls[len(people) :], "options": options}
