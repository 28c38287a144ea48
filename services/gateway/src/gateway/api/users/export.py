"""The export of all that is kept of you, streamed as it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import Request
from fastapi.responses import StreamingResponse

from gateway.accounts.callers import Revoked
from gateway.api.dependencies import CallerDep, ServicesDep, allow, holds
from gateway.api.guarding import GuardedRouter

router = GuardedRouter(tags=["users"])

ZIP: Final = "application/zip"

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A ZIP: `data/<table>.json` with every row that is kept of you, your photos, cut-outs, parses "
        "and results as they are stored, and `export.json`, the last file, with their numbers. An archive without it "
        "broke off.",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/v1/users/me/export",
    dependencies=[holds("streams")],
    response_class=StreamingResponse,
    responses=_RESPONSES,
    summary="Export all that is kept of you",
)
async def export(request: Request, services: ServicesDep, caller: CallerDep) -> StreamingResponse:
    """Stream all that is kept of you as a ZIP. One runs at a time (409 `export_running`), so many a day."""
    running = AsyncExitStack()
    renew = await running.enter_async_context(services.exports.alone(caller.user_id))
    try:
        await allow(request, services, "exports", caller)
        now = datetime.now(UTC)
        pieces = services.exports.pieces(caller.user_id, now=now)
        first = await anext(pieces)  # What is away at once is a 503, not an archive that breaks off.
    except BaseException:
        await running.aclose()
        raise

    async def body() -> AsyncIterator[bytes]:
        async with running, aclosing(pieces):
            yield first
            async for piece in pieces:
                try:
                    services.callers.require_still(caller)
                except Revoked:
                    return  # The archive has no directory yet, so nobody takes it for a whole one.
                await renew()
                if piece:
                    yield piece

    headers = {
        "Content-Disposition": f'attachment; filename="export-{now:%Y-%m-%d}.zip"', "Cache-Control": "no-store",
    }  # fmt: skip
    return StreamingResponse(body(), media_type=ZIP, headers=headers)
