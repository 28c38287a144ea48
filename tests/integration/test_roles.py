"""What each service may not do: refused by a real Valkey and a real S3 server.

docs/security.md shows the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as sync_redis
from botocore.exceptions import ClientError
from redis.exceptions import NoPermissionError

from proteus import keys
from proteus.errors import DependencyUnavailable
from proteus.redis_roles import RedisRole
from proteus.storage import ObjectStore
from proteus.storage_roles import StorageRole
from workbench.stack.ports import free_port
from workbench.stack.process import Process
from workbench.stack.s3 import S3
from workbench.stack.valkey import Valkey

WRITE_AS_SCRIPT = "return redis.call('ZADD', KEYS[1], 1, 'job_1')"
READ_AS_SCRIPT = "return redis.call('ZCARD', KEYS[1])"

EVERYBODY = (RedisRole.GATEWAY, RedisRole.TAILOR, RedisRole.WEAVER, RedisRole.ARBITRATOR, RedisRole.KEDA)
WHOLE_SERVER = (
    "FLUSHALL",
    "FLUSHDB",
    "KEYS *",
    "SCAN 0",
    "CONFIG GET *",
    "CLIENT LIST",
    "SCRIPT FLUSH",
    "FUNCTION FLUSH",
    "ACL LIST",
    "INFO",
    "SHUTDOWN NOSAVE",
    "REPLICAOF NO ONE",
)
REFUSED = [
    *((role, command) for role in EVERYBODY for command in WHOLE_SERVER),
    # Each queue belongs to its own workers and the gateway.
    (RedisRole.TAILOR, "XADD {queue:jobs}:events * kind completed"),
    (RedisRole.TAILOR, "LRANGE queue:jobs 0 -1"),
    (RedisRole.WEAVER, "LPUSH tailorJob {}"),
    (RedisRole.WEAVER, "HGETALL {tailorJob}:job:seg_1"),
    # The arbitrator and KEDA read the queue and change nothing.
    (RedisRole.ARBITRATOR, "XADD {queue:jobs}:events * kind completed"),
    (RedisRole.ARBITRATOR, "LPUSH queue:jobs {}"),
    (RedisRole.ARBITRATOR, "LLEN tailorJob"),
    (RedisRole.KEDA, "LPUSH queue:jobs {}"),
    (RedisRole.KEDA, "LRANGE queue:jobs 0 -1"),
    (RedisRole.KEDA, "HGETALL {queue:jobs}:job:job_1"),
    (RedisRole.KEDA, "SADD config:weavers_wanted:weaver x"),
    (RedisRole.GATEWAY, "SADD config:weavers_wanted:weaver x"),
    # Orders come from the arbitrator, the epoch and what was recorded from the gateway.
    *((role, "SET config:batch_size 64") for role in (RedisRole.GATEWAY, RedisRole.TAILOR, RedisRole.WEAVER)),
    *((role, "SET proteus:epoch x") for role in EVERYBODY if role is not RedisRole.GATEWAY),
    *((role, "PUBLISH events:recorded {}") for role in EVERYBODY if role is not RedisRole.GATEWAY),
    *((role, "SUBSCRIBE events:recorded") for role in EVERYBODY if role is not RedisRole.GATEWAY),
    *((role, "DEL arbitrator:lease") for role in EVERYBODY if role is not RedisRole.ARBITRATOR),
    (RedisRole.WEAVER, "PUBLISH {tailorJob}:control {}"),
    # Scripts are loaded and called by digest.
    *((role, "EVAL return(1) 0") for role in EVERYBODY if role is not RedisRole.KEDA),
]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A server with the users of `acl_file`."""
    folder = tmp_path_factory.mktemp("valkey")
    server = Valkey(folder / "data", port=free_port(), durable=False, secret="a secret of this test")
    server.prepare()
    process = Process(server.program(), log=folder / "log")
    process.wait_ready()
    yield server
    process.stop()


def client(server: Valkey, role: RedisRole) -> sync_redis.Redis:
    return sync_redis.Redis.from_url(server.url_of(role), decode_responses=True)


@pytest.mark.parametrize(("role", "command"), REFUSED, ids=[f"{role}: {command}" for role, command in REFUSED])
def test_a_role_is_refused(valkey: Valkey, role: RedisRole, command: str) -> None:
    with client(valkey, role) as connection, pytest.raises(NoPermissionError):
        connection.execute_command(*command.split())


@pytest.mark.parametrize("command", ["GET config:mode", "LPUSH queue:jobs {}", "INFO", "SUBSCRIBE events:recorded"])
def test_a_stranger_may_ask_for_a_sign_of_life_and_nothing_else(valkey: Valkey, command: str) -> None:
    with sync_redis.Redis(port=valkey.port) as stranger:
        assert stranger.ping()
        with pytest.raises(NoPermissionError):
            stranger.execute_command(*command.split())


def test_a_role_does_not_open_with_the_password_of_another(valkey: Valkey) -> None:
    _, _, password, *_ = valkey.url_of(RedisRole.WEAVER).replace("@", ":").split(":")
    forged = sync_redis.Redis(port=valkey.port, username="gateway", password=password)
    with forged, pytest.raises(sync_redis.AuthenticationError):
        forged.ping()


def test_an_arbitrator_reads_by_script_but_cannot_write_by_one(valkey: Valkey) -> None:
    with client(valkey, RedisRole.ARBITRATOR) as arbitrator:
        assert arbitrator.register_script(READ_AS_SCRIPT)(keys=["{queue:jobs}:leases"]) == 0
        with pytest.raises((NoPermissionError, sync_redis.ResponseError), match="ermission"):
            arbitrator.register_script(WRITE_AS_SCRIPT)(keys=["{queue:jobs}:leases"])


