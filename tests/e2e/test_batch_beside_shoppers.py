"""A batch on a whole fleet: those who wait for a picture hardly notice it, and it goes on between them."""

from __future__ import annotations

import asyncio
import statistics
from pathlib import Path
from time import monotonic

import pytest
from tests.e2e.conftest import running

from proteus_cli.access import mint
from proteus_client import AsyncProteus
from waiting import until
from workbench import assets

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(600)]

TIMED = {
    "WEAVER_ENGINES": "timed",
    "PROTEUS_DEFAULT_ENGINE": "timed",
    "WEAVER_TIMED_CURVE": "1:1.5,2:2.9,4:5.6",
    "ADMISSION_MAX_REPLICAS": "1",
}
"""One worker: a picture of the batch that did not yield would cost a shopper up to a second and a half."""

SHOPPERS = 10


async def waits(client: AsyncProteus, person: str, garment: str) -> list[float]:
    """Have pictures made one after another; return how long each took, in seconds."""
    took = []
    for seed in range(SHOPPERS):
        began = monotonic()
        job = await client.submit(person, garment, seed=seed)
        await client.follow(job.job_id)
        took.append(monotonic() - began)
        await asyncio.sleep(0.7 * seed % 1.0)
    return took


async def test_shoppers_hardly_notice_a_batch_and_it_goes_on_between_them(tmp_path: Path) -> None:
    folder = tmp_path / "stack"
    async with running(folder, **TIMED) as plan:
        token = await asyncio.to_thread(mint, folder, tenant="acme")
        async with AsyncProteus(plan.gateway_url) as shopper, AsyncProteus(plan.gateway_url, token=token) as shop:
            of_shopper, of_shop = [
                [await one.upload(path.read_bytes(), kind=kind) for path, kind in PHOTOS] for one in (shopper, shop)
            ]
            await waits(shopper, *of_shopper)
            alone = await waits(shopper, *of_shopper)
            batch = await shop.batch(of_shop[:1], of_shop[1:] * 40)

            async def made() -> int:
                items = await shop.batch_items(batch.batch_id)
                return sum(item.status == "completed" for item in items)

            await until(made, seconds=60, what="the first picture of the batch")
            before = await made()
            beside = await waits(shopper, *of_shopper)
            meanwhile = await made() - before
    quiet, busy = statistics.median(alone), statistics.median(beside)
    print(f"alone {quiet:.2f} s, beside a batch {busy:.2f} s; {meanwhile} of its pictures made meanwhile")
    assert busy < 1.25 * quiet
    assert meanwhile > 0


PHOTOS = ((assets.PERSON, "person"), (assets.GARMENT, "garment"))
