"""Rights of each service in Redis: one user per role, for Redis 7 and Valkey.

Rights are granted by keys, channels and commands. They cannot be granted by script: Redis checks a command inside a
script as the caller's own, so a user that can complete a job through `complete.lua` can also write its event by hand.
Hence the borders are between queues and between kinds of keys: a tailor never touches pictures, an arbitrator only
reads them, only the gateway publishes on `events:recorded`. docs/security.md says what this prevents and what not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from proteus import keys


class RedisRole(StrEnum):
    """The service or person that connects."""

    GATEWAY = "gateway"
    TAILOR = "tailor"
    WEAVER = "weaver"
    ARBITRATOR = "arbitrator"
    KEDA = "keda"
    ADMIN = "admin"
    """An operator: `proteus replay`, back-ups, incidents."""


PROBE: Final = "user default on nopass -@all +ping"
"""A user without a password may ping the server: health checks carry none. While the server loads its file it replies
so, where a user that is off would only get NOAUTH."""

_LINE: Final = "+@connection +multi +exec +discard +evalsha +script|load +time"
_TALK: Final = "+publish +subscribe +unsubscribe +pubsub|numsub"
_NEVER: Final = "-@dangerous -@admin -scan -randomkey -dbsize -function"
"""Whole-server commands and all that list keys of others. Scripts are loaded, never evaluated or flushed."""

_WORK: Final = f"-@all +@read +@write {_LINE} {_TALK} {_NEVER}"
_LOOK: Final = f"-@all +@read {_LINE} {_NEVER}"


def _queue_keys(name: str) -> str:
    return f"~{name} ~{keys.QueueKeys(name).tag}:*"


def _counted(name: str) -> str:
    queue = keys.QueueKeys(name)
    return " ".join(f"~{key}" for key in (queue.list, queue.retry, queue.leases, queue.busy))


_JOBS, _TAILOR = keys.QueueKeys(keys.JOBS), keys.QueueKeys(keys.TAILOR)

RULES: Final[Mapping[RedisRole, str]] = {
    RedisRole.GATEWAY: (
        f"{_queue_keys(keys.JOBS)} {_queue_keys(keys.TAILOR)} ~{keys.EPOCH} ~{keys.WARM} ~{keys.LIMITS}:* "
        f"~{keys.export_of('*')} %R~config:* %R~arbitrator:* &events:* &{_JOBS.control} &{_TAILOR.control} {_WORK}"
    ),
    RedisRole.TAILOR: f"{_queue_keys(keys.TAILOR)} &{_TAILOR.control} &{keys.JOB_DONE} &{keys.PROGRESS} {_WORK}",
    RedisRole.WEAVER: (
        f"{_queue_keys(keys.JOBS)} %R~config:* &{_JOBS.control} &{keys.JOB_DONE} &{keys.PROGRESS} {_WORK}"
    ),
    # Its writes and its reads are two sets of rights (a selector): EVALSHA needs its keys writable, so commands
    # protect the queue.
    RedisRole.ARBITRATOR: f"~config:* ~arbitrator:* {_WORK} ({_queue_keys(keys.JOBS)} {_LOOK})",
    RedisRole.KEDA: (
        f"{_counted(keys.JOBS)} {_counted(keys.TAILOR)} ~{_JOBS.index('*')} ~{keys.weavers_wanted('*')} "
        "-@all +@connection -@dangerous -@admin "
        "+eval +type +llen +zcard +scard +hlen"
    ),
    RedisRole.ADMIN: "~* &* +@all",
}
"""Role -> the words after `ACL SETUSER role on >password`."""


def acl_file(passwords: Mapping[RedisRole, str]) -> str:
    """Return the text of an `aclfile`.

    Args:
        passwords: Each role's password in the file's form: what `hashed` returns.
    """
    users = [f"user {role} on {passwords[role]} {rules}" for role, rules in RULES.items()]
    return "\n".join([PROBE, *users, ""])


def hashed(password: str) -> str:
    """Return the ACL word for a password that does not show it."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


def redis_url(address: str, role: RedisRole, password: str) -> str:
    """Return the URL with which a role connects to `host:port/database`."""
    return f"redis://{role}:{quote(password, safe='')}@{address}"
