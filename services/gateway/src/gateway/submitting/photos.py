"""Photos: signed uploads, and the photo or cut-out behind an address that a client names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from gateway.ledger.engine import Ledger
from gateway.ledger.images import ImageRow
from gateway.ledger.jobs import JobRow
from gateway.ledger.session import Reads, Writes
from gateway.ledger.tryons import TryonRow
from gateway.rules.consent import ConsentRequired, ConsentRule
from gateway.rules.failures import error_of
from gateway.rules.tokens import Caller
from gateway.settings import LimitSettings, UploadSettings
from gateway.submitting.context import Materials
from gateway.submitting.preparations import is_final
from proteus import errors, object_keys
from proteus.jobs import ALIVE, ImageId, JobState, new_id
from proteus.object_keys import Area
from proteus.retrying import promptly
from proteus.stages import JobKind
from proteus.storage import ObjectStore, PresignedPut

_PICTURE: Final = re.compile(r"/v1/results/([A-Za-z0-9_]{1,80})/([1-9][0-9]{0,3})")

SWEEP_MARGIN: Final = timedelta(minutes=1)
"""A PUT that began as its signature expired has ended by then."""


async def _check_consent(reads: Reads | Writes, caller: Caller) -> None:
    """Refuse a photo of a person who has not agreed, where the tenant asks for it."""
    if not caller.is_person:
        return
    tenant = await reads.tenants.find(caller.tenant)
    rule = ConsentRule.of(tenant.consent) if tenant else None
    if rule and not rule.is_met_by(await reads.consents.of(caller.user_id), region=caller.region):
        raise ConsentRequired(f"Agree to the text {rule.version!r} first.")


class QuotaExceeded(errors.Forbidden):
    """You have as many photos stored as you may have."""

    code = "quota_exceeded"
    hint = "Delete photos that you do not need any more: DELETE /v1/images/{image_id}."


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A signed upload of one photo."""

    image_id: str
    image_url: str
    put: PresignedPut
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What two addresses name: a photo's id and a cut-out's key."""

    person_id: str
    cut_key: str


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """The picture of a try-on that an address names."""

    job_id: str
    n: int


def picture_in(url: str) -> NamedPicture | None:
    """Return the picture that the API's address of a result names; None: it is another address."""
    parts = urlsplit(url)
    found = _PICTURE.fullmatch(parts.path) if parts.scheme in ("", "http", "https") else None
    return NamedPicture(found[1], int(found[2])) if found else None


