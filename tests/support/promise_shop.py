"""What a shop's server asks of a gateway in the walk over its promises: webhooks, batches, masks, marks."""

from __future__ import annotations

import json
from typing import Any

import httpx

from hands import Hands, png
from proteus.keys import JOBS
from proteus.payloads import TryonWork
from receiver import Receiver
from waiting import until


async def turn_the_page(client: httpx.AsyncClient, path: str) -> None:
    first = (await client.get(path, params={"limit": 1})).raise_for_status().json()
    (await client.get(path, params={"limit": 1, "cursor": first["next_cursor"]})).raise_for_status()


async def hooks_of(hooks: httpx.AsyncClient, receiver: Receiver) -> dict[str, str]:
    """Make an endpoint that has got one message; return the ids the examples' are exchanged for."""
    hook = (await hooks.post("/v1/webhooks", json={"url": receiver.url})).raise_for_status().json()
    path = f"/v1/webhooks/{hook['webhook_id']}"
    for _ in range(2):
        (await hooks.post(f"{path}/ping")).raise_for_status()
    await turn_the_page(hooks, f"{path}/deliveries")

    async def delivered() -> Any:
        items = (await hooks.get(f"{path}/deliveries")).json()["items"]
        return items and items[0]

    delivery = await until(delivered)
    (await hooks.get(f"{path}/deliveries", params={"state": delivery["state"]})).raise_for_status()
    (await hooks.post("/v1/webhooks", json={"url": f"{receiver.url}/second"})).raise_for_status()
    return {"webhook_id": hook["webhook_id"], "delivery_id": delivery["delivery_id"]}


async def batches_of(shop: Any, client: httpx.AsyncClient) -> str:
    """Make batches in every way there is; return the id of one that waits."""
    asked = {"persons": [shop.person], "garments": [shop.garment] * 2}
    (await client.post("/v1/batches", json={**asked, "dry_run": True})).raise_for_status()
    lines = "\n".join(json.dumps({"person": shop.person, "garment": shop.garment}) for _ in range(2))
    jsonl = {"content-type": "application/jsonl", "Idempotency-Key": "lines"}
    (await client.post("/v1/batches", content=lines, headers=jsonl)).raise_for_status()
    (await client.post("/v1/batches", json=asked, params={"wait": 0.1})).raise_for_status()
    made = (await client.post("/v1/batches", json=asked, headers={"Prefer": "wait=1"})).raise_for_status().json()
    path = f"/v1/batches/{made['batch_id']}"
    for headers in ({}, {"If-None-Match": "*"}):
        await client.get(path, headers=headers)
    (await client.get(f"{path}/results", params={"format": "jsonl"})).raise_for_status()
    await turn_the_page(client, f"{path}/items")
    other = (await client.post("/v1/batches", json=asked)).raise_for_status().json()
    (await client.post(f"/v1/batches/{other['batch_id']}/cancel")).raise_for_status()
    return str(made["batch_id"])


async def mask_of(client: httpx.AsyncClient, pair: dict[str, str], hands: Hands) -> None:
    """Have a picture made whose mask is named, and ask for the mask."""
    job = (await client.post("/v1/tryons", json={**pair, "return_mask": True})).raise_for_status().json()
    taken = await hands.take(JOBS)
    mask = f"derived/{taken.id}.png"
    hands.store.put(mask, png(mode="L"), content_type="image/png")
    assert TryonWork.read(taken.body).return_mask
    await hands.finish(taken, mask_key=mask)
    await client.get(f"/v1/tryons/{job['job_id']}", params={"wait": 20})
    (await client.get(f"/v1/results/{job['job_id']}/1/mask")).raise_for_status()
