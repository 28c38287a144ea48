"""What a support bundle asks, part by part. A part that does not answer is named, and the others go on."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from pydantic import SecretStr
from redis.exceptions import RedisError

from proteus.errors import ProteusError
from proteus.redis_client import blocking_client
from proteus.settings import StorageSettings
from proteus.storage import ObjectStore
from workbench.backup import database

ANSWER_SECONDS: Final = 10.0
LOG_BYTES: Final = 2_000_000
"""The end of a log that counts: hours of a busy gateway."""

ROUTES: Final[Mapping[str, str]] = {
    "queue": "/v1/queue",
    "jobs-alive": "/v1/queue/jobs?state=alive&limit=100",
    "jobs-failed": "/v1/queue/jobs?state=failed&limit=100",
    "jobs-expired": "/v1/queue/jobs?state=expired&limit=100",
    "dead-letters": "/v1/queue/dead?limit=100",
    "models": "/v1/models",
    "fleet": "/v1/fleet",
    "decisions": "/v1/fleet/decisions?limit=100",
    "retention": "/v1/retention",
}
"""File -> what the gateway is asked, with an administrator's token."""

TABLES: Final = """
    SELECT json_build_object('version', version(), 'migration', (SELECT version_num FROM alembic_version),
        'bytes', pg_database_size(current_database()), 'rows', (SELECT json_object_agg(relname, n_live_tup)
        FROM pg_stat_user_tables), 'connections', (SELECT json_object_agg(coalesce(state, 'none'), many)
        FROM (SELECT state, count(*) AS many FROM pg_stat_activity GROUP BY state) AS a))
"""
INFO: Final = ("redis_version", "valkey_version", "used_memory", "maxmemory", "maxmemory_policy", "connected_clients",
               "uptime_in_seconds", "rejected_connections", "evicted_keys", "aof_enabled", "role", "db0")  # fmt: skip

AWAY: Final = (ProteusError, RedisError, httpx.HTTPError, OSError, ValueError, yaml.YAMLError)
"""How a part fails to answer."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where the parts of a deployment are.

    Attributes:
        gateway_url: Its gateway.
        token: Makes an administrator's token.
        environment: The variables that reach its servers.
        services: Service -> its variables.
        logs: A folder of logs, if there is one.
        values: A file with the chart's values, if there is one.
    """

    gateway_url: str
    token: Callable[[], str]
    environment: Mapping[str, str]
    services: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    logs: Path | None = None
    values: Path | None = None


def versions() -> dict[str, Any]:
    """Return what runs this command."""
    return {
        "python": sys.version,
        "machine": platform.platform(),
        "packages": {one.name: one.version for one in metadata.distributions()},
    }


def questions(at: Deployment) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield (file in the bundle, a function that returns its text or document)."""
    with httpx.Client(timeout=ANSWER_SECONDS, trust_env=False) as plain:
        yield "health/gateway.json", lambda: _get(plain, f"{at.gateway_url}/health")
        for service, variables in at.services.items():
            for path, address in _probes(service, variables).items():
                yield f"health/{service}{path}.txt", partial(_text, plain, address)
        yield "health/postgres.json", lambda: yaml.safe_load(database.query(at.environment["DATABASE_URL"], TABLES))
        yield "health/redis.json", lambda: _redis(at.environment["REDIS_URL"])
        yield "health/storage.json", lambda: _storage(at.environment)
        token: list[str] = []
        for name, route in ROUTES.items():
            yield f"{name}.json", partial(_as_admin, plain, at, token, route)
        if at.values is not None:
            values = at.values
            yield "chart/values.yaml", lambda: yaml.safe_load(values.read_text(encoding="utf-8"))
        for log in sorted(at.logs.glob("*.log")) if at.logs else ():
            yield f"logs/{log.name}", partial(_end_of, log)


def _probes(service: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return path -> address of what a service of this machine says of itself."""
    port = variables.get("GATEWAY_INNER_PORT") or variables.get("PROBE_PORT")
    paths = ("/health", "/metrics") if service == "gateway" else ("/readyz", "/healthz", "/metrics")
    return {path: f"http://127.0.0.1:{port}{path}" for path in paths} if port else {}


def _as_admin(http: httpx.Client, at: Deployment, token: list[str], route: str) -> Any:
    if not token:
        token.append(at.token())
    return _get(http, f"{at.gateway_url}{route}", headers={"Authorization": f"Bearer {token[0]}"})


def _text(http: httpx.Client, url: str) -> str:
    return http.get(url).text


def _get(http: httpx.Client, url: str, **options: Any) -> Any:
    return http.get(url, **options).raise_for_status().json()


def _redis(url: str) -> dict[str, Any]:
    with blocking_client(url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS) as redis:
        told = redis.info()
        return {name: str(told[name]) for name in INFO if name in told}


def _storage(environment: Mapping[str, str]) -> dict[str, str]:
    settings = StorageSettings(
        endpoint=environment["OBJECT_STORAGE_ENDPOINT"],
        bucket=environment.get("OBJECT_STORAGE_BUCKET", "proteus"),
        access_key=environment["OBJECT_STORAGE_ACCESS_KEY"],
        secret_key=SecretStr(environment["OBJECT_STORAGE_SECRET_KEY"]),
    )
    ObjectStore(settings, answer_seconds=ANSWER_SECONDS, tries=1).ping()
    return {"bucket": "answers"}


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - LOG_BYTES))
        text = file.read().decode(errors="replace")
    # Where the beginning is cut off, so is perhaps a secret's: the first line goes.
    return text.partition("\n")[2] if len(text.encode()) >= LOG_BYTES else text
