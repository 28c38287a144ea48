"""Safety as clients see it: whose level a job carries, what a blocked picture's status says, and that nobody pays."""

from __future__ import annotations

import pytest

from gateway.picture_rules import FRESH_SECONDS, PictureRule, PictureRules, known_level
from proteus.errors import ContentBlocked
from proteus.keys import JOBS, TAILOR
from proteus.payloads import IngestWork, TryonWork
from proteus.queue import Failure
from proteus.usage import Usage
from proteus.worker.safety import SafetyCheck, SafetyModel
from safety_models import GREY, RED, painted, write_model
from waiting import until


@pytest.fixture
async def operator(gateway, account):
    """An administrator who has set the level of the tenant `acme`."""
    admin = await account(gateway, "operators", scopes=["admin"])

    async def set_level(level: str | None) -> None:
        answer = await admin.http.put("/v1/tenants/acme", json={"safety": level})
        assert (answer.status_code, answer.json()["safety"]) == (200, level)

    admin.set_level = set_level
    return admin


async def works_of(ready, hands) -> tuple[IngestWork, TryonWork]:
    """What the workers get for a new photo and a new picture."""
    await ready.guest.snap(await ready.guest.upload(painted(GREY)), ready.garment)
    ingest = await hands.take(TAILOR)
    await hands.finish(ingest)
    async with hands.working(TAILOR):
        woven = await hands.take(JOBS)
    await hands.finish(woven)
    return IngestWork.read(ingest.body), TryonWork.read(woven.body)


async def test_a_job_carries_its_tenants_level_and_none_where_the_deployments_counts(
    gateway, operator, owner, prepare, hands, tmp_path
) -> None:
    hands.safety = SafetyCheck("off", SafetyModel(write_model(tmp_path)))
    ready, guest = await prepare(gateway, owner), await prepare(gateway, await gateway.guest())
    for level in ("strict", "off", "standard", None):
        await operator.set_level(level)

        async def holds(level: str | None = level) -> bool:
            return [work.safety for work in await works_of(ready, hands)] == [level, level]

        await until(holds, what=f"the level {level}")
    await operator.set_level("strict")
    assert [work.safety for work in await works_of(guest, hands)] == [None, None], "another tenant's"
    refused = await operator.http.put("/v1/tenants/acme", json={"safety": "medium"})
    assert (refused.status_code, "safety" in refused.text) == (422, True)
    logged = (await operator.http.get("/v1/audit", params={"tenant": "acme"})).text
    assert '"safety":"strict"' in logged.replace(" ", "")


async def test_a_picture_carries_its_tenants_label_and_none_where_the_deployments_counts(
    gateway, operator, owner, prepare, hands
) -> None:
    ready, guest = await prepare(gateway, owner), await prepare(gateway, await gateway.guest())
    for label in ("Made with AI by Acme", "", None):
        answer = await operator.http.put("/v1/tenants/acme", json={"label": label})
        assert (answer.status_code, answer.json()["label"]) == (200, label)

        async def holds(label: str | None = label) -> bool:
            return (await works_of(ready, hands))[1].label == label

        await until(holds, what=f"the label {label!r}")
        assert (await works_of(guest, hands))[1].label is None, "another tenant's"
    listed = (await operator.http.get("/v1/tenants")).json()["items"]
    assert [tenant["label"] for tenant in listed if tenant["tenant"] == "acme"] == [None]
    for refused, rule in (("Générée", "U+00E9"), (" ", "blank"), ("A" * 61, "60"), ("A\n", "U+000A"), (7, "string")):
        answer = await operator.http.put("/v1/tenants/acme", json={"label": refused})
        assert answer.status_code == 422, refused
        assert "label" in answer.text, refused
        assert rule in answer.text, refused
    logged = (await operator.http.get("/v1/audit", params={"tenant": "acme"})).text
    assert '"label":"Made with AI by Acme"' in logged.replace(": ", ":")


async def test_levels_are_read_again_after_a_second_and_unknown_ones_count_as_the_strictest(parts, operator) -> None:
    now = 100.0
    rules = PictureRules(parts.ledger, now=lambda: now)
    assert await rules.read() == {}
    await operator.set_level("standard")
    assert await rules.read() == {}
    now += FRESH_SECONDS
    assert await rules.read() == {"acme": PictureRule(safety="standard")}
    assert [known_level(word) for word in ("off", "standard", "strict", "extreme", None)] == [
        "off", "standard", "strict", "strict", None,
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["person", "garment"])
async def test_a_blocked_photo_says_so_leaves_nothing_and_is_refused_at_once_the_next_time(
    kind, gateway, owner, prepare, hands, store, tmp_path
) -> None:
    ready = await prepare(gateway, owner)
    hands.safety = SafetyCheck("standard", SafetyModel(write_model(tmp_path)))
    before = {found.key for found in store.list("")}
    red = await ready.guest.upload(painted(RED), kind=kind)
    body = {"user_photo_url": ready.person, "cloth_clean_url": red}
    if kind == "person":
        body = {"user_photo_url": red, "cloth_clean_url": ready.garment}
    async with hands.working(TAILOR):
        job = (await ready.guest.http.post("/v1/tryons", json=body)).json()
        ended = await ready.guest.wait(job["job_id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "content_blocked")
    assert (ended["error"]["retryable"], ended["error"]["message"]) == (False, ContentBlocked().message)
    assert (ended["cost"], (ended["usage"] or {"gpu_seconds": 0.0})["gpu_seconds"]) == (None, 0.0)
    assert {found.key for found in store.list("")} <= before, "nothing of it is stored, the upload neither"
    again = await ready.guest.http.post("/v1/tryons", json=body)
    assert (again.status_code, again.json()["code"]) == (422, "content_blocked")


async def test_a_blocked_result_is_not_tried_again_and_not_billed(gateway, owner, prepare, hands) -> None:
    ready = await prepare(gateway, owner)
    job = await ready.snap()
    claimed = await hands.take(JOBS)
    error = ContentBlocked()
    used = Usage(engine="puppet", device="cpu", gpu_seconds=2.0, engine_seconds=2.0)
    failure = Failure(
        id=claimed.id, token=claimed.token, code=error.code, message=error.message, retryable=error.retryable,
        of_input=True, usage=used,
    )  # fmt: skip
    await hands.queues[JOBS].fail(hands.worker, [failure])
    ended = await ready.guest.wait(job["job_id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "content_blocked")
    assert (ended["usage"]["gpu_seconds"], ended["usage"]["unbilled_seconds"], ended["cost"]) == (0.0, 2.0, None)
    assert await hands.take_now(JOBS) is None
    assert await hands.queues[JOBS].dead_letters() == [], "no operator can mend what a picture shows"
