"""`python -m proteus.service.make_secrets FOLDER`: the secrets of each part of a deployment.

    given or random values ─▶ FOLDER/own (kept for the next time) ─▶ FOLDER/<part>/… (what that part reads)

Docker Compose runs this once at every `up`; each part's folder is a volume that only that part mounts. Values are made
at the first run and stay; a value in the environment replaces a kept one. Passwords reach the Redis server hashed.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from proteus.redis_roles import RedisRole, acl_file, hashed, redis_url
from proteus.secret_files import refuse_published
from proteus.storage_roles import KeyPair, StorageRole, seaweed_identities, weights_buckets

GIVEN: Final = {"signing_key": "PROTEUS_SIGNING_KEY", "postgres_password": "POSTGRES_PASSWORD"}
"""Value -> environment variable that may give it."""

SECOND_SIGNING_KEY: Final = "PROTEUS_SECOND_SIGNING_KEY"
"""Only ever given, and not kept: there is a second key only during a rotation."""

SERVICES: Final = ("gateway", "tailor", "weaver", "arbitrator")
REDIS_ADDRESS: Final = "redis:6379/0"
POSTGRES_ADDRESS: Final = "postgres:5432/proteus"


def values(kept: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return every secret of the deployment: from the environment, else the kept one, else random.

    Raises:
        ValueError: A given one is a public default.
    """
    names = [
        *GIVEN,
        "tailor_token",
        *(f"redis_{role}" for role in RedisRole),
        *(f"storage_{role}" for role in StorageRole),
    ]
    made = {name: kept.get(name) or secrets.token_hex(32) for name in names}
    for name, variable in GIVEN.items():
        if given := environment.get(variable):
            refuse_published(given, what=variable)
            made[name] = given
    return made


def parts(known: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return part -> file -> text."""
    pairs = {role: KeyPair(str(role), known[f"storage_{role}"]) for role in StorageRole}
    identities = seaweed_identities(
        pairs,
        bucket=environment.get("OBJECT_STORAGE_BUCKET") or "proteus",
        weights_buckets=weights_buckets(environment),
    )
    database = f"postgresql://proteus:{quote(known['postgres_password'], safe='')}@{POSTGRES_ADDRESS}"
    told: dict[str, dict[str, str]] = {
        "redis": {"users.acl": acl_file({role: hashed(known[f"redis_{role}"]) for role in RedisRole})},
        "object-storage": {"identities.json": json.dumps(identities, indent=2)},
        "postgres": {"password": known["postgres_password"]},
        "migrate": {"database_url": database},
        "tailor": {"token": known["tailor_token"]},
        "gateway": {
            "database_url": database,
            "signing_key": known["signing_key"],
            "second_signing_key": environment.get(SECOND_SIGNING_KEY, ""),
        },
    }
    for service in SERVICES:
        role = RedisRole(service)
        told.setdefault(service, {})["redis_url"] = redis_url(REDIS_ADDRESS, role, known[f"redis_{role}"])
    for signer, pair in pairs.items():
        files = told.setdefault(str(signer), {})
        files["object_storage_access_key"], files["object_storage_secret_key"] = pair
    admin = redis_url(REDIS_ADDRESS, RedisRole.ADMIN, known[f"redis_{RedisRole.ADMIN}"])
    return {**told, "own": {"secrets.json": json.dumps(known, indent=2), "redis_admin_url": admin}}


def write(folder: Path, environment: Mapping[str, str]) -> None:
    """Make or complete the secrets under a folder.

    Raises:
        ValueError: A given one is a public default, or a kept one is damaged.
    """
    refuse_published(environment.get(SECOND_SIGNING_KEY, ""), what=SECOND_SIGNING_KEY)
    memory = folder / "own" / "secrets.json"
    kept = json.loads(memory.read_text()) if memory.is_file() else {}
    for part, files in parts(values(kept, environment), environment).items():
        room = folder / part
        room.mkdir(parents=True, exist_ok=True)
        room.chmod(0o700 if part == "own" else 0o755)
        for name, text in files.items():
            draft = room / f".{name}"
            draft.write_text(text)
            # Every container that mounts the folder may read it: parts run as users of their own.
            draft.chmod(0o400 if part == "own" else 0o444)
            draft.replace(room / name)


def main(arguments: list[str]) -> int:
    """Write; return the exit status."""
    try:
        write(Path(arguments[0]), os.environ)
    except (OSError, ValueError) as error:
        print(f"secrets: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
