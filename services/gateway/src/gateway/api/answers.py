"""Bodies from rows, and the two forms of answer every submit has: accepted (202) or ended within the wait (200)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic_core import to_json

from gateway.api.schemas import StatusBody
from gateway.ledger.images import ImageRow
from gateway.ledger.tryons import TryonRow
from gateway.ledger.users import UserRow
from gateway.rules.tokens import Caller
from gateway.services import Services
from gateway.status.views import iso
from proteus.jobs import TERMINAL


class _Json(JSONResponse):
    """JSON by pydantic's serialiser, which takes a tenth of the time."""

    def render(self, content: Any) -> bytes:
        return to_json(content)


ENDED_IN_TIME: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": StatusBody, "description": "It ended within the time that the request was willing to wait."}
}
"""The other answer of a submit, for the API's description."""


def status_answer(status: Mapping[str, Any], *, waited: float = 0.0) -> JSONResponse:
    """Return a status as the answer to a submit: 202 with where to look, or 200 once the job has ended."""
    ended = status["status"] in TERMINAL
    headers = {"Location": f"/api/status/{status['job_id']}"}
    if waited:
        headers["Preference-Applied"] = f"wait={waited:g}"
    if not ended:
        eta = status.get("eta") or {}
        headers["Retry-After"] = str(max(1, min(30, round(eta.get("p50_seconds", 1) / 2))))
    return _Json(with_cut(status), status_code=200 if ended else 202, headers=headers)


def with_cut(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status of a cut-out with the address for `/api/snap` at its top."""
    cut = next((result.get("cloth_clean_url") for result in status["results"]), None)
    return {**status, "cloth_clean_url": cut} if status["job_type"] == "segment" else dict(status)


async def submitted(services: Services, caller: Caller, job_id: str, *, wait: float) -> JSONResponse:
    """Return how a submitted job is, after waiting for its end as long as the client asked for."""
    if wait > 0:
        status = await services.statuses.wait(caller.user_id, job_id, seconds=wait)
    else:
        status = await services.statuses.of(caller.user_id, job_id)
    return status_answer(status, waited=wait)


def image_body(services: Services, row: ImageRow) -> dict[str, Any]:
    """Return a photo."""
    return {
        "image_id": row.id,
        "image_url": services.store.url_of(row.incoming_key),
        "kind": row.kind,
        "ingested": row.key is not None,
        "content_type": row.content_type or row.declared_type,
        "width": row.width,
        "height": row.height,
        "size_bytes": row.size_bytes,
        "created_at": iso(row.created_at),
    }


def user_body(row: UserRow) -> dict[str, Any]:
    """Return a user."""
    return {
        "user_id": row.id,
        "kind": row.kind,
        "tenant": row.tenant,
        "display_name": row.display_name,
        "last_seq": row.last_seq,
        "created_at": iso(row.created_at),
    }


async def vton_bodies(services: Services, entries: list[TryonRow]) -> list[dict[str, Any]]:
    """Return VTON entries with their statuses."""
    async with services.ledger.read() as reads:
        units = await reads.jobs.units_of([entry.id for entry in entries])
        photos = await reads.images.by_ids(
            {i for entry in entries for i in (entry.person_image_id, entry.garment_image_id)}
        )
        cuts = await reads.jobs.by_ids({entry.cut_id for entry in entries if entry.cut_id})
    bodies = []
    for entry in entries:
        cut = cuts.get(entry.cut_id or "")
        bodies.append(
            await services.statuses.of_tryon(entry, units.get(entry.id, []))
            | {
                "user_photo_url": services.store.url_of(photos[entry.person_image_id].incoming_key),
                "cloth_image_url": services.store.url_of(photos[entry.garment_image_id].incoming_key),
                "cloth_clean_url": services.store.url_of(cut.result_key) if cut and cut.result_key else None,
                "options": entry.options,
            }
        )
    return bodies
