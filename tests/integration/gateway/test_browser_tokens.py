"""Browser tokens: a shop's server vouches for its shoppers, within what its key may do."""

from __future__ import annotations

import pytest
import socketio

from access import made_key as made
from access import refusal_of_socket
from waiting import until

SHOP, EVIL = "https://shop.example", "https://evil.example"


@pytest.fixture
async def shop(gateway, owner):
    """A shop's server, with its key."""
    return gateway.bearer((await made(owner))["key"])


async def token(shop, **wish):
    answer = await shop.http.post("/v1/tokens", json=wish)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_the_same_subject_is_the_same_user_and_another_tenants_is_not(gateway, shop, account) -> None:
    ann, again, ben = [await token(shop, subject=name) for name in ("ann", "ann", "ben")]
    assert ann["user_id"] == again["user_id"] != ben["user_id"]
    rival = await account(gateway, "rival", scopes=["keys"])
    elsewhere = await token(gateway.bearer((await made(rival))["key"]), subject="ann")
    assert elsewhere["user_id"] not in (ann["user_id"], ben["user_id"])
    assert (await token(shop))["user_id"] not in (ann["user_id"], ben["user_id"])
    me = (await gateway.bearer(ann["access_token"]).http.get("/users/me")).json()
    assert (me["user_id"], me["kind"], me["tenant"]) == (ann["user_id"], "guest", "acme")


async def test_a_shopper_sees_his_own_alone(gateway, shop) -> None:
    ann, ben = [gateway.bearer((await token(shop, subject=name))["access_token"]) for name in ("ann", "ben")]
    image_id = (await ann.upload()).rpartition("/")[2]
    assert (await ann.http.get(f"/v1/images/{image_id}")).status_code == 200
    for other in (ben, shop):
        assert (await other.http.get(f"/v1/images/{image_id}")).status_code == 404


async def test_a_token_bound_to_origins_opens_nothing_elsewhere(gateway, shop) -> None:
    bound = (await token(shop, allowed_origins=[SHOP]))["access_token"]
    http = gateway.bearer(bound).http
    ours = {"Origin": SHOP}
    assert (await http.get("/v1/tryons", headers=ours)).status_code == 200
    for headers in ({"Origin": EVIL}, {}, {"Origin": "null"}, {"Origin": SHOP + ".evil.example"}):
        for verb, path, body in (
            ("GET", "/v1/tryons", None),
            ("POST", "/v1/tryons", {"user_photo_url": "http://x/a", "cloth_clean_url": "http://x/b"}),
            ("GET", "/v1/events", None),
        ):
            answer = await http.request(verb, path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "origin_not_allowed"), (headers, path)
    assert "origin_not_allowed" in await refusal_of_socket(gateway.url, bound)
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(
        gateway.url, headers=ours, auth={"token": bound}, transports=["websocket"], socketio_path="updates"
    )
    await client.shutdown()


async def test_a_token_may_no_more_than_its_key_and_mints_nothing(gateway, shop) -> None:
    answer = await shop.http.post("/v1/tokens", json={"scopes": ["priority:high"]})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_scope")
    for wrong in (
        {"scopes": ["admin"]},
        {"expires_in": 86_400},
        {"subject": ""},
        {"subject": "a\0b"},
        {"allowed_origins": ["*"]},
    ):
        assert (await shop.http.post("/v1/tokens", json=wrong)).status_code == 422, wrong
    shopper = gateway.bearer((await token(shop))["access_token"])
    assert (await shopper.http.post("/v1/tokens", json={})).json()["code"] == "forbidden_scope"


@pytest.mark.long
async def test_only_a_key_mints_tokens(owner) -> None:
    answer = await owner.http.post("/v1/tokens", json={})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_needed")


@pytest.mark.long
async def test_a_tokens_own_limit_holds_for_its_shopper(gateway, shop) -> None:
    shopper = gateway.bearer((await token(shop, limits={"uploads": 1}))["access_token"])
    asked = {"kind": "person", "content_type": "image/png", "size_bytes": 900}
    answers = [await shopper.http.get("/images/presignedUpUrl", params=asked) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 429]


@pytest.mark.long
async def test_a_deleted_shopper_loses_his_token_and_comes_back_as_somebody_new(gateway, shop) -> None:
    first = await token(shop, subject="ann")
    ann = gateway.bearer(first["access_token"])
    assert (await ann.http.delete("/users/me")).status_code == 204

    async def gone():
        return (await ann.http.get("/users/me")).status_code == 401

    await until(gone)
    assert (await token(shop, subject="ann"))["user_id"] != first["user_id"]
