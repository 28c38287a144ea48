"""Nothing grows for ever: idle guests, unused uploads, old work, traces; and a thousand days of virtual time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from gateway.ledger.session import METADATA
from gateway.settings import RetentionSettings
from gateway.upkeep.retention import Retention

NOW = datetime.now(UTC)
DAYS = 1_000
VISIT_EVERY_DAYS = 25
SWEEP_EVERY_DAYS = 5  # Sweeps look at ages: more of them delete nothing more.


class House:
    """The rounds of a gateway, run by hand at any time, and visitors who leave everything behind that one can."""

    def __init__(self, parts, store, *, tenant_days=None) -> None:
        self.parts, self.store = parts, store
        self.sweeper = parts.sweeper
        self.retention = Retention(parts.ledger, parts.eraser, RetentionSettings(tenant_days=tenant_days))

    async def sweep(self, now: datetime) -> None:
        """Run every round once."""
        await self.retention.guests(now)
        await self.retention.work(now)
        await self.retention.traces(now)
        await self.sweeper.incoming(now)
        await self.sweeper.check_incoming(now)
        await self.sweeper.orphans(now)
        await self.sweeper.expired(now)
        await self.sweeper.old_keys(now)
        await self.parts.eraser.run_due(now)

    async def visit(self, user_id: str, at: datetime, *, kind: str = "guest", tenant: str = "guests") -> None:
        """Upload two photos, use one, have a try-on made, keep a key and events; then never come back."""
        put = self.parts.store.put
        used, unused = f"img_{user_id}_used", f"img_{user_id}_unused"
        for key in (
            f"incoming/{user_id}/{used}", f"incoming/{user_id}/{unused}", f"images/{user_id}/a.png",
            f"derived/{user_id}/a/cut.png", f"results/{user_id}/job_{user_id}/1-1.png",
        ):  # fmt: skip
            put(key, b"picture", content_type="image/png")
        values = {"user": user_id, "kind": kind, "tenant": tenant, "at": at, "used": used, "unused": unused,
                  "soon": at + timedelta(minutes=16), "job": f"job_{user_id}", "key": f"images/{user_id}/a.png",
                  "vton": f"vton_{user_id}",
                  "result": f"results/{user_id}/job_{user_id}/1-1.png"}  # fmt: skip
        async with self.parts.ledger.write() as writes:
            for statement in VISIT:
                await writes.users._connection.execute(text(statement), values)

    async def rows(self) -> Counter[str]:
        """Count every table."""
        found: Counter[str] = Counter()
        async with self.parts.ledger.read() as reads:
            for table in METADATA.tables:
                found[table] = (
                    await reads.users._connection.execute(text(f"SELECT count(*) FROM {table}"))
                ).scalar_one()
        return found

    def objects(self) -> Counter[str]:
        """Count the objects of every prefix."""
        return Counter(found.key.partition("/")[0] for found in self.store.list(""))


VISIT = (
    """INSERT INTO users (id, kind, tenant, created_at, last_seen_at, origin)
       VALUES (:user, :kind, :tenant, :at, :at, 'x')""",
    """INSERT INTO images (id, user_id, kind, declared_type, declared_bytes, key, sha256, created_at, sweep_at)
       VALUES (:used, :user, 'person', 'image/png', 7, :key, 'a', :at, :soon)""",
    """INSERT INTO images (id, user_id, kind, declared_type, declared_bytes, created_at, sweep_at)
       VALUES (:unused, :user, 'garment', 'image/png', 7, :at, :soon)""",
    """INSERT INTO tryons (id, vton_id, user_id, status, person_image_id, garment_image_id, options, trace_id,
                           created_at)
       VALUES (:job, :vton, :user, 'completed', :used, :used, '{}', 't', :at)""",
    """INSERT INTO jobs (id, kind, user_id, tenant, tryon_id, state, engine, batch_key, trace_id, result_key,
                         created_at, started_at, finished_at)
       VALUES (:job, 'tryon', :user, :tenant, :job, 'completed', 'puppet', 'k', 't', :result, :at, :at, :at)""",
    "INSERT INTO events (user_id, seq, job_id, data, recorded_at) VALUES (:user, 1, :job, '{}', :at)",
    "INSERT INTO idempotency (user_id, key, request_hash, job_id, created_at) VALUES (:user, 'k', 'h', :job, :at)",
)
USED = """INSERT INTO usage_records (job_id, token, ended_at, tenant, user_id, kind, engine, device, outcome, known,
                                     billed, gpu_seconds, engine_seconds, queue_seconds, store_seconds)
    VALUES (:id, 1, :at, 't', '', 'tryon', 'puppet', 'cpu', 'completed', true, true, 1, 1, 1, 1)"""
READING = """INSERT INTO jobs (id, kind, user_id, tenant, image_id, state, stage, engine, batch_key, trace_id)
    VALUES ('seg_1', 'ingest', 'user_1', 'guests', 'img_user_1_unused', 'running', 'fetching', 'i', 'i', 't')"""


@pytest.fixture
def house(parts, store):
    return House(parts, store)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.long
async def test_after_a_thousand_days_every_table_and_every_prefix_is_bounded(house, store) -> None:
    await house.visit("user_shop", NOW, kind="account", tenant="shop")
    most_rows: Counter[str] = Counter()
    most_objects: Counter[str] = Counter()
    for day in range(0, DAYS, SWEEP_EVERY_DAYS):
        now = NOW + timedelta(days=day)
        if day % VISIT_EVERY_DAYS == 0:
            await house.visit(f"user_{day}", now)
            store.put(f"incoming/user_gone/img_{day}", b"of a deleted user", content_type="image/png")
            most_rows |= await house.rows()
            most_objects |= house.objects()
        await house.sweep(now)
    assert max(most_rows.values()) <= 6, most_rows  # the shop and the visitor of the day, twice two photos
    assert max(most_objects.values()) <= 8, most_objects
    await house.sweep(NOW + timedelta(days=DAYS + 10))
    await house.sweep(NOW + timedelta(days=DAYS + 11))
    rows, objects = await house.rows(), house.objects()
    kept = {"users": 1, "images": 1, "tryons": 1, "jobs": 1}
    assert {name: rows[name] for name in kept} == kept, "a tenant's is kept, but for the upload he never used"
    assert (rows["events"], rows["idempotency"], rows["deletions"], rows["job_needs"]) == (0, 0, 0, 0)
    assert objects == {"images": 1, "derived": 1, "results": 1}


async def test_a_guest_who_was_here_within_the_week_keeps_everything(house) -> None:
    await house.visit("user_1", NOW)
    await house.sweep(NOW + timedelta(days=6.9))
    rows, objects = await house.rows(), house.objects()
    assert (rows["users"], rows["tryons"], objects["results"], objects["images"]) == (1, 1, 1, 1)
    assert objects["incoming"] == 0
    await house.sweep(NOW + timedelta(days=7.1))
    assert (await house.rows())["users"] == 0
    assert house.objects().total() == 0


async def test_who_comes_back_is_not_idle(parts, tokens, house) -> None:
    await house.visit("user_1", NOW - timedelta(days=30))
    await parts.callers.admit(tokens.mint("user_1", tenant="guests", seconds=60, kind="guest"))
    await parts.callers.refresh()
    await house.sweep(datetime.now(UTC))
    assert (await house.rows())["users"] == 1


async def test_an_upgrade_deletes_nothing_that_was_there_before_it_for_a_week(house, parts) -> None:
    async with parts.ledger.write() as writes:  # as the migration finds it: made long ago, and nobody noted when
        await writes.users._connection.execute(
            text("INSERT INTO users (id, kind, tenant, created_at) VALUES ('user_old', 'guest', 'guests', :at)"),
            {"at": NOW - timedelta(days=300)},
        )
    await house.sweep(NOW + timedelta(days=6.9))
    assert (await house.rows())["users"] == 1
    await house.sweep(NOW + timedelta(days=7.1))
    assert (await house.rows())["users"] == 0


async def test_accounts_work_goes_where_the_deployment_says_so_and_foreign_work_after_a_week(parts, store) -> None:
    house = House(parts, store, tenant_days=90)
    await house.visit("user_shop", NOW, kind="account", tenant="shop")
    await house.visit("user_foreign", NOW, kind="foreign", tenant="foreign")
    await house.sweep(NOW + timedelta(days=8))
    assert Counter(await owners(parts)) == {"user_shop": 1}
    await house.sweep(NOW + timedelta(days=89))
    assert (await house.rows())["tryons"] == 1
    await house.sweep(NOW + timedelta(days=91))
    await house.sweep(NOW + timedelta(days=91))
    rows = await house.rows()
    assert (rows["tryons"], rows["images"], rows["users"]) == (0, 0, 2), "who an account is stays"
    assert house.objects().total() == 0


async def owners(parts) -> list[str]:
    async with parts.ledger.read() as reads:
        return list((await reads.users._connection.execute(text("SELECT user_id FROM tryons"))).scalars())


async def test_an_upload_that_is_just_being_read_stays(house, parts) -> None:
    await house.visit("user_1", NOW)
    async with parts.ledger.write() as writes:
        await writes.users._connection.execute(text(READING))
    await house.sweeper.incoming(NOW + timedelta(hours=30))
    assert house.objects()["incoming"] == 1
    async with parts.ledger.write() as writes:
        await writes.users._connection.execute(text("UPDATE jobs SET state = 'failed' WHERE id = 'seg_1'"))
    await house.sweeper.incoming(NOW + timedelta(hours=30))
    assert house.objects()["incoming"] == 1, "it is looked at again in an hour"
    await house.sweeper.incoming(NOW + timedelta(hours=32))
    assert house.objects()["incoming"] == 0


async def test_the_sweep_of_uploads_looks_at_what_is_due_and_at_nothing_else(house, parts) -> None:
    for n in range(5):
        await house.visit(f"user_{n}", NOW)
    async with parts.ledger.read() as reads:
        assert await reads.images.to_sweep(NOW, limit=99) == []
        assert len(await reads.images.to_sweep(NOW + timedelta(minutes=17), limit=99)) == 10
    await house.sweeper.incoming(NOW + timedelta(minutes=17))
    async with parts.ledger.read() as reads:
        assert await reads.images.to_sweep(NOW + timedelta(hours=23), limit=99) == []
        assert len(await reads.images.to_sweep(NOW + timedelta(hours=25), limit=99)) == 5
    assert house.objects()["incoming"] == 5
    await house.sweeper.incoming(NOW + timedelta(hours=25))
    assert house.objects()["incoming"] == 0
    assert (await house.rows())["images"] == 5, "records of uploads that nobody used go with them"


async def test_what_has_no_record_is_found_once_a_day(house, store) -> None:
    later = NOW + timedelta(hours=1)
    assert await house.sweeper.check_incoming(later) == 0
    store.put("incoming/user_gone/img_1", b"x", content_type="image/png")
    assert await house.sweeper.check_incoming(later + timedelta(hours=23)) == 0, "it is not time yet"
    assert await house.sweeper.check_incoming(later + timedelta(hours=25)) == 1


async def test_a_guest_has_room_for_so_many_photos_and_an_account_for_more(
    gateway_settings, store, serve, account
) -> None:
    limits = gateway_settings.limits.model_copy(update={"guest_images": 2, "guest_bytes": 1_000})
    async with serve(gateway_settings.model_copy(update={"limits": limits})) as gateway:
        asked = {"kind": "person", "content_type": "image/png", "size_bytes": 100}
        many, large, shop = await gateway.guest(), await gateway.guest(), await account(gateway, "acme")
        answers = [await many.http.get("/images/presignedUpUrl", params=asked) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 403]
        assert answers[2].json()["code"] == "quota_exceeded"
        assert (await many.http.delete(f"/v1/images/{answers[0].json()['image_id']}")).status_code == 204
        assert (await many.http.get("/images/presignedUpUrl", params=asked)).status_code == 200
        refused = await large.http.get("/images/presignedUpUrl", params=asked | {"size_bytes": 1_001})
        assert (refused.status_code, refused.json()["code"]) == (403, "quota_exceeded")
        for _ in range(4):
            assert (await shop.http.get("/images/presignedUpUrl", params=asked)).status_code == 200


async def test_deeds_and_ended_keys_go_after_a_year_and_logins_when_they_have_ended(house, parts) -> None:
    async with parts.ledger.write() as writes:
        await writes.users.add("user_1", kind="account", tenant="shop")
        await writes.refresh_tokens.add(
            b"digest", session_id="ses_1", user_id="user_1", expires_at=NOW + timedelta(days=30)
        )
        for key_id, revoked_at in (("key_ended", NOW), ("key_live", None)):
            await writes.api_keys.add(
                id=key_id, tenant="shop", user_id="user_1", name="k", digest=key_id.encode(), scopes=[], engines=None,
                samples_most=None, limits={}, created_by="user_1", expires_at=None, revoked_at=revoked_at,
            )  # fmt: skip
        await writes.audit_log.add("key.create", actor="user_1", tenant="shop", target="key_x", request_id="r")
        await writes.audit_log._connection.execute(text("UPDATE audit_log SET created_at = :at"), {"at": NOW})
    left = []
    for day in (29, 31, 364, 366):
        await house.sweep(NOW + timedelta(days=day))
        rows = await house.rows()
        left.append((rows["refresh_tokens"], rows["audit_log"], rows["api_keys"]))
    assert left == [(1, 1, 2), (0, 1, 2), (0, 1, 2), (0, 0, 1)]


async def test_a_tenants_work_goes_by_its_own_rule_and_answers_say_when(
    gateway, owner, account, house, parts, hands, prepare
) -> None:
    admin = await account(gateway, "staff", scopes=["admin"])
    await house.visit("user_rival", NOW - timedelta(days=400), kind="account", tenant="rival")
    await house.visit("user_shopper", NOW - timedelta(days=31), tenant="acme")
    await house.visit("user_1", NOW - timedelta(days=6))
    ready = await prepare(gateway, owner)
    job = await ready.snap()
    assert job["expires_at"] is None
    ruled = await admin.http.put("/v1/tenants/acme/retention", json={"days": 30})
    assert (ruled.status_code, ruled.json()["retention_days"]) == (200, 30.0)
    status = (await owner.http.get(f"/api/status/{job['job_id']}")).json()
    photo = (await owner.http.get("/v1/images")).json()["items"][0]
    for told in (status, photo, await ready.snap()):
        made, goes = (datetime.fromisoformat(told[name]) for name in ("created_at", "expires_at"))
        assert goes - made == timedelta(days=30)
    soon = await ready.snap(expires_in=3_600)
    kept = datetime.fromisoformat(soon["expires_at"]) - datetime.fromisoformat(soon["created_at"])
    assert abs(kept - timedelta(hours=1)) < timedelta(seconds=5), "an earlier end of its own stands"
    assert (await owner.http.get("/v1/retention")).json()["tenant_days"] == 30.0
    assert (await admin.http.get("/v1/retention")).json()["tenant_days"] is None
    await house.retention.work(NOW)
    async with parts.ledger.read() as reads:
        owners = await reads.users._connection.execute(text("SELECT DISTINCT user_id FROM tryons"))
        assert set(owners.scalars()) == {"user_rival", "user_1", "user_acme"}, "null is kept, whatever its age"
    await house.retention.work(NOW + timedelta(days=31))
    async with parts.ledger.read() as reads:
        left = await reads.users._connection.execute(text("SELECT user_id, status FROM tryons"))
        assert {(row.user_id, row.status) for row in left if row.user_id == "user_acme"} == {("user_acme", "queued")}
    for wrong in ({"days": 0}, {"days": 1e9}, {}):
        assert (await admin.http.put("/v1/tenants/acme/retention", json=wrong)).status_code == 422
    assert (await owner.http.put("/v1/tenants/acme/retention", json={"days": 5})).status_code == 403
    lifted = (await admin.http.put("/v1/tenants/acme/retention", json={"days": None})).json()
    assert lifted["retention_days"] is None


async def test_usage_goes_after_its_days_and_never_in_the_week_after_an_upgrade(house, parts) -> None:
    async with parts.ledger.write() as writes:
        for days in (1, 399, 401):
            await writes.users._connection.execute(
                text(USED),
                {"id": f"job_{days}", "at": NOW - timedelta(days=days)},
            )
            await writes.spend.add({("tenant:t", (NOW - timedelta(days=days)).date()): 1.0})

    async def left(now) -> tuple[int, int]:
        await house.retention.usage(now)
        rows = await house.rows()
        return rows["usage_records"], rows["spend_days"]

    assert await left(NOW) == (3, 3), "the first round says what it will do"
    assert await left(NOW + timedelta(days=0.9)) == (3, 3)
    assert await left(NOW + timedelta(days=6.9)) == (3, 3)
    assert await left(NOW + timedelta(days=7.1)) == (1, 1)
    assert await left(NOW + timedelta(days=402)) == (0, 0)
