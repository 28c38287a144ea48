"""Spend caps: GPU seconds a day and a month of a tenant or a key, the same at every gateway."""

from __future__ import annotations

import asyncio

from access import made_key


async def test_two_gateways_together_give_away_no_more_than_a_tenants_cap(
    gateway, gateway_settings, serve, account, prepare
) -> None:
    admin, shop = await account(gateway, "staff", scopes=["admin"]), await account(gateway, "acme")
    ready = await prepare(gateway, shop)
    picture = gateway_settings.admission.default_picture_seconds
    cap = {"per_day": 3.5 * picture}
    capped = await admin.http.put("/v1/spend-caps/tenants/acme", json=cap)
    assert capped.status_code == 200, capped.text
    async with serve(gateway_settings) as second:
        other = second.bearer(shop.token, shop.user_id)
        body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
        asked = [client.http.post("/api/snap", json=body) for client in (shop, other) for _ in range(4)]
        answers = await asyncio.gather(*asked)
        assert sorted(one.status_code for one in answers) == [202] * 3 + [429] * 5
        unread = {**body, "user_photo_url": "https://elsewhere.example/nobody.png"}
        refused = await other.http.post("/api/snap", json=unread)
        assert refused.json()["code"] == "spend_cap_reached", "refused before its photos are looked at"
        assert 0 < int(refused.headers["retry-after"]) <= 86_400
        job_id = next(one.json()["job_id"] for one in answers if one.status_code == 202)
        await shop.http.post(f"/v1/tryons/{job_id}/cancel")
        assert (await shop.wait(job_id))["status"] == "canceled"
        assert (await other.http.post("/api/snap", json=body)).status_code == 202, "what ended unspent is free again"
    assert (await admin.http.put("/v1/spend-caps/tenants/acme", json={})).status_code == 200
    assert (await shop.http.post("/api/snap", json=body)).status_code == 202


async def test_a_keys_cap_is_its_own_and_holds_by_day_and_by_month(
    gateway, gateway_settings, serve, owner, prepare
) -> None:
    ready = await prepare(gateway, owner)
    picture = gateway_settings.admission.default_picture_seconds
    keys = [await made_key(owner) for _ in range(2)]
    body = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    async with serve(gateway_settings) as second:
        for cap in ({"per_day": 1.5 * picture}, {"per_month": 2.5 * picture}):
            capped = await owner.http.put(f"/v1/spend-caps/keys/{keys[0]['key_id']}", json=cap)
            assert capped.status_code == 200, capped.text
            codes = []
            for one in (gateway, second):
                answer = await one.bearer(keys[0]["key"], "user_acme").http.post("/v1/tryons", json=body)
                codes.append(answer.json().get("code", answer.status_code))
            assert codes == [202, "spend_cap_reached"], cap
        free = await second.bearer(keys[1]["key"], "user_acme").http.post("/v1/tryons", json=body)
        assert free.status_code == 202, "another key of the same tenant"
        assert (await owner.http.post("/v1/tryons", json=body)).status_code == 202, "the tenant has no cap"
