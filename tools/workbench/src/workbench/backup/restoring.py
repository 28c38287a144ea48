"""Restore a backup onto an empty deployment: everything is checked before anything is touched.

The database goes first, in one transaction; while it is open the objects are copied, so that no object is touched where
Postgres refuses, and no row is where the store does. After its commit Redis is emptied: the gateways see that its epoch
is missing and put back what is unfinished. A restore that is interrupted before the commit leaves objects that no row
names; it can be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redis.exceptions import RedisError

from proteus.redis_client import blocking_client
from proteus.storage import ObjectStore
from workbench.backup import database
from workbench.backup.manifest import DATABASE, BackupError, Manifest, check, file_of
from workbench.backup.save import COPIES_AT_ONCE, EVERY


def restore(
    folder: Path,
    *,
    database_url: str,
    redis_url: str,
    store: ObjectStore,
    replace: bool,
    say: Callable[[str], None],
) -> Manifest:
    """Put a backup onto a deployment.

    Args:
        replace: Also onto one that holds work, whose rows are lost; its objects without a row are swept later.

    Raises:
        BackupError: The backup is not whole or too new, or the deployment is not empty.
    """
    manifest = Manifest.read(folder)
    say(f"checking {len(manifest.objects)} objects and the dump")
    check(manifest, folder)
    here = database.revision(database_url)
    if manifest.revision > here:
        raise BackupError(
            f"The backup's tables are of migration {manifest.revision}, and this deployment's of {here}.",
            way_out="upgrade this deployment first",
        )
    if not replace:
        _require_empty(database_url, store)
    _require_emptying(redis_url)
    say("Postgres: restoring")
    with database.replaced(database_url, folder / DATABASE), ThreadPoolExecutor(COPIES_AT_ONCE) as pool:
        for number, _ in enumerate(pool.map(lambda key: _put(store, key, folder, manifest), manifest.objects), 1):
            if number % EVERY == 0:
                say(f"objects: {number} of {len(manifest.objects)}")
    with blocking_client(redis_url) as redis:
        redis.flushdb()
    return manifest


def _require_empty(database_url: str, store: ObjectStore) -> None:
    rows = database.query(database_url, "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM jobs)")
    found = f"{rows} users and jobs" if rows != "0" else ""
    if not found and (first := next(store.list(""), None)):
        found = f"objects in its bucket, {first.key!r} is the first"
    if found:
        raise BackupError(
            f"The deployment is not empty: it has {found}.",
            way_out="restore onto an empty one; `--replace` deletes what is there",
        )


def _require_emptying(redis_url: str) -> None:
    """Refuse a Redis that this account may not empty: afterwards the database would be replaced already."""
    try:
        with blocking_client(redis_url, decode_responses=True) as redis:
            said = str(redis.acl_dryrun(redis.acl_whoami(), "FLUSHDB"))
    except RedisError as error:
        said = str(error)
    if said != "OK":
        raise BackupError(
            f"Redis cannot be emptied: {said}", way_out="name an account in REDIS_URL that may run FLUSHDB and ACL"
        )


def _put(store: ObjectStore, key: str, folder: Path, manifest: Manifest) -> None:
    entry = manifest.objects[key]
    with file_of(folder, key).open("rb") as file:
        store.put_stream(key, file, content_type=entry.content_type, size_bytes=entry.size_bytes)