def test_keda_counts_the_weavers_that_the_arbitrator_wants(valkey: Valkey) -> None:
    with client(valkey, RedisRole.ARBITRATOR) as arbitrator, client(valkey, RedisRole.KEDA) as keda:
        arbitrator.sadd(keys.WEAVERS_WANTED, 1, 2, 3)
        assert keda.eval("return redis.call('SCARD', KEYS[1])", 1, keys.WEAVERS_WANTED) == 3


def test_no_server_can_tell_a_weavers_script_from_its_hand(valkey: Valkey) -> None:
    """The border that does not exist: what `complete.lua` may write, its caller may write without it."""
    with client(valkey, RedisRole.WEAVER) as weaver:
        assert weaver.xadd("{queue:jobs}:events", {"kind": "completed"})


BUCKET_RIGHTS = [
    # role, prefix, may read, may write and delete
    (StorageRole.GATEWAY, "incoming/", True, True),
    (StorageRole.GATEWAY, "images/", True, True),
    (StorageRole.GATEWAY, "derived/", True, True),
    (StorageRole.GATEWAY, "results/", True, True),
    (StorageRole.GATEWAY, "variants/", True, True),
    (StorageRole.TAILOR, "incoming/", True, True),
    (StorageRole.TAILOR, "images/", True, True),
    (StorageRole.TAILOR, "derived/", True, True),
    (StorageRole.TAILOR, "results/", True, False),
    (StorageRole.TAILOR, "variants/", False, True),
    (StorageRole.WEAVER, "incoming/", False, False),
    (StorageRole.WEAVER, "images/", True, False),
    (StorageRole.WEAVER, "derived/", True, False),
    (StorageRole.WEAVER, "results/", False, True),
    (StorageRole.WEAVER, "variants/", False, False),
    (StorageRole.MIGRATE, "images/", True, True),
]


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server with one account per role and the bucket made by the migration's."""
    folder = tmp_path_factory.mktemp("s3")
    server = S3(
        folder / "data",
        port=free_port(with_grpc=True),
        roles_secret="a secret of this test",
        weights_buckets=["weights"],
    )
    server.prepare()
    process = Process(server.program(), log=folder / "log")
    try:
        process.wait_ready()
        ObjectStore(server.settings()).ensure_bucket(cors_origins=["http://127.0.0.1"])
        yield server
    finally:
        process.kill()
        process.stop()


@pytest.fixture(scope="module")
def store_of(s3: S3) -> Callable[[StorageRole], ObjectStore]:
    """Return the store as a role sees it."""

    def as_role(role: StorageRole) -> ObjectStore:
        access_key, secret_key = s3.keys_of(role)
        told = {**s3.settings().model_dump(), "access_key": access_key, "secret_key": secret_key}
        return ObjectStore(s3.settings().model_validate(told))

    return as_role


@pytest.mark.parametrize(("role", "prefix", "reads", "writes"), BUCKET_RIGHTS)
def test_a_role_has_its_prefixes_and_no_other(
    store_of: Callable[[StorageRole], ObjectStore], role: StorageRole, prefix: str, reads: bool, writes: bool
) -> None:
    key, store = f"{prefix}usr_1/{role}.png", store_of(role)
    store_of(StorageRole.GATEWAY).put(key, b"a picture", content_type="image/png")

    def refused(call: Callable[[], object]) -> bool:
        try:
            call()
        except DependencyUnavailable as error:
            return "AccessDenied" in error.message
        return False

    assert refused(lambda: store.get(key)) is not reads
    assert refused(lambda: store.put(key, b"another", content_type="image/png")) is not writes
    assert refused(lambda: store.delete(key)) is not writes
    assert store_of(StorageRole.GATEWAY).exists(key) is not writes


@pytest.mark.parametrize("role", [StorageRole.GATEWAY, StorageRole.TAILOR, StorageRole.WEAVER])
def test_only_the_migration_changes_buckets(store_of: Callable[[StorageRole], ObjectStore], role: StorageRole) -> None:
    store = store_of(role)
    with pytest.raises(ClientError, match="AccessDenied"):
        store._s3.create_bucket(Bucket="another")
    with pytest.raises(DependencyUnavailable, match="AccessDenied"):
        store.ensure_bucket(cors_origins=["*"])


def test_only_the_gateway_lists_the_bucket(store_of: Callable[[StorageRole], ObjectStore]) -> None:
    store_of(StorageRole.GATEWAY).put("incoming/usr_2/listed", b"x", content_type="image/png")
    assert [one.key for one in store_of(StorageRole.GATEWAY).list("incoming/usr_2/")] == ["incoming/usr_2/listed"]
    store_of(StorageRole.GATEWAY).ping()
    for role in (StorageRole.TAILOR, StorageRole.WEAVER):
        with pytest.raises(DependencyUnavailable, match="AccessDenied"):
            list(store_of(role).list("incoming/usr_2/"))


def test_an_object_that_the_store_keeps_is_not_deleted_in_silence(
    store_of: Callable[[StorageRole], ObjectStore],
) -> None:
    store_of(StorageRole.GATEWAY).put("images/kept", b"x", content_type="image/png")
    with pytest.raises(DependencyUnavailable, match="kept 1 of 1 objects: AccessDenied"):
        store_of(StorageRole.WEAVER).delete("images/kept")


def test_the_servers_files_are_its_owners_alone(valkey: Valkey, s3: S3) -> None:
    files: list[Path] = [valkey.folder / "users.acl", s3.folder / "identities.json"]
    assert [file.stat().st_mode & 0o077 for file in files] == [0, 0]
    assert valkey.secret not in files[0].read_text()
