"""Consent: no photo of a shopper before it, where the tenant asks for it; everything goes after it."""

from __future__ import annotations

import httpx
import pytest

from access import made_key, refuses
from waiting import until

RULE = {"version": "2026-11", "text": "We keep it\nfor a week.", "minimum_age": 16, "regions": ["DE"]}
ASKED = {"kind": "person", "content_type": "image/png", "size_bytes": 900}


@pytest.fixture
async def shopper(gateway, owner):
    """Makes shoppers of acme, which asks for consent in Germany."""
    assert (await owner.http.put("/v1/tenants/acme/consent", json=RULE)).status_code == 204
    shop = gateway.bearer((await made_key(owner))["key"])

    async def make(**wish):
        made = (await shop.http.post("/v1/tokens", json=wish)).json()
        return gateway.bearer(made["access_token"], made["user_id"])

    return make


async def upload(caller) -> tuple[int, str | None]:
    answer = await caller.http.get("/images/presignedUpUrl", params=ASKED)
    return answer.status_code, answer.json().get("code")


async def test_no_photo_is_taken_before_the_shopper_has_agreed(gateway, shopper, owner, picture) -> None:
    ann = await shopper(subject="ann", region="DE")
    assert await upload(ann) == (403, "consent_required")
    form = {"file": ("a.png", picture(), "image/png")}
    assert (await ann.http.post("/api/upload/cloth", files=form)).json()["code"] == "consent_required"
    asked = (await ann.http.get("/v1/consent")).json()
    assert (asked["required"], asked["met"], asked["text"], asked["given"]) == (True, False, RULE["text"], None)
    for wrong, code in (
        ({"version": "2025-01", "age_confirmed": True}, "consent_outdated"),
        ({"version": "2026-11"}, "age_not_confirmed"),
    ):
        assert (await ann.http.post("/v1/consent", json=wrong)).json()["code"] == code
    empty = {"version": "2026-11", "age_confirmed": True, "scope": []}
    assert (await ann.http.post("/v1/consent", json=empty)).json()["met"] is False
    given = {"version": "2026-11", "age_confirmed": True}
    assert (await ann.http.post("/v1/consent", json=given)).json()["met"] is True
    assert await upload(ann) == (200, None)
    await owner.http.put("/v1/tenants/acme/consent", json={**RULE, "version": "2026-12"})
    assert await upload(ann) == (403, "consent_required"), "a new text asks again"
    assert (await owner.http.delete("/v1/tenants/acme/consent")).status_code == 204
    assert await upload(ann) == (200, None)


async def test_it_is_asked_of_shoppers_in_its_regions_and_of_nobody_elses(gateway, shopper, owner, account) -> None:
    assert await upload(await shopper(region="US")) == (200, None)
    assert await upload(await shopper()) == (403, "consent_required"), "an unknown region is asked"
    assert await upload(owner) == (200, None), "the shop's own account is no shopper"
    stranger = await gateway.guest()
    assert await upload(stranger) == (200, None)
    assert (await stranger.http.post("/v1/consent", json={"version": "2026-11"})).json()["code"] == "conflict"
    rival = await account(gateway, "rival", scopes=["keys"])
    for verb in ("PUT", "DELETE"):
        refused = await rival.http.request(verb, "/v1/tenants/acme/consent", json=RULE if verb == "PUT" else None)
        assert refused.json()["code"] == "forbidden_scope"


async def test_withdrawn_everything_goes_and_the_record_of_it_stays(
    gateway, shopper, account, store, objects_left
) -> None:
    ann = await shopper(subject="ann", region="DE")
    await ann.http.post("/v1/consent", json={"version": "2026-11", "age_confirmed": True})
    await ann.upload()
    assert objects_left()
    assert (await ann.http.delete("/v1/consent")).status_code == 204
    assert objects_left() == []
    await until(lambda: refuses(ann))
    root = await account(gateway, "ops", scopes=["admin"])
    deeds = (await root.http.get("/v1/audit")).json()["items"]
    assert [(one["action"], one["target"]) for one in deeds[:2]] == [
        ("consent.withdraw", ann.user_id), ("consent.give", ann.user_id),
    ]  # fmt: skip
    assert deeds[1]["details"] == {"version": "2026-11", "scope": ["photos"], "region": None, "age_confirmed": True}
    assert (await root.http.delete("/v1/consent")).status_code == 403


async def test_everybody_may_read_how_long_data_is_kept(gateway) -> None:
    async with httpx.AsyncClient(base_url=gateway.url) as stranger:
        kept = (await stranger.get("/v1/retention")).json()
    assert (kept["guest_idle_days"], kept["tenant_days"], kept["audit_days"]) == (7.0, None, 365.0)


async def test_a_shopper_agrees_so_often_a_minute_and_each_is_one_line_of_the_audit_log(shopper, parts) -> None:
    ann = await shopper(subject="ann", region="DE")
    given = {"version": RULE["version"], "age_confirmed": True}
    answers = [(await ann.http.post("/v1/consent", json=given)).status_code for _ in range(9)]
    assert answers == [200] * 6 + [429] * 3
    async with parts.ledger.read() as reads:
        assert len(await reads.audit_log.page(None, limit=99, action="consent.give")) == 6
