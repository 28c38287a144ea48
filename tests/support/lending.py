"""Pieces of the tests' servers: the roles' accounts of a Redis database, and buckets that are used again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis as sync_redis

from proteus.redis_roles import RULES, RedisRole, redis_url
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore


def addresses_of_roles(database_url: str) -> Callable[[str], str]:
    """Make the accounts of the roles (`proteus.redis_roles`) in a Redis database; return which address each has."""
    with sync_redis.Redis.from_url(database_url) as client:
        for role, rules in RULES.items():
            words = re.findall(r"\([^)]*\)|\S+", rules)
            client.execute_command("ACL", "SETUSER", f"{role}", "reset", "on", f">tests-{role}", *words)
    address = urlsplit(database_url).netloc.rpartition("@")[2] + urlsplit(database_url).path
    return lambda role: redis_url(address, RedisRole(role), f"tests-{role}")


@contextmanager
def lent_store(settings: StorageSettings, free: list[ObjectStore]) -> Iterator[ObjectStore]:
    """Lend an empty bucket for a `with` block: one that is free, else the one that `settings` name."""
    made = free.pop() if free else ObjectStore(settings)
    made.ensure_bucket(cors_origins=["http://127.0.0.1"])
    yield made
    made.delete(*[entry.key for entry in made.list("")])
    free.append(made)
