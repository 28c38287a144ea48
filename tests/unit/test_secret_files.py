"""A secret comes from the environment or from a file, and never is one that everybody can read."""

from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from gateway.settings import DatabaseSettings, TokenSettings
from proteus.checked_settings import SettingRefused
from proteus.secret_files import PUBLISHED, SecretSettings
from proteus.settings import RedisSettings, StorageSettings
from proteus.storage import NoStorageKey, ObjectStore

SECRET = "f00d" * 16
IN_FILES = [
    (RedisSettings, "REDIS_URL", "redis://weaver:pw@redis:6379/0"),
    (StorageSettings, "OBJECT_STORAGE_ACCESS_KEY", "weaver"),
    (StorageSettings, "OBJECT_STORAGE_SECRET_KEY", SECRET),
    (DatabaseSettings, "DATABASE_URL", "postgresql+asyncpg://proteus:pw@postgres:5432/proteus"),
    (TokenSettings, "PROTEUS_SIGNING_KEY", SECRET),
]


def read(model: type[BaseSettings], variable: str) -> str:
    value = getattr(model(), variable.removeprefix(str(model.model_config["env_prefix"])).lower())
    return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)


@pytest.mark.parametrize(("model", "variable", "value"), IN_FILES, ids=[row[1] for row in IN_FILES])
def test_a_secret_is_read_from_the_file_that_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: type[SecretSettings], variable: str, value: str
) -> None:
    monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    (tmp_path / "secret").write_text(f"{value}\n")
    assert read(model, variable) == value


@pytest.mark.parametrize(("model", "variable", "value"), IN_FILES, ids=[row[1] for row in IN_FILES])
def test_a_secret_that_is_given_twice_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: type[SecretSettings], variable: str, value: str
) -> None:
    (tmp_path / "secret").write_text(value)
    monkeypatch.setenv(variable, value)
    monkeypatch.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingRefused, match=f"{variable} and {variable}_FILE are both set"):
        model()


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    monkeypatch.delenv("PROTEUS_SIGNING_KEY", raising=False)
    monkeypatch.setenv("PROTEUS_SIGNING_KEY_FILE", str(tmp_path / "secret"))
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    with pytest.raises(SettingRefused, match=f"PROTEUS_SIGNING_KEY_FILE names {tmp_path}/secret, which cannot be read"):
        TokenSettings()


@pytest.mark.parametrize("known", sorted(PUBLISHED))
def test_a_default_that_everybody_can_read_is_no_secret(known: str) -> None:
    with pytest.raises(SettingRefused, match="a default that everybody can read") as storage:
        StorageSettings.model_validate({"access_key": "a", "secret_key": known})
    with pytest.raises(SettingRefused, match=r"DATABASE_URL is .*: its password is a default") as database:
        DatabaseSettings(url=f"postgresql://proteus:{known}@postgres/proteus")
    if len(known) >= 32:
        with pytest.raises(SettingRefused, match=r"PROTEUS_SIGNING_KEY \(a secret, not shown\): it is a default"):
            TokenSettings.model_validate({"signing_key": known})
    assert known not in str(storage.value) + str(database.value)


def test_an_error_in_a_setting_shows_no_secret() -> None:
    with pytest.raises(SettingRefused) as refused:
        DatabaseSettings(url="mysql://proteus:hunter2@postgres/proteus")
    assert "hunter2" not in str(refused.value)


def test_a_store_without_a_key_is_refused_before_anybody_looks_for_one_elsewhere() -> None:
    with pytest.raises(NoStorageKey):
        ObjectStore(StorageSettings())
