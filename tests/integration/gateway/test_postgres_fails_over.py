"""The primary Postgres dies for good: which accepted jobs its standby has, with a synchronous one and without."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from copied_postgres import CopiedPostgres
from gateway.limit_settings import LimitSettings
from gateway.settings import DatabaseSettings
from waiting import until

pytestmark = pytest.mark.long

SHOPPERS = 8
ACCEPTED = 60
NO_LIMITS = LimitSettings(submits_per_minute=0, guest_requests_per_minute=0, guest_queued=0, guest_total=0)


@pytest.fixture
def copied(tmp_path: Path, gateway_settings: Any, serve: Any, store: Any) -> Any:
    """Both servers with a gateway, and photos ready for try-ons."""

    @asynccontextmanager
    async def make(*, synchronous: bool) -> AsyncIterator[tuple[CopiedPostgres, Any, dict[str, str]]]:
        servers = CopiedPostgres(tmp_path, synchronous=synchronous)
        try:
            await asyncio.to_thread(servers.start)
            settings = gateway_settings.model_copy(
                update={"database": DatabaseSettings(url=servers.url), "limits": NO_LIMITS}
            )
            async with serve(settings) as gateway:
                guest = await gateway.guest()
                pair = {"user_photo_url": await guest.upload(), "cloth_clean_url": await guest.upload(kind="garment")}
                await until(lambda: asyncio.to_thread(servers.follows), what="a standby that has caught up")
                yield servers, guest, pair
        finally:
            await asyncio.to_thread(servers.stop)

    return make


async def submit(guest: Any, pair: dict[str, str], key: str = "") -> str | None:
    """Return the id of a try-on that was accepted; None: no 2xx came."""
    try:
        answer = await guest.http.post("/v1/tryons", json=pair, headers={"Idempotency-Key": key or uuid4().hex})
    except httpx.HTTPError:
        return None
    return str(answer.json()["job_id"]) if answer.is_success else None


async def test_no_accepted_job_is_lost_where_commits_wait_for_a_standby(copied: Any) -> None:
    async with copied(synchronous=True) as (servers, guest, pair):
        accepted: set[str] = set()
        dead = asyncio.Event()

        async def shop() -> None:
            while not dead.is_set():
                if (job_id := await submit(guest, pair)) is not None:
                    accepted.add(job_id)

        async def enough() -> bool:
            return len(accepted) >= ACCEPTED

        async with asyncio.TaskGroup() as shoppers:
            for _ in range(SHOPPERS):
                shoppers.create_task(shop())
            await until(enough, what="jobs accepted under load")
            await asyncio.to_thread(servers.kill_primary)
            dead.set()
        await asyncio.to_thread(servers.promote)
        assert accepted - servers.jobs() == set()

        async def goes_on() -> bool:
            return await submit(guest, pair) is not None

        await until(goes_on, what="the gateway at the promoted standby")
        statuses = [(await guest.http.get(f"/api/status/{job_id}")).status_code for job_id in accepted]
        assert set(statuses) == {200}


async def test_while_the_standby_is_away_nothing_is_accepted_where_commits_wait_for_it(
    copied: Any,
) -> None:
    async with copied(synchronous=True) as (servers, guest, pair):
        await asyncio.to_thread(servers.part)
        for _ in range(2):  # Again, too: the first one's row is there, on this server alone.
            assert await submit(guest, pair, "same") is None
        await asyncio.to_thread(servers.kill_primary)


async def test_a_standby_that_nobody_waits_for_lacks_what_was_accepted_last(copied: Any) -> None:
    async with copied(synchronous=False) as (servers, guest, pair):
        await asyncio.to_thread(servers.part)
        accepted = {await submit(guest, pair) for _ in range(3)}
        assert None not in accepted
        await asyncio.to_thread(servers.kill_primary)
        await asyncio.to_thread(servers.promote)
        assert accepted & servers.jobs() == set()