class Photos:
    """A user's photos. An address must be the user's own, inside our storage; nothing is fetched from it."""

    def __init__(self, ledger: Ledger, store: ObjectStore, limits: UploadSettings, quotas: LimitSettings) -> None:
        self._ledger = ledger
        self._store = store
        self._limits = limits
        self._quotas = quotas

    async def sign(self, caller: Caller, *, kind: str, content_type: str, size_bytes: int) -> Upload:
        """Make an image and sign its upload: exactly this type, exactly this many bytes."""
        self.check(content_type, size_bytes)
        limits = self._limits
        image_id = ImageId(new_id("img"))
        async with self._ledger.write() as writes:
            if await writes.users.find(caller.user_id) is None:
                raise errors.Unauthorized("The user of this token does not exist any more.")
            await _check_consent(writes, caller)
            self._check_quota(caller, *await writes.images.stored(caller.user_id), size_bytes)
            await writes.images.add(
                image_id,
                user_id=caller.user_id,
                kind=kind,
                declared_type=content_type,
                declared_bytes=size_bytes,
                sweep_at=self.sweep_at(datetime.now(UTC)),
            )
        key = object_keys.upload_key(caller.user_id, image_id)
        expires_seconds = limits.put_expires_seconds
        put = await asyncio.to_thread(
            self._store.presign_put,
            key,
            content_type=content_type,
            size_bytes=size_bytes,
            expires_seconds=expires_seconds,
        )
        return Upload(
            image_id=image_id,
            image_url=self._store.url_of(key),
            put=put,
            expires_at=datetime.now(UTC) + timedelta(seconds=expires_seconds),
        )

    def check(self, content_type: str, size_bytes: int) -> None:
        """Refuse a type or size that this deployment does not accept."""
        limits = self._limits
        if content_type not in limits.content_types:
            raise errors.UnsupportedMedia(f"{content_type!r} is not one of {sorted(limits.content_types)}.")
        if size_bytes > limits.max_bytes:
            raise errors.ImageTooLarge(
                f"{size_bytes} bytes are more than the {limits.max_bytes} this deployment takes."
            )
        if size_bytes < limits.min_bytes:
            raise errors.InvalidRequest(f"{size_bytes} bytes cannot be a picture.")

    def sweep_at(self, signed_at: datetime) -> datetime:
        """Return when the sweep first checks an upload signed then: it can no longer be written."""
        return signed_at + timedelta(seconds=self._limits.put_expires_seconds) + SWEEP_MARGIN

    def _check_quota(self, caller: Caller, photos: int, size_bytes: int, more_bytes: int) -> None:
        quotas = self._quotas
        guest = caller.is_person
        most = quotas.guest_images if guest else quotas.account_images
        most_bytes = quotas.guest_bytes if guest else quotas.account_bytes
        if most and photos >= most:
            raise QuotaExceeded(f"You have {photos} photos stored, and {most} are the most.")
        if most_bytes and size_bytes + more_bytes > most_bytes:
            raise QuotaExceeded(
                f"With this one your photos had {size_bytes + more_bytes} bytes, {most_bytes} are the most."
            )

    def named(self, caller: Caller, person_url: str, garment_url: str) -> Named | None:
        """Return what two of the caller's addresses name, if it is a photo and a cut-out. Nothing is looked up.

        Raises:
            ForeignUrl: One of them is not in our storage.
        """
        person = object_keys.split(self._store.key_of(person_url))
        cut_key = self._store.key_of(garment_url)
        cut = object_keys.split(cut_key)
        if caller.user_id != person.user_id or caller.user_id != cut.user_id or person.image_id is None:
            return None
        return Named(person_id=person.image_id, cut_key=cut_key) if cut.area == Area.DERIVED else None

    async def find(self, reads: Reads, caller: Caller, url: str) -> ImageRow:
        """Return the caller's photo at one of our addresses; another user's is not found."""
        key = self._store.key_of(url)
        parts = object_keys.split(key)
        found = None
        if parts.user_id == caller.user_id and parts.image_id is not None:
            found = await reads.images.find(ImageId(parts.image_id), user_id=caller.user_id)
        elif parts.user_id == caller.user_id and parts.area == Area.IMAGES:
            found = await reads.images.by_key(key, user_id=caller.user_id)
        if found is None:
            raise errors.NotFound("There is no photo of yours at this address.")
        return found

    async def find_garment(self, reads: Reads, caller: Caller, url: str) -> tuple[ImageRow, JobRow | None]:
        """Return the garment's photo, and its cut if the address names one."""
        key = self._store.key_of(url)
        if object_keys.split(key).area != Area.DERIVED:
            return await self.find(reads, caller, url), None
        cut = await reads.jobs.cut_by_key(key, user_id=caller.user_id)
        image = await reads.images.find(cut.image_id, user_id=caller.user_id) if cut and cut.image_id else None
        if cut is None or image is None:
            raise errors.NotFound("There is no cut-out of yours at this address.")
        return image, cut

    async def own_address(self, caller: Caller, url: str) -> str:
        """Return a photo's address as it is; of a finished picture of the caller's the address of it as a photo.

        Raises:
            NotFound: The caller has no such picture.
            NotReady: It is not made yet.
        """
        asked = picture_in(url)
        if asked is None:
            return url
        async with self._ledger.read() as reads:
            entry = await reads.tryons.find(asked.job_id, user_id=caller.user_id)
            units = (await reads.jobs.units_of([entry.id])).get(entry.id, []) if entry else []
            unit = next((one for one in units if one.n == asked.n), None)
            made = await reads.images.made_by([unit.id]) if unit else []
        if unit is None:
            raise errors.NotFound("There is no picture of yours at this address.")
        if unit.result_key is None:
            if unit.terminal:
                raise errors.NotFound("This picture was not made.")
            raise errors.NotReady("This picture is not made yet.")
        if not made:
            async with self._ledger.write() as writes:
                await writes.images.add_made(
                    ImageId(new_id("img")),
                    user_id=caller.user_id,
                    made_by=unit.id,
                    sweep_at=self.sweep_at(datetime.now(UTC)),
                )
                made = await writes.images.made_by([unit.id])
        return self._store.url_of(made[0].incoming_key)

    async def mask_key(self, caller: Caller, url: str | None, *, person: ImageRow) -> str | None:
        """Return the key of the caller's own mask; None: there is no address.

        Raises:
            NotFound: There is no such picture of the caller's.
            NotReady: It is not ingested.
            InvalidRequest: It is not a mask of this photo.
        """
        if url is None:
            return None
        async with self._ledger.read() as reads:
            mask = await self.find(reads, caller, url)
        if mask.kind != "mask":
            raise errors.InvalidRequest(
                f"`mask` names a picture of the kind {mask.kind}: upload it with the kind mask."
            )
        if mask.key is None:
            raise errors.NotReady(
                "The mask is not ingested: call POST /v1/images/{image_id}/uploaded, and wait for it."
            )
        if person.key is not None and (mask.width, mask.height) != (person.width, person.height):
            raise errors.InvalidRequest(
                f"The mask is {mask.width}x{mask.height} pixels, the photo {person.width}x{person.height}."
            )
        return mask.key

    async def find_pair(
        self, caller: Caller, person_url: str, garment_url: str
    ) -> tuple[ImageRow, ImageRow, JobRow | None]:
        """Return the person's photo, the garment's, and the garment's cut-out if the address names one."""
        async with self._ledger.read() as reads:
            person = await self.find(reads, caller, person_url)
            return person, *(await self.find_garment(reads, caller, garment_url))

    async def find_uploaded(self, caller: Caller, url: str) -> tuple[ImageRow, Sequence[JobRow]]:
        """Return the caller's photo at an address, uploaded, with its tailor jobs."""
        async with self._ledger.read() as reads:
            image = await self.find(reads, caller, url)
        return image, await self.jobs_of_uploaded(image)

    async def jobs_of_uploaded(self, image: ImageRow) -> Sequence[JobRow]:
        """Return a photo's tailor jobs; raise unless the photo was uploaded."""
        async with self._ledger.read() as reads:
            known = await reads.jobs.of_images([image.id])
        await self.check_uploaded(image, known)
        return known

    async def materials(self, caller: Caller, person_url: str, garment_url: str) -> Materials:
        """Return the materials behind the caller's own addresses; raise unless all were uploaded."""
        async with self._ledger.read() as reads:
            person = await self.find(reads, caller, person_url)
            garment, cut = await self.find_garment(reads, caller, garment_url)
            known = await reads.jobs.of_images({person.id, garment.id})
        return await self._uploaded(Materials(person=person, garment=garment, cut=cut, known=known))

    async def materials_of(self, entry: TryonRow) -> Materials:
        """Return an entry's materials; raise unless all were uploaded."""
        ids = {entry.person_image_id, entry.garment_image_id}
        async with self._ledger.read() as reads:
            photos = await reads.images.by_ids(ids)
            cut = (await reads.jobs.by_ids([entry.cut_id])).get(entry.cut_id) if entry.cut_id else None
            known = await reads.jobs.of_images(ids)
        person, garment = photos[entry.person_image_id], photos[entry.garment_image_id]
        return await self._uploaded(Materials(person=person, garment=garment, cut=cut, known=known))

    async def _uploaded(self, found: Materials) -> Materials:
        await self.check_uploaded(found.person, found.known)
        if found.cut is None:
            await self.check_uploaded(found.garment, found.known)
        return found

    async def check_uploaded(self, image: ImageRow, known: Sequence[JobRow]) -> None:
        """Refuse a photo that was never uploaded, or that ingest refused."""
        if image.key is not None:
            return
        if image.made_by is not None and not any(
            job.image_id == image.id and job.kind == JobKind.INGEST and is_final(job) for job in known
        ):
            return  # The picture of a try-on: it is copied to where uploads lie when its ingest is queued.
        ingests = [job for job in known if job.image_id == image.id and job.kind == JobKind.INGEST]
        # Completed: recorded after the image was read, and the upload may be gone already.
        if ingests and (ingests[-1].state in (*ALIVE, JobState.COMPLETED) or is_final(ingests[-1])):
            if ingests[-1].error:
                raise error_of(ingests[-1].error)
            return
        info = await promptly(self._store.head, image.incoming_key)
        if info.size_bytes > self._limits.max_bytes:
            await promptly(self._store.delete, image.incoming_key)
            raise errors.ImageTooLarge
