"""The export: everything that is kept of a user, made while it is sent, and never half an archive that looks whole."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import UTC, datetime

import httpx
import pytest

from everything_of_a_user import everything_of
from gateway.ledger.exports import EXPORTED, NOT_EXPORTED, SECRET
from gateway.ledger.session import METADATA
from gateway.settings import WebhookSettings
from gateway.upkeep.exports import MANIFEST, PART_BYTES, Exports
from proteus.errors import DependencyUnavailable, NotFound
from proteus.keys import export_of
from proteus.storage import ObjectInfo
from waiting import until

PATH = "/v1/users/me/export"
OBJECTS = 2_000


@pytest.fixture
def gateway_settings(gateway_settings):
    return gateway_settings.model_copy(update={"webhooks": WebhookSettings(allowed_networks="127.0.0.0/8")})


class OddStore:
    """A store of many objects for one user, some of which answer oddly."""

    def __init__(self, sizes: list[int], *, odd: int = -1, answer: bytes | Exception = b"") -> None:
        self.sizes, self.odd, self.answer = sizes, odd, answer
        self.largest = 0

    def list(self, prefix):
        if prefix.startswith("images/"):
            for n, size in enumerate(self.sizes):
                yield ObjectInfo(key=f"{prefix}{n}.png", size_bytes=size, modified=datetime.now(UTC))

    def get(self, key, *, start=0, limit_bytes=None):
        self.largest = max(self.largest, limit_bytes + 1)
        n = int(key.rpartition("/")[2].removesuffix(".png"))
        if n == self.odd:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer
        return bytes([n % 256]) * (limit_bytes + 1)


async def collect(exports, got):
    async for piece in exports.pieces("user_1", now=datetime.now(UTC)):
        got.append(piece)


async def archive_of(exports):
    got: list[bytes] = []
    await collect(exports, got)
    return zipfile.ZipFile(io.BytesIO(b"".join(got)))


def test_every_table_is_exported_or_it_is_said_why_not() -> None:
    exported = {table.name for table in EXPORTED}
    assert exported | NOT_EXPORTED.keys() == set(METADATA.tables)
    assert not exported & NOT_EXPORTED.keys()
    opening = {
        (table.name, column.name)
        for table in EXPORTED
        for column in table.columns
        if any(word in column.name for word in ("hash", "digest", "secret", "password"))
    }
    named = {(table, column) for table, columns in SECRET.items() for column in columns}
    assert opening - named == {("idempotency", "request_hash"), ("accounts", "password_changed_at")}


async def test_an_export_has_every_row_and_every_object_of_its_user_and_no_secret(
    gateway, owner, account, parts, hands, redis, store
) -> None:
    used = await everything_of(gateway, owner, parts, hands)
    rival = await account(gateway, "rival", scopes=["admin"])
    await rival.upload()
    assert (await rival.http.patch(f"/users/{owner.user_id}", json={"display_name": "Ada Lovelace"})).status_code == 200
    answer = await used.shop.http.get(PATH)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = archive.namelist()
    assert names[-1] == MANIFEST
    objects = {
        key.replace(f"/{owner.user_id}/", "/"): key
        for key in (found.key for found in store.list(""))
        if owner.user_id in key
    }
    assert set(names) == {*objects, *(f"data/{table.name}.json" for table in EXPORTED), MANIFEST}
    assert all(archive.read(name) == store.get(key) for name, key in objects.items())
    rows = {table.name: json.loads(archive.read(f"data/{table.name}.json")) for table in EXPORTED}
    assert [name for name, found in rows.items() if not found] == [], "it used everything"
    told = json.loads(archive.read(MANIFEST))
    assert told["rows"] == {name: len(found) for name, found in rows.items()}
    assert (told["files"], told["deleted_meanwhile"]) == (len(objects), [])
    done_by = {(one["action"], one["actor"]) for one in rows["audit_log"]}
    assert {("user.change", "another"), ("webhook.create", owner.user_id)} <= done_by
    everything = json.dumps(rows)
    assert not [word for word in used.words - {"argon2-of-ada"} if word not in everything]
    assert not [secret for secret in ("argon2-of-ada", "whsec_", rival.user_id) if secret in everything]
    assert await redis.exists(export_of(owner.user_id)) == 0


async def test_another_export_is_refused_while_one_runs_and_so_many_a_day(gateway, redis) -> None:
    guest = await gateway.guest()
    await redis.set(export_of(guest.user_id), "another gateway's", ex=60)
    refused = await guest.http.get(PATH)
    assert (refused.status_code, refused.json()["code"]) == (409, "export_running")
    assert await redis.get(export_of(guest.user_id)) == "another gateway's"
    await redis.delete(export_of(guest.user_id))
    answers = [await guest.http.get(PATH) for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert answers[0].headers["ratelimit-policy"].endswith(";w=86400")
    other = await gateway.guest()
    assert (await other.http.get(PATH)).status_code == 200


async def test_thousands_of_objects_take_no_more_memory_than_a_few(parts) -> None:
    peaks = []
    for many in (20, OBJECTS):
        store = OddStore([40_000] * many)
        exports = Exports(parts.ledger, store, parts.redis)
        tracemalloc.start()
        sent = 0
        async for piece in exports.pieces("user_1", now=datetime.now(UTC)):
            sent += len(piece)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert sent > many * 40_000
    assert peaks[1] < peaks[0] + OBJECTS * 1_500, "only the archive's directory grows"
    assert peaks[1] < 6_000_000


async def test_a_large_object_comes_in_parts(parts) -> None:
    store = OddStore([3 * PART_BYTES + 17, 0])
    archive = await archive_of(Exports(parts.ledger, store, parts.redis))
    assert archive.read("images/0.png") == bytes(3 * PART_BYTES + 17)
    assert archive.read("images/1.png") == b""
    assert store.largest == PART_BYTES


@pytest.mark.parametrize(
    "answer", [DependencyUnavailable("The object store does not answer."), b"short", b""], ids=("away", "cut", "empty")
)
async def test_a_store_that_fails_in_the_middle_leaves_no_archive_that_looks_whole(parts, answer) -> None:
    exports = Exports(parts.ledger, OddStore([1_000] * 9, odd=5, answer=answer), parts.redis)
    got: list[bytes] = []
    with pytest.raises(DependencyUnavailable):
        await collect(exports, got)
    assert sum(map(len, got)) > 5_000
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(got)))


async def test_what_is_deleted_meanwhile_is_named(parts) -> None:
    exports = Exports(parts.ledger, OddStore([10] * 3, odd=1, answer=NotFound("gone")), parts.redis)
    archive = await archive_of(exports)
    assert json.loads(archive.read(MANIFEST))["deleted_meanwhile"] == ["images/1.png"]


async def test_a_client_sees_that_a_broken_export_is_not_whole_and_may_try_again(
    gateway, gateway_settings, hands, redis, parts
) -> None:
    guest = await gateway.guest()
    object.__setattr__(
        gateway.services, "exports", Exports(parts.ledger, OddStore([1_000] * 9, odd=5, answer=b"cut"), parts.redis)
    )
    with pytest.raises(httpx.RemoteProtocolError):
        await guest.http.get(PATH)

    async def ended() -> bool:
        return not await redis.exists(export_of(guest.user_id))

    await until(ended, what="the end of the export")


async def test_a_reader_who_goes_away_ends_the_export(gateway, parts, redis) -> None:
    guest = await gateway.guest()
    store = OddStore([PART_BYTES] * 120)
    object.__setattr__(gateway.services, "exports", Exports(parts.ledger, store, parts.redis))
    async with guest.http.stream("GET", PATH) as answer:
        reading = answer.aiter_raw()
        await anext(reading)
        assert await redis.exists(export_of(guest.user_id))
        assert (await guest.http.get(PATH)).json()["code"] == "export_running"

    async def ended() -> bool:
        return not await redis.exists(export_of(guest.user_id))

    await until(ended, what="the end of the export")
