"""A backup is whole or refused, and a restore touches nothing before it has checked everything."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from proteus.errors import DependencyUnavailable
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from workbench.backup import database
from workbench.backup.cli import turn
from workbench.backup.manifest import DATABASE, FORMAT, MANIFEST, SECRETS, BackupError, Manifest, file_of
from workbench.backup.restoring import restore
from workbench.backup.save import save
from workbench.stack.ports import free_port

KEY = "results/u1/t1/0-aa-w.png"
GONE = "images/u1/gone.png"
USER = f"INSERT INTO users (id, kind, tenant) VALUES ('u1', 'guest', '{GONE}')"
SECRET = "a-signing-key"


@pytest.fixture
def taken(tmp_path: Path, database_url: str, store: ObjectStore) -> Path:
    """A backup of a user whose row names an object that is missing, and of one result."""
    store.put(KEY, b"picture", content_type="image/png")
    database.query(database_url, USER)
    folder = tmp_path / "backup"
    save(folder, database_url=database_url, store=store, secrets={"KEY": SECRET}, say=lambda _: None)
    return folder


def put_back(folder: Path, database_url: str, redis_url: str, store: ObjectStore, *, replace: bool = False) -> None:
    restore(folder, database_url=database_url, redis_url=redis_url, store=store, replace=replace, say=lambda _: None)


def test_what_is_lost_comes_back(taken: Path, database_url: str, redis_url: str, store: ObjectStore) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.set("stale", "1")
        store.delete(KEY)
        database.query(database_url, "DELETE FROM users")
        put_back(taken, database_url, redis_url, store)
        assert redis.dbsize() == 0
    assert store.get(KEY) == b"picture"
    assert store.head(KEY).content_type == "image/png"
    assert database.query(database_url, "SELECT id FROM users") == "u1"
    assert (taken / SECRETS).stat().st_mode & 0o777 == 0o600


def test_an_object_that_a_row_names_and_the_store_lacks_is_named(taken: Path) -> None:
    assert Manifest.read(taken).missing == [GONE]


def test_an_unchanged_object_is_not_copied_again(taken: Path, database_url: str, store: ObjectStore) -> None:
    before = file_of(taken, KEY).stat().st_ctime_ns
    save(taken, database_url=database_url, store=store, secrets={}, say=lambda _: None)
    assert file_of(taken, KEY).stat().st_ctime_ns == before
    store.delete(KEY)
    save(taken, database_url=database_url, store=store, secrets={}, say=lambda _: None)
    assert not file_of(taken, KEY).exists()
    assert not (taken / SECRETS).exists()


def said(folder: Path, **changes: object) -> None:
    body = json.loads((folder / MANIFEST).read_text().partition("\n")[2])
    text = json.dumps(body | changes)
    (folder / MANIFEST).write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}\n")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "interrupted": (lambda at: (at / MANIFEST).unlink(), "half a backup"),
    "truncated manifest": (lambda at: (at / MANIFEST).write_text((at / MANIFEST).read_text()[:-9]), "checksum"),
    "changed manifest": (
        lambda at: (at / MANIFEST).write_text((at / MANIFEST).read_text().replace(KEY, GONE)),
        "check",
    ),
    "empty manifest": (lambda at: (at / MANIFEST).write_text(""), "checksum"),
    "foreign": (lambda at: said(at, kind="other"), "'other'"),
    "no manifest's values": (lambda at: said(at, objects=3), "no manifest"),
    "newer format": (lambda at: said(at, format=FORMAT + 1), "reads up to"),
    "newer tables": (lambda at: said(at, revision="9999"), "migration 9999"),
    "truncated dump": (lambda at: (at / DATABASE).write_bytes((at / DATABASE).read_bytes()[:99]), "99 bytes"),
    "truncated object": (lambda at: file_of(at, KEY).write_bytes(b"pict"), "4 bytes"),
    "changed object": (lambda at: file_of(at, KEY).write_bytes(b"PICTURE"), "changed in the backup"),
    "missing object": (lambda at: file_of(at, KEY).unlink(), "lacks results/"),
    "missing dump": (lambda at: (at / DATABASE).unlink(), "lacks database.dump"),
    "a deployment with work": (lambda at: None, "not empty"),
}


def test_what_is_not_whole_is_refused_and_nothing_is_touched(
    taken: Path, tmp_path: Path, database_url: str, redis_url: str, store: ObjectStore
) -> None:
    store.put(KEY, b"other", content_type="image/png")
    database.query(database_url, "UPDATE users SET tenant = 'mine'")
    files = {path: path.read_bytes() for path in taken.rglob("*") if path.is_file()}
    for name, (damage, sentence) in DAMAGES.items():
        damage(taken)
        with pytest.raises(BackupError) as refused:
            put_back(taken, database_url, redis_url, store, replace="work" not in name)
        assert sentence in refused.value.message, name
        assert store.get(KEY) == b"other", name
        assert database.query(database_url, "SELECT tenant FROM users") == "mine", name
        for path, content in files.items():
            path.write_bytes(content)
    with pytest.raises(BackupError, match="is no backup"):
        put_back(tmp_path / "elsewhere", database_url, redis_url, store)
    put_back(taken, database_url, redis_url, store, replace=True)
    assert store.get(KEY) == b"picture"
    assert database.query(database_url, "SELECT tenant FROM users") == GONE


def test_a_folder_with_other_things_is_no_target(tmp_path: Path, database_url: str, store: ObjectStore) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(BackupError, match=r"letters\.txt"):
        save(tmp_path, database_url=database_url, store=store, secrets={}, say=lambda _: None)
    assert [one.name for one in tmp_path.iterdir()] == ["letters.txt"]


def test_a_restore_that_postgres_refuses_leaves_the_old_rows_and_objects(
    tmp_path: Path, database_url: str, redis_url: str, store: ObjectStore
) -> None:
    check = "CHECK (value = coalesce(current_setting('odd.value', true), ''))"
    database.query(database_url, f"CREATE TABLE odd (value text {check})")
    database.query(database_url, "SET odd.value = 'set'; INSERT INTO odd VALUES ('set')")
    store.put(KEY, b"picture", content_type="image/png")
    save(tmp_path / "b", database_url=database_url, store=store, secrets={}, say=lambda _: None)
    store.put(KEY, b"newer", content_type="image/png")
    database.query(database_url, USER)
    with pytest.raises(BackupError, match="violates check constraint"):
        put_back(tmp_path / "b", database_url, redis_url, store, replace=True)
    assert database.query(database_url, "SELECT id FROM users") == "u1"
    assert store.get(KEY) == b"newer"
    database.query(database_url, "DROP TABLE odd")


def test_a_restore_that_the_store_refuses_leaves_the_old_rows(
    taken: Path, database_url: str, redis_url: str, storage_settings: StorageSettings
) -> None:
    database.query(database_url, "UPDATE users SET tenant = 'mine'")
    away = storage_settings.model_copy(update={"endpoint": f"http://127.0.0.1:{free_port()}"})
    with Redis.from_url(redis_url) as redis:
        redis.set("kept", "1")
        with pytest.raises(DependencyUnavailable):
            put_back(taken, database_url, redis_url, ObjectStore(away, tries=1), replace=True)
        assert redis.get("kept") == b"1"
    assert database.query(database_url, "SELECT tenant FROM users") == "mine"


def test_a_bucket_with_objects_is_not_empty(taken: Path, database_url: str, redis_url: str, store: ObjectStore) -> None:
    database.query(database_url, "DELETE FROM users")
    store.put(KEY, b"other", content_type="image/png")
    with pytest.raises(BackupError, match=re.escape(f"objects in its bucket, '{KEY}' is the first")):
        put_back(taken, database_url, redis_url, store)
    assert store.get(KEY) == b"other"
    assert database.query(database_url, "SELECT count(*) FROM users") == "0"


def test_the_manifest_names_the_migration_of_the_dump_and_not_of_a_moment_before_or_after(
    taken: Path, database_url: str
) -> None:
    before = database.revision(database_url)
    assert Manifest.read(taken).revision == before
    database.query(database_url, "UPDATE alembic_version SET version_num = '9999'")
    assert database.revision_in(taken / DATABASE) == before
    database.query(database_url, f"UPDATE alembic_version SET version_num = '{before}'")


@pytest.mark.parametrize("reachable", [True, False])
def test_a_redis_that_may_not_be_emptied_is_refused_before_anything_is_touched(
    taken: Path, database_url: str, role_url: Callable[[str], str], store: ObjectStore, reachable: bool
) -> None:
    store.put(KEY, b"newer", content_type="image/png")
    url = role_url("gateway") if reachable else f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(BackupError, match="Redis cannot be emptied"):
        put_back(taken, database_url, url, store, replace=True)
    assert store.get(KEY) == b"newer"


def test_folders_take_turns_and_a_half_backup_comes_before_a_whole_one(
    tmp_path: Path, database_url: str, store: ObjectStore
) -> None:
    def take() -> str:
        chosen = turn(tmp_path, 2)
        save(chosen, database_url=database_url, store=store, secrets={}, say=lambda _: None)
        # A second is the least that tells two backups apart.
        said(chosen, taken_at=f"2026-01-01T00:00:{len(seen):02}")
        return chosen.name

    seen: list[str] = []
    for _ in range(4):
        seen.append(take())
    assert seen == ["1", "2", "1", "2"]
    (tmp_path / "2" / MANIFEST).unlink()
    assert turn(tmp_path, 2).name == "2"
    assert turn(tmp_path, 1) == tmp_path
