"""What tests of webhooks do as a shop: make endpoints, look at deliveries, and let time pass for the outbox."""

from __future__ import annotations

from sqlalchemy import text

from waiting import until


async def made(shop, url, **more):
    given = await shop.http.post("/v1/webhooks", json={"url": url, **more})
    assert given.status_code == 201, given.text
    assert given.headers["cache-control"] == "no-store"
    return given.json()


async def passes(services, seconds: float, *, leases: bool = False) -> None:
    """Let time pass for everything that waits in the outbox, by moving its moments back."""
    columns = ["next_at", *(["leased_until"] if leases else [])]
    moved = ", ".join(f"{one} = {one} - make_interval(secs => :seconds)" for one in columns)
    async with services.ledger.write() as writes:
        await writes.users._connection.execute(
            text(f"UPDATE webhook_deliveries SET {moved} WHERE state = 'pending'"), {"seconds": seconds}
        )
    services.dispatcher.wake()


async def deliveries(shop, hook, **asked):
    found = await shop.http.get(f"/v1/webhooks/{hook['webhook_id']}/deliveries", params=asked)
    return found.raise_for_status().json()["items"]


async def in_state(shop, hook, state, many=1):
    """Wait until so many deliveries are in this state; return them."""

    async def found():
        there = await deliveries(shop, hook, state=state)
        return there if len(there) >= many else None

    return await until(found, what=f"{many} deliveries {state}")
