"""What Compose's `secrets` service writes: made once, kept, and each part sees its own alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.settings import DatabaseSettings, TokenSettings
from proteus.redis_roles import RedisRole
from proteus.secret_files import PUBLISHED
from proteus.service.make_secrets import SERVICES, write
from proteus.settings import RedisSettings, StorageSettings


def everything(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def secrets_in(folder: Path) -> dict[str, str]:
    return dict(json.loads((folder / "own" / "secrets.json").read_text()))


def test_the_second_run_keeps_what_the_first_made(tmp_path: Path) -> None:
    write(tmp_path, {})
    first = everything(tmp_path)
    write(tmp_path, {})
    assert everything(tmp_path) == first


def test_no_two_secrets_and_no_two_deployments_are_alike(tmp_path: Path) -> None:
    write(tmp_path / "a", {})
    write(tmp_path / "b", {})
    made = [*secrets_in(tmp_path / "a").values(), *secrets_in(tmp_path / "b").values()]
    assert len(set(made)) == len(made)
    assert min(map(len, made)) >= 64


def test_what_is_given_replaces_what_was_kept(tmp_path: Path) -> None:
    write(tmp_path, {})
    own = {"PROTEUS_SIGNING_KEY": "k" * 40, "POSTGRES_PASSWORD": "p@ss/word:1"}
    write(tmp_path, own)
    assert (tmp_path / "gateway" / "signing_key").read_text() == own["PROTEUS_SIGNING_KEY"]
    assert (tmp_path / "postgres" / "password").read_text() == own["POSTGRES_PASSWORD"]
    assert ":p%40ss%2Fword%3A1@postgres" in (tmp_path / "gateway" / "database_url").read_text()


def test_a_second_signing_key_is_there_only_while_it_is_given(tmp_path: Path) -> None:
    second = tmp_path / "gateway" / "second_signing_key"
    for given in ("", "n" * 40, ""):
        write(tmp_path, {"PROTEUS_SECOND_SIGNING_KEY": given} if given else {})
        assert second.read_text() == given
    with pytest.raises(ValueError, match="PROTEUS_SECOND_SIGNING_KEY is a default"):
        write(tmp_path, {"PROTEUS_SECOND_SIGNING_KEY": min(PUBLISHED)})


@pytest.mark.parametrize("known", sorted(PUBLISHED))
def test_a_public_default_is_refused_and_named(tmp_path: Path, known: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "proteus.service.make_secrets", str(tmp_path)],
        env={"POSTGRES_PASSWORD": known},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, known in done.stderr) == (1, False)
    assert done.stderr.startswith("secrets: POSTGRES_PASSWORD is a default that everybody can read")
    assert everything(tmp_path) == {}


def test_a_part_sees_no_secret_of_another(tmp_path: Path) -> None:
    write(tmp_path, {})
    known = secrets_in(tmp_path)
    seen = {
        part.name: {name for name, value in known.items() for text in everything(part).values() if value in text}
        for part in tmp_path.iterdir()
        if part.name != "own"
    }
    assert seen == {
        "redis": set(),
        "postgres": {"postgres_password"},
        "object-storage": {"storage_gateway", "storage_tailor", "storage_weaver", "storage_migrate"},
        "migrate": {"postgres_password", "storage_migrate"},
        "gateway": {"postgres_password", "signing_key", "redis_gateway", "storage_gateway"},
        "tailor": {"redis_tailor", "storage_tailor", "tailor_token"},
        "weaver": {"redis_weaver", "storage_weaver"},
        "arbitrator": {"redis_arbitrator"},
    }
    assert (tmp_path / "own").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_was_written_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, service: str) -> None:
    write(tmp_path, {})
    for file in (tmp_path / service).iterdir():
        name = f"PROTEUS_{file.name}".upper() if "signing_key" in file.name else file.name.upper()
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(file))
    known = secrets_in(tmp_path)
    role = RedisRole(service)
    assert RedisSettings().url == f"redis://{service}:{known[f'redis_{role}']}@redis:6379/0"
    if service != "arbitrator":
        assert StorageSettings().secret_key.get_secret_value() == known[f"storage_{role}"]
    if service == "gateway":
        assert TokenSettings().signing_key.get_secret_value() == known["signing_key"]
        assert TokenSettings().second_signing_key.get_secret_value() == ""
        assert known["postgres_password"] in DatabaseSettings().url
