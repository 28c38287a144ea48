"""Credentials of a stack's roles, one per service: passwords and keys derived from one secret per server."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from pathlib import Path

from proteus.redis_roles import RedisRole, acl_file, hashed
from proteus.storage_roles import KeyPair, StorageRole, seaweed_identities


def redis_password(secret: str, role: RedisRole) -> str:
    """Return a role's password; it reveals neither the secret nor another role's."""
    return _derived(secret, f"redis {role}")


def storage_keys(secret: str) -> dict[StorageRole, KeyPair]:
    """Return every role's key pair."""
    return {role: KeyPair(str(role), _derived(secret, f"storage {role}")) for role in StorageRole}


def write_users(folder: Path, secret: str) -> Path:
    """Write the Redis server's users into its folder; return the file."""
    words = {role: hashed(redis_password(secret, role)) for role in RedisRole}
    return _private(folder / "users.acl", acl_file(words))


def write_identities(folder: Path, secret: str, *, bucket: str, weights_buckets: Sequence[str]) -> Path:
    """Write the S3 server's identities into its folder; return the file."""
    said = seaweed_identities(storage_keys(secret), bucket=bucket, weights_buckets=weights_buckets)
    return _private(folder / "identities.json", json.dumps(said, indent=2))


def _derived(secret: str, what: str) -> str:
    return hmac.new(secret.encode(), what.encode(), "sha256").hexdigest()


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text)
    return path
