"""`make cluster-secrets`: the secrets of deploy/k8s/overlays/local, made on this machine and never committed.

The overlay's kustomization reads them as files; a second run keeps what the first made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from proteus.redis_roles import RedisRole, acl_file, hashed, redis_url
from proteus.service.make_secrets import values
from proteus.storage_roles import KeyPair, StorageRole, seaweed_identities
from workbench.deploy.manifests import TARGET

FOLDER: Final = TARGET / "overlays" / "local" / "secrets"
REDIS: Final = "proteus-redis.proteus.svc:6379"
POSTGRES: Final = "proteus-postgres:5432/proteus"


def files(known: dict[str, str]) -> dict[str, str]:
    """Return name -> text of the files that the overlay reads."""
    pairs = {role: KeyPair(str(role), known[f"storage_{role}"]) for role in StorageRole}
    redis = {"REDIS_ADDR": REDIS, "REDIS_USERNAME_KEDA": str(RedisRole.KEDA)}
    for role in RedisRole:
        redis[f"REDIS_PASSWORD_{role.upper()}"] = known[f"redis_{role}"]
        redis[f"REDIS_URL_{role.upper()}"] = redis_url(f"{REDIS}/0", role, known[f"redis_{role}"])
    storage = {f"OBJECT_STORAGE_ACCESS_KEY_{role.upper()}": pair.access_key for role, pair in pairs.items()}
    storage |= {f"OBJECT_STORAGE_SECRET_KEY_{role.upper()}": pair.secret_key for role, pair in pairs.items()}
    password = known["postgres_password"]
    return {
        "redis.env": _env(redis),
        "users.acl": acl_file({role: hashed(known[f"redis_{role}"]) for role in RedisRole}),
        "object-storage.env": _env(storage),
        "identities.json": json.dumps(seaweed_identities(pairs, bucket="proteus")),
        "postgres.env": _env(
            {"POSTGRES_PASSWORD": password, "DATABASE_URL": f"postgresql://proteus:{password}@{POSTGRES}"}
        ),
        "auth.env": _env({"PROTEUS_SIGNING_KEY": known["signing_key"], "TAILOR_TOKEN": known["tailor_token"]}),
    }


def write(folder: Path) -> None:
    """Make or complete the files."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    memory = folder / "secrets.json"
    known = values(json.loads(memory.read_text()) if memory.is_file() else {}, {})
    for name, text in {"secrets.json": json.dumps(known, indent=2), **files(known)}.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text)


def _env(told: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in told.items())


if __name__ == "__main__":
    write(FOLDER)
    print(f"secrets are in {FOLDER.relative_to(TARGET.parents[1])}; they stay on this machine")
    sys.exit(0)
