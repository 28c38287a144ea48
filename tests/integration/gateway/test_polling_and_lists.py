"""What clients that poll and list are given: tags, hints, deadlines by header, filters; misspelling is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

CONTRACT = Path(__file__).parents[3] / "docs" / "contract.md"
PAST = "2020-01-01T00:00:00Z"


async def test_a_poll_gets_a_tag_a_hint_and_304_while_nothing_changes(gateway, ready, hands) -> None:
    http = ready.guest.http
    made = await ready.snap()
    for path in (f"/api/status/{made['job_id']}", f"/v1/tryons/{made['job_id']}", f"/vtons/{made['vton_id']}"):
        waiting = await http.get(path)
        assert 1 <= int(waiting.headers["retry-after"]) <= 30
        assert waiting.headers["etag"]
    tag = waiting.headers["etag"]
    for asked in ({"headers": {"Prefer": "respond-async, wait=1"}}, {"params": {"wait": 0.2}}):
        waited = await http.get(f"/api/status/{made['job_id']}", **asked)
        assert waited.headers["preference-applied"] in ("wait=1", "wait=0.2")
    assert "preference-applied" not in waiting.headers
    async with hands.working():
        await ready.guest.wait(made["job_id"])
    over = await http.get(path, headers={"If-None-Match": tag})
    assert (over.status_code, over.json()["status"]) == (200, "completed")
    assert "retry-after" not in over.headers
    for known in (over.headers["etag"], over.headers["etag"].removeprefix("W/"), f'"x", {over.headers["etag"]}', "*"):
        again = await http.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", over.headers["etag"])
    head = await http.head(path, headers={"If-None-Match": tag})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", over.headers["etag"])


async def test_a_photos_record_has_a_tag_and_a_hint_until_it_is_prepared(gateway, hands) -> None:
    guest = await gateway.guest()
    image = (await guest.upload()).rpartition("/")[2]
    path = f"/v1/images/{image}"
    await guest.http.post(f"{path}/uploaded")
    assert (await guest.http.get(path)).headers["retry-after"] == "1"
    async with hands.working():
        while (record := await guest.http.get(path)).json()["preparation"]["status"] != "completed":
            pass
    assert "retry-after" not in record.headers
    assert (await guest.http.get(path, headers={"If-None-Match": record.headers["etag"]})).status_code == 304


async def test_cancel_after_is_a_deadline_or_refused_by_name(ready, picture, parts) -> None:
    http = ready.guest.http
    pair = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    form = {"data": {"cloth_clean_url": ready.garment}, "files": {"person": ("p.png", picture(), "image/png")}}
    for asked in ({"json": pair}, form):
        before = datetime.now(UTC)
        made = await http.post("/v1/tryons", **asked, headers={"Cancel-After": "1h30m"})
        assert made.status_code == 202, made.text
        async with parts.ledger.read() as reads:
            (unit,) = (await reads.jobs.units_of([made.json()["job_id"]]))[made.json()["job_id"]]
        assert timedelta(0) <= unit.deadline_at - before - timedelta(minutes=90) < timedelta(seconds=30)
    draft = (await http.post("/vtons", json=pair | {"deadline_ms": 60_000})).json()["vton_id"]
    for path, body, given, expected in [
        ("/api/snap", pair, "soon", "must be seconds or a duration"),
        ("/v1/tryons", pair, "2d", "must be seconds or a duration"),
        ("/v1/tryons", pair, "25h", "between 100ms and 24h"),
        ("/v1/tryons", pair | {"deadline_ms": 60_000}, "60", "send one of them"),
        ("/catvton/transferOutfit", {"vton_id": draft}, "60", "send one of them"),
    ]:
        refused = await http.post(path, json=body, headers={"Cancel-After": given})
        problem = refused.json()
        assert (refused.status_code, problem["errors"][0]["pointer"]) == (422, "/header/Cancel-After"), problem
        assert expected in problem["detail"]
    late = await http.post("/v1/tryons", json=pair, headers={"Cancel-After": "100ms"})
    assert (late.status_code, late.json()["code"]) == (429, "deadline_unreachable")


async def test_lists_are_filtered_by_time_label_status_and_the_clients_own_id(gateway, ready, hands) -> None:
    http = ready.guest.http
    pair = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    one = await ready.snap(external_id="order-1", metadata={"look": "summer", "shop": "a"})  # the short way
    two = await ready.snap(external_id="order-2", metadata={"look": "summer"}, num_samples=2)  # the long way
    draft = (await http.post("/vtons", json=pair | {"external_id": "order-3", "metadata": {"look": "winter"}})).json()
    assert [one["external_id"], two["external_id"], draft["external_id"]] == ["order-1", "order-2", "order-3"]
    status = (await http.get(f"/v1/tryons/{one['job_id']}")).json()
    assert (status["external_id"], status["metadata"]["shop"]) == ("order-1", "a")

    async def ids(path: str, **asked: str) -> list[str]:
        return [item["external_id"] for item in (await http.get(path, params=asked)).raise_for_status().json()["items"]]

    everything = ["order-2", "order-1", None]
    assert await ids("/v1/tryons") == everything
    assert await ids("/v1/tryons", external_id="order-1") == ["order-1"]
    assert await ids("/v1/tryons", **{"metadata[look]": "summer"}) == ["order-2", "order-1"]
    assert await ids("/v1/tryons", **{"metadata[look]": "summer", "metadata[shop]": "a"}) == ["order-1"]
    assert await ids("/v1/tryons", **{"metadata[look]": "x"}) == []
    assert await ids("/v1/tryons", status="completed") == [None]
    assert await ids("/v1/tryons", created_after=one["created_at"]) == everything[:2]
    assert await ids("/v1/tryons", created_before=one["created_at"]) == everything[2:]
    assert await ids("/v1/tryons", created_after=PAST, created_before=two["created_at"]) == everything[1:]
    assert await ids("/vtons", **{"metadata[look]": "winter"}) == ["order-3"]
    assert await ids("/vtons", external_id="order-2") == ["order-2"]

    submitted = (await http.post("/catvton/transferOutfit", json={"vton_id": draft["vton_id"]})).json()
    assert submitted["external_id"] == "order-3"

    key = {"Idempotency-Key": "one"}  # It is known under both names of a submit.
    first, second = [await http.post(path, json=pair, headers=key) for path in ("/api/snap", "/v1/tryons")]
    assert first.json()["job_id"] == second.json()["job_id"]


SENSELESS = [
    "metadata[a]=1&metadata[a]=2", "metadata[%00]=1", f"metadata[a]={'x' * 257}", "external_id=",
    "created_after=yesterday", "created_before=2026-01-01", "&".join(f"metadata[{n}]=1" for n in range(17)),
]  # fmt: skip


async def test_a_query_parameter_that_nobody_knows_is_refused_on_json_routes_alone(gateway, ready, picture) -> None:
    http, stranger = ready.guest.http, gateway.bearer("nobody").http
    pair = {"user_photo_url": ready.person, "cloth_clean_url": ready.garment}
    status = (await http.get("/v1/tryons")).json()["items"][0]["job_id"]
    for path in ("/v1/tryons", f"/v1/tryons/{status}", "/v1/models", "/v1/images", "/v1/auth/me"):
        answer = await http.get(path, params={"statsu": "queued"})
        if answer.status_code != 404:
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter"), answer.text
            assert "'statsu'" in answer.json()["detail"]
    assert "created_after" in (await http.get("/v1/tryons", params={"since": PAST})).json()["detail"]
    for asked in ({"json": pair}, {"data": pair}):
        refused = await http.post("/v1/tryons?prioritiy=high", **asked)
        assert (refused.status_code, refused.json()["code"]) in [(422, "unknown_parameter"), (422, "invalid_request")]
    for query in SENSELESS:
        answer = await http.get(f"/v1/tryons?{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request"), query
    assert (await stranger.get("/v1/tryons?statsu=1")).status_code == 401
    for path in (
        "/v1/tryons?utm_source=mail", f"/api/status/{status}?x=1", "/vtons?x=1", "/health?x=1", "/users/me?x=1",
        f"/v1/results/{status}/1?x=1&utm_medium=mail",
    ):  # fmt: skip
        assert (await http.get(path)).status_code in (200, 302), path


async def test_the_documented_listener_hears_a_job_end_and_every_get_answers_head(gateway, ready, hands) -> None:
    """docs/contract.md shows a listener in Python; polling transports are refused with a sentence."""
    (snippet,) = re.findall(r"```python\n(import socketio\n.*?)```", CONTRACT.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(snippet, names)
    made = await ready.snap()
    async with hands.working():
        event = await names["end_of"](gateway.url, ready.guest.token, made["job_id"])  # type: ignore[operator]
    assert (event["job_id"], event["status"]) == (made["job_id"], "completed")
    polling = await ready.guest.http.get("/updates/?EIO=4&transport=polling")
    assert polling.status_code == 400

    icon = await ready.guest.http.get("/favicon.ico")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    for path in ("/v1/tryons", "/v1/models", "/health", "/favicon.ico", "/openapi.json"):
        got, head = await ready.guest.http.get(path), await ready.guest.http.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
