"""A support bundle holds what helps and no secret, whatever stands in logs, settings and answers, whoever is away."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit
from zipfile import ZipFile

import pytest

from proteus.storage import ObjectStore
from workbench.fuzz.leaks import leaks
from workbench.stack.ports import free_port
from workbench.support.bundle import SecretInBundle, collect, write
from workbench.support.redaction import CUT, Redactor, secret_variables
from workbench.support.sources import Deployment

SECRETS = {
    "PROTEUS_SIGNING_KEY": "signing/key+that=is-secret",
    "OBJECT_STORAGE_ACCESS_KEY": "AKIAEXAMPLE42",
    "OBJECT_STORAGE_SECRET_KEY": 'store"secret\\with/odd+parts',
    "HF_TOKEN": "hf_abcdefghijkl",
    "REDIS_PASSWORD_KEDA": "keda-password-1",
}
WORD = "p%40ss:w/ord"
ADDRESSES = {
    "REDIS_URL": f"rediss://gateway:{quote(WORD, safe='')}@redis.example:6379/0",
    "DATABASE_URL": "postgresql://proteus:another-pass@db.example/proteus",
}
PUBLIC = {"LEASE_SECONDS": "30", "AUTH_GUESTS": "open", "OBJECT_STORAGE_ENDPOINT": "https://s3.example"}
VALUES = [*SECRETS.values(), WORD, quote(WORD, safe=""), "another-pass"]
KEY = "images/user_42/0123abcd.png"
EMAIL = "ada@shop.example"
ELSEWHERE = [
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl",
    "pk_abcd1234_ZYXWVUTSRQPO",
    "https://s3.example/proteus/results/u/t/0-1-w.png?X-Amz-Signature=0f0f0f&X-Amz-Credential=AKIAOTHER",
]


def written(value: str) -> Iterable[str]:
    yield from (value, quote(value, safe=""), json.dumps(value)[1:-1], base64.b64encode(value.encode()).decode())


def lines() -> str:
    told = [f"at {form} the end" for value in VALUES for form in written(value)]
    told += [f"GET {one} 200" for one in ELSEWHERE] + [f"read {KEY} of {EMAIL}", "an ordinary line"]
    return "\n".join([*told, json.dumps({"event": "x", "said": VALUES})]) + "\n"


def check(text: str, *, secrets: Iterable[str] = VALUES) -> None:
    for value in secrets:
        for form in written(value):
            assert form not in text, form
    assert leaks(text) == []
    assert "X-Amz-" not in text
    assert KEY not in text
    assert EMAIL not in text


def test_nothing_secret_survives_in_any_form() -> None:
    redactor = Redactor([SECRETS, ADDRESSES, PUBLIC])
    clean = redactor.text(lines())
    check(clean)
    assert "an ordinary line" in clean
    settings = redactor.settings(SECRETS | ADDRESSES | PUBLIC)
    check(json.dumps(settings))
    assert {name for name, value in settings.items() if value == CUT} == SECRETS.keys()
    assert PUBLIC.items() <= settings.items()
    tree = {"auth": {"keys": [{"deep": "unknown-secret"}], "guests": "open"}, "image": {"tag": "1.2"}, "said": VALUES}
    cut = redactor.tree(tree)
    check(json.dumps(cut), secrets=[*VALUES, "unknown-secret"])
    assert cut["image"] == {"tag": "1.2"}


def test_a_setting_of_the_type_of_a_secret_needs_no_telling_name() -> None:
    assert {"PROTEUS_SIGNING_KEY", "OBJECT_STORAGE_SECRET_KEY"} <= secret_variables()
    assert all(Redactor([]).is_secret(name) for name in secret_variables())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a log that gives everything away, and values of the chart."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "gateway.log").write_text(lines())
    values = "redis: {password: keda-password-1}\ngateway: {replicas: 2}\n"
    (tmp_path / "values.yaml").write_text(values)
    yield tmp_path
    (logs / "gateway.log").unlink()  # No process wrote it, and no log of one may look like this.


def members(bundle: Path) -> dict[str, str]:
    with ZipFile(io.BytesIO(bundle.read_bytes())) as opened:
        return {name: opened.read(name).decode() for name in opened.namelist()}


async def test_a_bundle_of_a_real_gateway_says_how_it_is_and_gives_nothing_away(
    gateway, account, folder: Path, redis_url: str, database_url: str, store: ObjectStore
) -> None:
    operator = await account(gateway, "ops", scopes=["admin"])
    guest = await gateway.guest()
    await guest.upload()
    settings = store.settings
    reach = SECRETS | {
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url.replace("+asyncpg", ""),
        "OBJECT_STORAGE_ENDPOINT": settings.endpoint,
        "OBJECT_STORAGE_BUCKET": settings.bucket,
        "OBJECT_STORAGE_ACCESS_KEY": settings.access_key,
        "OBJECT_STORAGE_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    at = Deployment(
        gateway_url=gateway.url,
        token=lambda: operator.token,
        environment=reach,
        services={"gateway": reach | ADDRESSES | {"GATEWAY_INNER_PORT": str(urlsplit(gateway.inner_url).port)}},
        logs=folder / "logs",
        values=folder / "values.yaml",
    )
    redactor = Redactor([reach, ADDRESSES, SECRETS], [operator.token, guest.token])
    files = await asyncio.to_thread(collect, at, redactor, say=print)
    write(files, folder / "bundle.zip")
    found = members(folder / "bundle.zip")
    for name, text in found.items():
        check(text, secrets=[*VALUES, *redactor.values])
        assert text.strip(), name
    about = json.loads(found["about.json"])
    assert about["away"] == {}
    assert about["packages"]["proteus-gateway"] == "0.1.0"
    assert json.loads(found["health/gateway.json"])["status"] == "ok"
    assert json.loads(found["health/postgres.json"])["migration"]
    assert "proteus_queue_depth_jobs" in found["health/gateway/metrics.txt"]
    assert "queues" in json.loads(found["queue.json"])
    assert json.loads(found["settings/gateway.json"])["PROTEUS_SIGNING_KEY"] == CUT
    assert "replicas: 2" in found["chart/values.yaml"]
    assert "an ordinary line" in found["logs/gateway.log"]
    assert (folder / "bundle.zip").stat().st_mode & 0o777 == 0o600


def test_parts_that_are_away_are_named_and_the_rest_is_there(folder: Path) -> None:
    port = free_port()
    reach = SECRETS | {
        "REDIS_URL": f"redis://:redis-pass@127.0.0.1:{port}/0",
        "DATABASE_URL": f"postgresql://proteus:another-pass@127.0.0.1:{port}/proteus",
        "OBJECT_STORAGE_ENDPOINT": f"http://127.0.0.1:{port}",
    }
    at = Deployment(
        gateway_url=f"http://127.0.0.1:{port}",
        token=lambda: "a-token",
        environment=reach,
        logs=folder / "logs",
        values=folder / "nowhere.yaml",
    )
    said: list[str] = []
    files = collect(at, Redactor([reach, ADDRESSES]), say=said.append)
    away = json.loads(files["about.json"])["away"]
    parts = {"health/gateway.json", "health/postgres.json", "health/redis.json", "health/storage.json", "queue.json"}
    assert parts | {"chart/values.yaml"} <= away.keys()
    assert len(said) == len(away)
    assert {"settings/environment.json", "logs/gateway.log", "about.json"} == files.keys()
    check("\n".join([*files.values(), *said]), secrets=[*VALUES, "redis-pass"])


def test_a_secret_that_is_left_over_stops_the_bundle(folder: Path) -> None:
    class Blind(Redactor):
        def text(self, text: str) -> str:
            return text

    at = Deployment(gateway_url="http://127.0.0.1:1", token=str, environment=SECRETS, logs=folder / "logs")
    with pytest.raises(SecretInBundle, match=r"logs/gateway\.log"):
        collect(at, Blind([SECRETS]), say=lambda _: None)
