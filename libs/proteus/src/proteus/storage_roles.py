"""Rights of each service in the object store: one key pair per role, rights per prefix where the store has them.

SeaweedFS takes them as identities (`-s3.config`). Stores with IAM take the same rights as policies (docs/security.md).
Where a key opens a whole bucket, as on Linode, roles cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from proteus.object_keys import Area


class StorageRole(StrEnum):
    """The service that signs."""

    GATEWAY = "gateway"
    """Signs clients' uploads and downloads, and erases what users delete."""

    TAILOR = "tailor"
    WEAVER = "weaver"
    MIGRATE = "migrate"
    """Makes the bucket and its CORS rules."""


class KeyPair(NamedTuple):
    """A role's name and secret in the store."""

    access_key: str
    secret_key: str


class Rights(NamedTuple):
    """Prefixes that a role reads, and writes or deletes. `` is the whole bucket."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


RIGHTS: Final[Mapping[StorageRole, Rights]] = {
    # An account that may write a whole bucket may change its CORS rules, too.
    StorageRole.GATEWAY: Rights(reads=("",), writes=tuple(area.prefix for area in Area)),
    # It deletes uploads that cannot be read; SeaweedFS has one right for writing and deleting. It makes variants of
    # cut-outs and results.
    StorageRole.TAILOR: Rights(
        reads=(Area.INCOMING.prefix, Area.IMAGES.prefix, Area.DERIVED.prefix, Area.RESULTS.prefix),
        writes=(Area.INCOMING.prefix, Area.IMAGES.prefix, Area.DERIVED.prefix, Area.VARIANTS.prefix),
    ),
    StorageRole.WEAVER: Rights(
        reads=(Area.IMAGES.prefix, Area.DERIVED.prefix),
        writes=(Area.RESULTS.prefix,),
    ),
}
"""The migration has the bucket owner's rights, which are not listed here."""


def seaweed_identities(
    pairs: Mapping[StorageRole, KeyPair], *, bucket: str, weights_buckets: Sequence[str] = ()
) -> dict[str, Any]:
    """Return SeaweedFS' identities.

    Args:
        pairs: Each role's keys.
        bucket: The pictures' bucket.
        weights_buckets: Other buckets, from which tailors and weavers read their weights.
    """
    return {
        "identities": [
            {
                "name": str(role),
                "credentials": [{"accessKey": pair.access_key, "secretKey": pair.secret_key}],
                "actions": actions(role, bucket=bucket, weights_buckets=weights_buckets),
            }
            for role, pair in pairs.items()
        ]
    }


def weights_buckets(environment: Mapping[str, str]) -> list[str]:
    """Return the buckets that the `…_WEIGHTS_SOURCE` of tailor, weaver and safety model name."""
    sources = (environment.get(f"{name}_WEIGHTS_SOURCE", "") for name in ("TAILOR", "WEAVER", "SAFETY"))
    found = (source.removeprefix("s3://").partition("/")[0] for source in sources if source.startswith("s3://"))
    return sorted(set(found))


def actions(role: StorageRole, *, bucket: str, weights_buckets: Sequence[str] = ()) -> list[str]:
    """Return a role's rights in SeaweedFS' terms."""
    if role is StorageRole.MIGRATE:
        return [f"Admin:{bucket}", f"Read:{bucket}", f"List:{bucket}"]
    rights = RIGHTS[role]
    allowed = [f"Read:{_below(bucket, prefix)}" for prefix in rights.reads]
    allowed += [f"Write:{_below(bucket, prefix)}" for prefix in rights.writes]
    if role is StorageRole.GATEWAY:
        return [*allowed, f"List:{bucket}"]
    return [*allowed, *(f"{right}:{one}" for one in weights_buckets for right in ("Read", "List"))]


def _below(bucket: str, prefix: str) -> str:
    return f"{bucket}/{prefix}*" if prefix else bucket
