"""What the local stack consists of: three servers, four kinds of services, and the environment each service gets."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import httpx

from proteus.picture_formats import DECLARED_TYPES, HEIC_TYPES
from proteus.redis_roles import RedisRole
from proteus.storage_roles import StorageRole, weights_buckets
from workbench.stack.certificate import development_certificate
from workbench.stack.crew import Bounds, Crew, asked_in
from workbench.stack.environments import environment_of
from workbench.stack.home import Home
from workbench.stack.postgres import Postgres
from workbench.stack.process import Program
from workbench.stack.s3 import BUCKET, S3
from workbench.stack.valkey import Valkey
from workbench.weights import fetch_pose

DEFAULTS = {
    "AUTH_GUESTS": "open",
    "LOG_JSON": "0",
    "LOG_LEVEL": "INFO",
    "PROTEUS_DEFAULT_ENGINE": "puppet",
    "TAILOR_PARSER": "classic",
    "UPLOAD_CONTENT_TYPES": ",".join(sorted(DECLARED_TYPES | (HEIC_TYPES if find_spec("pi_heif") else set()))),
    "WEAVER_ENGINES": "puppet",
}
"""What the user may change in the environment or in `.env`; the stack sets addresses and secrets itself."""

_DRAIN_SECONDS = 40
"""A worker finishes its running jobs; longer than one picture of any engine on a GPU."""


@dataclass(frozen=True)
class Plan:
    """The stack, before anything runs.

    Attributes:
        servers: Started first, at once; stopped last.
        fetch: Runs meanwhile: fetches missing model weights. Blocks.
        provision: Runs once the servers answer. Blocks.
        migrate: Runs to its end after that.
        reach: The variables that commands need to reach the servers and sign tokens, and the rule for guests.
        services: Started together after that; stopped in this order, so that workers hand in while the gateway listens.
        crew: The weavers: the first starts with the services, the others when they are wanted; stopped first.
        environments: Service -> the variables that it reads, also for services left out.
    """

    servers: tuple[Valkey | Postgres | S3, ...]
    fetch: Callable[[], object]
    provision: Callable[[], object]
    migrate: tuple[str, ...]
    environment: Mapping[str, str]
    reach: Mapping[str, str]
    services: tuple[Program, ...]
    gateway_url: str
    crew: Crew | None = None
    environments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def make_plan(home: Home, *, models: Path, given: Mapping[str, str], without: Collection[str] = ()) -> Plan:
    """Choose ports and put the stack together.

    Args:
        home: The stack's folder.
        models: Where model weights lie (shared by stacks: they are large and never change).
        given: The caller's environment and `.env`.
        without: Services that the caller runs elsewhere.

    Raises:
        StackError: A `LOCAL_…` setting makes no sense.
    """
    bounds = Bounds.of(given)
    weavers = ("weaver", *(f"weaver-{place}" for place in range(2, bounds.most + 1)))
    probed = [f"{name}_probe" for name in ("tailor", "arbitrator", *weavers)]
    ports = home.ports("gateway", "gateway_inner", "tailor", "s3", "valkey", "postgres", *probed)
    valkey = Valkey(home.data / "valkey", port=ports["valkey"], secret=home.secret("redis"))
    postgres = Postgres(home.data / "postgres", port=ports["postgres"], password=home.secret("postgres"))
    s3 = S3(home.data / "s3", port=ports["s3"], roles_secret=home.secret("s3"), weights_buckets=weights_buckets(given))
    gateway_url = f"http://127.0.0.1:{ports['gateway']}"
    pose_folder = models / "pose"
    reach = {**addresses(valkey, postgres, s3), "PROTEUS_SIGNING_KEY": home.secret("signing")}
    reach["AUTH_GUESTS"] = given.get("AUTH_GUESTS", DEFAULTS["AUTH_GUESTS"])
    marks = development_certificate(home.root / "marks")
    environment = {
        **DEFAULTS,
        "MARKS_CERTIFICATE_FILE": str(marks.certificate),
        "MARKS_KEY_FILE": str(marks.key),
        "PROTEUS_PARSER_VERSION": given.get("TAILOR_PARSER", DEFAULTS["TAILOR_PARSER"]),
        "PROTEUS_ENGINES": given.get("WEAVER_ENGINES", DEFAULTS["WEAVER_ENGINES"]),
        **given,
        **reach,
        **bounds.environment(),
        "TAILOR_URL": f"http://127.0.0.1:{ports['tailor']}",
        "TAILOR_HTTP_PORT": str(ports["tailor"]),
        "POSE_MODEL_DIR": str(pose_folder),
        "PROBE_HOST": "127.0.0.1",
        "TAILOR_HTTP_HOST": "127.0.0.1",
        "PYTHONUNBUFFERED": "1",
    }

    def worker(name: str, module: str) -> Program:
        port = ports[f"{name}_probe"]
        return Program(
            name=name,
            command=(sys.executable, "-m", module),
            environment={**environment, **as_role(module, valkey, s3), "PROBE_PORT": str(port)},
            port=port,
            is_ready=answers(f"http://127.0.0.1:{port}/readyz"),
            ready_seconds=90,
            stop_seconds=_DRAIN_SECONDS,
        )

    serve = (sys.executable, "-m", "gateway", "serve", "--host", "127.0.0.1", "--port", str(ports["gateway"]))
    gateway = Program(
        name="gateway",
        command=serve,
        environment={
            **environment,
            **as_role("gateway", valkey, s3),
            "GATEWAY_INNER_PORT": str(ports["gateway_inner"]),
        },
        port=ports["gateway"],
        is_ready=answers(f"{gateway_url}/readyz"),
        ready_seconds=90,
        stop_seconds=15,
    )
    services = (worker("arbitrator", "arbitrator"), worker("tailor", "tailor"), gateway)
    crew = Crew(tuple(worker(name, "weaver") for name in weavers), asked_in(valkey.url))
    return Plan(
        servers=(valkey, postgres, s3),
        fetch=partial(fetch_pose, pose_folder),
        provision=postgres.ensure_database,
        migrate=(sys.executable, "-m", "gateway", "migrate"),
        environment=environment,
        reach=reach,
        services=tuple(one for one in services if one.name not in without),
        gateway_url=gateway_url,
        crew=None if "weaver" in without else crew,
        environments={one.name: environment_of(one.name, one.environment) for one in (*services, crew.programs[0])},
    )


def as_role(service: str, valkey: Valkey, s3: S3) -> dict[str, str]:
    """Return a service's credentials for Redis and the store: variables that no other service may have."""
    signs = service in {role.value for role in StorageRole}
    access_key, secret_key = s3.keys_of(StorageRole(service)) if signs else ("", "")
    return {
        "REDIS_URL": valkey.url_of(RedisRole(service)),
        "OBJECT_STORAGE_ACCESS_KEY": access_key,
        "OBJECT_STORAGE_SECRET_KEY": secret_key,
    }


def addresses(valkey: Valkey, postgres: Postgres, s3: S3) -> dict[str, str]:
    """Return the variables that reach these servers as administrator."""
    return {
        "DATABASE_URL": postgres.url(),
        "REDIS_URL": valkey.url,
        "REDIS_ADDR": f"127.0.0.1:{valkey.port}",
        "OBJECT_STORAGE_ENDPOINT": s3.endpoint,
        "OBJECT_STORAGE_PUBLIC_ENDPOINT": "",
        "OBJECT_STORAGE_BUCKET": BUCKET,
        "OBJECT_STORAGE_ACCESS_KEY": s3.access_key,
        "OBJECT_STORAGE_SECRET_KEY": s3.secret_key,
        "OBJECT_STORAGE_REGION": "us-east-1",
    }


def answers(url: str) -> Callable[[], bool]:
    """Return a function that tells whether this URL answers 200."""

    def ask() -> bool:
        try:
            return httpx.get(url, timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    return ask
