"""External payloads, pushed onto `queue:jobs` by others: each becomes an ordinary try-on of the account `foreign`.

The two pictures are copied into that account's uploads and handled like every upload; the job keeps the id it was
pushed with. A payload that cannot be imported becomes a dead letter with the reason.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any, Final

import structlog

from gateway.fleet.watch import FleetWatch
from gateway.ledger.engine import Ledger
from gateway.rules.options import TryonOptions
from gateway.rules.tokens import Caller
from gateway.submitting.accept import Acceptor
from gateway.submitting.context import SubmitContext
from gateway.submitting.photos import Photos
from proteus import object_keys
from proteus.documents import storable_text
from proteus.errors import InvalidRequest, Overloaded, ProteusError
from proteus.jobs import ImageId, UserId, new_id
from proteus.keys import JOBS, TAILOR
from proteus.queue import AnyQueue
from proteus.replies import is_away
from proteus.storage import ObjectStore

log = structlog.get_logger()

LOCK: Final = "proteus:adopt"
FOREIGN: Final = Caller(user_id=UserId("user_foreign"), tenant="foreign", scopes=frozenset(), expires_at=float("inf"))
LIMIT: Final = 20
_ID: Final = re.compile(r"job_[A-Za-z0-9\-]{1,64}")


class ExternalPayloadImporter:
    """Imports the payloads on a queue's foreign list. One gateway at a time does it."""

    def __init__(
        self,
        ledger: Ledger,
        store: ObjectStore,
        photos: Photos,
        acceptor: Acceptor,
        queues: Mapping[str, AnyQueue],
        fleet: FleetWatch,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._photos = photos
        self._acceptor = acceptor
        self._fleet = fleet
        self._queue, self._tailor = queues[JOBS], queues[TAILOR]

    async def adopt(self) -> int:
        """Import the payloads, or make them dead letters; return how many were imported.

        While no new work is taken they stay on their list.
        """
        if self._fleet.view.intake.paused:
            return 0
        payloads = await self._queue.peek_foreign(LIMIT)
        strays = await self._tailor.peek_foreign(LIMIT)
        if not payloads and not strays:
            return 0
        adopted = 0
        async with self._ledger.lock(LOCK) as ours:
            if not ours:
                return 0
            for stray in strays:
                await self._tailor.bury_foreign(
                    stray, code="invalid_request", message="tailorJob takes the gateway's jobs only."
                )
            for payload in payloads:
                adopted += await self._take(payload)
        return adopted

    async def _take(self, payload: str) -> bool:
        try:
            made = _parsed(payload)
            async with self._ledger.read() as reads:
                known = await reads.jobs.by_ids([made["id"]])
            if not known:
                await self._submit(made)
        except Exception as error:  # One payload's edge: after any error the next one is handled.
            if is_away(error) or isinstance(error, Overloaded):
                return False  # It stays on the list for the next round.
            refused = error if isinstance(error, ProteusError) else None
            if refused is None:
                log.error("foreign_payload_failed", exc_info=error)
            code = refused.code if refused else InvalidRequest.code
            message = refused.message if refused else f"It cannot be adopted: {type(error).__name__}."
            letter = await self._queue.bury_foreign(payload, code=code, message=storable_text(message))
            log.warning("foreign_payload_buried", letter=letter, code=code, error=message)
            return False
        await self._queue.drop_foreign(payload)
        log.info("foreign_payload_adopted", job_id=made["id"])
        return True

    async def _submit(self, made: dict[str, str]) -> None:
        async with self._ledger.write() as writes:
            await writes.users.add(FOREIGN.user_id, kind="foreign", tenant=FOREIGN.tenant)
        person = await self._copy(made["user_photo_url"], kind="person")
        garment = await self._copy(made["cloth_clean_url"], kind="garment")
        context = SubmitContext(caller=FOREIGN, trace_id=token_hex(16), job_id=made["id"])
        await self._acceptor.submit(context, TryonOptions(), person_url=person, garment_url=garment)

    async def _kept(self, key: str) -> str:
        """Return where a photo is stored: after ingest the upload that an `image_url` names is gone."""
        image_id = object_keys.split(key).image_id
        if image_id is None:
            return key
        async with self._ledger.read() as reads:
            image = (await reads.images.by_ids([image_id])).get(image_id)
        return image.key if image is not None and image.key and image.incoming_key == key else key

    async def _copy(self, url: str, *, kind: str) -> str:
        """Copy a picture into the account's own uploads; return its address there."""
        key = await self._kept(self._store.key_of(url))
        info = await asyncio.to_thread(self._store.head, key)
        self._photos.check(info.content_type, info.size_bytes)
        image_id = ImageId(new_id("img"))
        target = object_keys.upload_key(FOREIGN.user_id, image_id)
        data = await asyncio.to_thread(self._store.get, key)
        await asyncio.to_thread(self._store.put, target, data, content_type=info.content_type)
        async with self._ledger.write() as writes:
            await writes.images.add(
                image_id,
                user_id=FOREIGN.user_id,
                kind=kind,
                declared_type=info.content_type,
                declared_bytes=info.size_bytes,
                sweep_at=self._photos.sweep_at(datetime.now(UTC)),
            )
        return self._store.url_of(target)


def _parsed(payload: str) -> dict[str, str]:
    """Return the payload of docs/contract.md.

    Raises:
        InvalidRequest: It is not one.
    """
    try:
        made: Any = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The payload is not JSON.") from error
    if not isinstance(made, dict) or not isinstance(made.get("id"), str) or not _ID.fullmatch(made["id"]):
        raise InvalidRequest("The payload's id must be job_ and up to 64 letters, digits or dashes.")
    for name in ("user_photo_url", "cloth_clean_url"):
        if not isinstance(made.get(name), str):
            raise InvalidRequest(f"The payload has no {name}.")
    return {name: made[name] for name in ("id", "user_photo_url", "cloth_clean_url")}
