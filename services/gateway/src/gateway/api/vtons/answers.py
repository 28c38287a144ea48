"""VTON entries as clients see them: rows, photos and cut-outs, with the status of the try-on."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Response

from gateway.api.vtons.models import VtonBody
from gateway.api.wire import answer
from gateway.ledger.tryons import TryonRow
from gateway.rules.tokens import Caller
from gateway.services import Services
from proteus.errors import NotFound


async def vton_bodies(services: Services, entries: Sequence[TryonRow]) -> list[VtonBody]:
    """Return entries with their statuses."""
    async with services.ledger.read() as reads:
        units = await reads.jobs.units_of([entry.id for entry in entries])
        photos = await reads.images.by_ids(
            {i for entry in entries for i in (entry.person_image_id, entry.garment_image_id)}
        )
        cuts = await reads.jobs.by_ids({entry.cut_id for entry in entries if entry.cut_id})
    address_of, bodies = services.store.url_of, []
    for entry in entries:
        cut = cuts.get(entry.cut_id or "")
        status = await services.statuses.of_tryon(entry, units.get(entry.id, []))
        known = dict(status) | {"cloth_clean_url": address_of(cut.result_key) if cut and cut.result_key else None}
        bodies.append(
            VtonBody(
                **known,
                user_photo_url=address_of(photos[entry.person_image_id].incoming_key),
                cloth_image_url=address_of(photos[entry.garment_image_id].incoming_key),
                options=entry.options,
            )
        )
    return bodies


async def vton_body(services: Services, entry: TryonRow) -> VtonBody:
    """Return one entry with its status."""
    return (await vton_bodies(services, [entry]))[0]


async def draft_answer(services: Services, caller: Caller, vton_id: str) -> Response:
    """Return a VTON entry as the answer to the request that made it."""
    async with services.ledger.read() as reads:
        entry = await reads.tryons.find(vton_id, user_id=caller.user_id)
    if entry is None:
        raise NotFound("The VTON entry that this request made was deleted.")
    body = await vton_body(services, entry)
    return answer(body, status_code=201, headers={"Location": f"/vtons/{entry.vton_id}"})
