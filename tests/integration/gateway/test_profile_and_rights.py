"""What a user prefers is what a submit means that does not say; what a tenant or key may use is refused at the door."""

from __future__ import annotations

import pytest

from access import made_key
from hands import png
from waiting import until

TENANT = "/v1/tenants/acme"


@pytest.fixture
async def pair(gateway, owner):
    """A person's photo and a garment of the owner, for submits that nobody weaves."""
    return {
        "user_photo_url": await owner.upload(),
        "cloth_clean_url": await owner.upload(png((80, 80)), kind="garment"),
    }


async def options_of(parts, answer):
    assert answer.status_code == 202, answer.text
    async with parts.ledger.read() as reads:
        entry = await reads.tryons.find(answer.json()["job_id"], user_id="user_acme")
    return entry.options["engine"], entry.options["quality"]


async def prefer(client, **preferences):
    return await client.http.patch("/v1/users/me", json={"preferences": preferences})


async def test_a_submit_that_names_nothing_is_made_as_its_user_prefers(gateway, owner, pair, parts) -> None:
    async def submitted(**named):
        return await options_of(parts, await owner.http.post("/v1/tryons", json={**pair, **named}))

    assert await submitted() == ("puppet", "balanced")
    changed = await prefer(owner, engine="timed", quality="best", units="imperial")
    assert changed.status_code == 200, changed.text
    assert await submitted() == ("timed", "best"), "at once"
    assert await submitted(model="puppet") == ("puppet", "best")
    assert await submitted(quality="balanced") == ("timed", "balanced"), "naming the deployment's own is naming it"
    garments = [{"image": pair["cloth_clean_url"], "category": "upper"}]
    one = await owner.http.post("/v1/tryons", json={"user_photo_url": pair["user_photo_url"], "garments": garments})
    assert await options_of(parts, one) == ("timed", "best")
    form = {**pair, "quality": "fast"}
    in_form = await owner.http.post("/v1/tryons", files={name: (None, value) for name, value in form.items()})
    assert await options_of(parts, in_form) == ("timed", "fast")
    draft = (await owner.http.post("/vtons", json=pair)).json()
    assert (draft["options"]["engine"], draft["options"]["quality"]) == ("timed", "best")
    key = gateway.bearer((await made_key(owner))["key"])
    assert await options_of(parts, await key.http.post("/v1/tryons", json=pair)) == ("timed", "best")
    cleared = await owner.http.patch("/v1/users/me", json={"preferences": None})
    assert cleared.json()["preferences"] == {"engine": None, "quality": None, "units": None}
    assert await submitted() == ("puppet", "balanced")


async def test_a_profile_keeps_what_a_change_leaves_out(gateway) -> None:
    guest = await gateway.guest()
    await guest.http.patch("/v1/users/me", json={"display_name": "Ada"})
    await prefer(guest, quality="fast", units="metric")
    mine = (await guest.http.get("/v1/users/me")).json()
    assert (mine["display_name"], mine["preferences"]) == (
        "Ada", {"engine": None, "quality": "fast", "units": "metric"},
    )  # fmt: skip
    assert mine["expires_at"] > mine["created_at"], "a guest who stays away goes"
    assert (await guest.http.patch("/v1/users/me", json={})).json() == mine
    assert (await guest.http.get("/users/me")).json()["display_name"] == "Ada"


@pytest.mark.parametrize(
    ("preferences", "status", "code"),
    [
        ({"engine": "nobodys"}, 422, "model_unavailable"),
        ({"engine": "fashn"}, 403, "engine_not_allowed"),
        ({"quality": "best"}, 403, "quality_not_allowed"),
        ({"quality": "superb"}, 422, "invalid_request"),
        ({"units": "parsecs"}, 422, "invalid_request"),
        ({"colour": "red"}, 422, "invalid_request"),
    ],
)
async def test_a_preference_that_a_submit_would_be_refused_with_is_refused(
    gateway, owner, account, preferences, status, code
) -> None:
    admin = await account(gateway, "staff", scopes=["admin"])
    given = await admin.http.put(TENANT, json={"engines": ["puppet", "timed"], "qualities": ["fast", "balanced"]})
    assert given.status_code == 200, given.text

    async def refused():
        answer = await prefer(owner, **preferences)
        return answer if (answer.status_code, answer.json().get("code")) == (status, code) else None

    await until(refused, what=f"{status} {code}")
    assert (await owner.http.get("/v1/users/me")).json()["preferences"]["units"] is None


async def test_a_preference_whose_right_was_taken_is_refused_at_the_submit(gateway, owner, account, pair) -> None:
    assert (await prefer(owner, engine="timed", quality="best")).status_code == 200
    admin = await account(gateway, "staff", scopes=["admin"])
    await admin.http.put(TENANT, json={"engines": ["puppet"]})

    async def refused():
        answer = await owner.http.post("/v1/tryons", json=pair)
        return answer.json().get("code") == "engine_not_allowed"

    await until(refused, what="a refusal by name")


async def test_what_a_tenant_or_key_may_use_is_refused_at_the_door_and_shown_to_its_callers(
    gateway, owner, account, pair
) -> None:
    admin = await account(gateway, "staff", scopes=["admin"])
    rule = {"qualities": ["fast", "balanced"], "priorities": ["normal", "low"], "engines": ["puppet", "timed"]}
    ruled = (await admin.http.put(TENANT, json=rule)).json()
    assert [ruled[name] for name in ("qualities", "priorities")] == [["balanced", "fast"], ["low", "normal"]]
    made = await made_key(owner, engines=["timed"], qualities=["fast", "best"], priorities=["low"])
    key = gateway.bearer(made["key"])

    async def asked(client, **named):
        answer = await client.http.post("/v1/tryons", json={**pair, **named})
        return answer.json().get("code", answer.status_code)

    async def holds():
        return await asked(owner, quality="best") == "quality_not_allowed"

    await until(holds, what="the tenant's rule")
    low = {"model": "timed", "quality": "fast", "priority": "low"}
    assert [
        await asked(owner, priority="high"), await asked(owner, priority="low"), await asked(key),
        await asked(key, **low), await asked(key, **low | {"quality": "best"}),
        await asked(key, **low | {"quality": "balanced"}), await asked(key, **low | {"priority": "normal"}),
    ] == [
        "forbidden_scope", 202, "engine_not_allowed",
        202, "quality_not_allowed", "quality_not_allowed", "priority_not_allowed",
    ]  # fmt: skip
    rotated = await owner.http.post(f"/v1/keys/{made['key_id']}/rotate", json={"grace_seconds": 0})
    assert (rotated.json()["qualities"], rotated.json()["priorities"]) == (["best", "fast"], ["low"])
    heir = gateway.bearer(rotated.json()["key"])
    shown = {one["engine"]: one["allowed"] for one in (await heir.http.get("/v1/models")).json()["items"]}
    assert {name for name, allowed in shown.items() if allowed} <= {"timed"}
    shown = {one["engine"]: one["allowed"] for one in (await owner.http.get("/v1/models")).json()["items"]}
    assert (shown["puppet"], shown["fashn"]) == (True, False)
