"""A setting that breaks its rule is named with its value and the rule, in one sentence; a secret is never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_settings import BaseSettings

from arbitrator.settings import ArbitratorSettings
from gateway.settings import (
    AdmissionSettings,
    AuthSettings,
    DatabaseSettings,
    EdgeSettings,
    GatewaySettings,
    LimitSettings,
    RetentionSettings,
    TokenSettings,
    UploadSettings,
)
from gateway.settings import TailorSettings as TailorUrlSettings
from proteus.checked_settings import CheckedSettings, SettingRefused, variable_of
from proteus.settings import LeaseSettings, LogSettings, ProbeSettings, RedisSettings, StorageSettings
from tailor.settings import PoseSettings, SegmentSettings, TailorSettings
from weaver.settings import WeaverSettings, WorkerSettings

GROUPS: list[type[CheckedSettings]] = [
    AdmissionSettings, ArbitratorSettings, AuthSettings, DatabaseSettings, EdgeSettings, LeaseSettings, LimitSettings,
    LogSettings, PoseSettings, ProbeSettings, RedisSettings, RetentionSettings, SegmentSettings, StorageSettings,
    TailorSettings, TailorUrlSettings, TokenSettings, UploadSettings, WeaverSettings, WorkerSettings,
]  # fmt: skip

SENTENCES = [
    (LeaseSettings, "LEASE_SECONDS", "soon", "LEASE_SECONDS is 'soon': it must be a number."),
    (LeaseSettings, "LEASE_SECONDS", "-1", "LEASE_SECONDS is '-1': it must be greater than 0."),
    (LeaseSettings, "LEASE_SECONDS", "nan", "LEASE_SECONDS is 'nan': it must be a finite number."),
    (LeaseSettings, "LEASE_SECONDS", "inf", "LEASE_SECONDS is 'inf': it must be a finite number."),
    (LimitSettings, "LIMIT_GUEST_TOTAL", "many", "LIMIT_GUEST_TOTAL is 'many': it must be a whole number."),
    (
        LimitSettings,
        "LIMIT_GUEST_TOTAL",
        "-5",
        "LIMIT_GUEST_TOTAL is '-5': it must be greater than or equal to 0.",
    ),
    (LogSettings, "LOG_JSON", "perhaps", "LOG_JSON is 'perhaps': it must be 1 or 0."),
    (
        LogSettings,
        "LOG_LEVEL",
        "LOUD",
        "LOG_LEVEL is 'LOUD': it must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.",
    ),
    (AuthSettings, "AUTH_GUESTS", "all", "AUTH_GUESTS is 'all': it must be 'open', 'key' or 'off'."),
    (RedisSettings, "REDIS_URL", "redis", "REDIS_URL is 'redis': it must begin with redis:// or rediss://."),
    (
        RedisSettings,
        "REDIS_URL",
        "redis://weaver:hunter2@redis:port/0",
        "REDIS_URL is '…@redis:port/0': it must be a URL whose port, if any, is a number up to 65535.",
    ),
    (
        RedisSettings,
        "REDIS_URL",
        "redis://weaver:hunter2",
        "REDIS_URL is 'redis://weaver:…': it must be a URL whose port, if any, is a number up to 65535.",
    ),
    (RedisSettings, "REDIS_URL", "redis:///0", "REDIS_URL is 'redis:///0': it must name a host."),
    (
        StorageSettings,
        "OBJECT_STORAGE_ENDPOINT",
        "store:8333",
        "OBJECT_STORAGE_ENDPOINT is 'store:8333': it must begin with http:// or https://.",
    ),
    (
        DatabaseSettings,
        "DATABASE_URL",
        "mysql://proteus:hunter2@db/proteus?sslpassword=hunter2",
        "DATABASE_URL is '…@db/proteus?…': it must begin with postgresql:// or postgresql+asyncpg:// or postgres://.",
    ),
    (
        TokenSettings,
        "PROTEUS_SIGNING_KEY",
        "hunter2",
        "PROTEUS_SIGNING_KEY (a secret, not shown): it must have at least 32 characters.",
    ),
    (TokenSettings, "", "", "PROTEUS_SIGNING_KEY is not set, and there is no default."),
    (WeaverSettings, "WEAVER_ENGINES", " , ", "WEAVER_ENGINES is ' , ': it names no engine."),
    (
        WeaverSettings,
        "WEAVER_TIMED_CURVE",
        "fast",
        "WEAVER_TIMED_CURVE is 'fast': it must be pairs such as 1:0.2,4:0.36.",
    ),
    (
        UploadSettings,
        "UPLOAD_CONTENT_TYPES",
        '["image/png"',
        "UPLOAD_CONTENT_TYPES is '[\"image/png\"': it begins like a JSON list, and is none.",
    ),
    (
        EdgeSettings,
        "GATEWAY_TRUSTED_PROXIES",
        "proxy",
        "GATEWAY_TRUSTED_PROXIES is 'proxy': 'proxy' does not appear to be an IPv4 or IPv6 network.",
    ),
]


@pytest.mark.parametrize(("group", "variable", "value", "sentence"), SENTENCES, ids=[row[3][:40] for row in SENTENCES])
def test_the_sentence_names_the_variable_the_value_and_the_rule(
    monkeypatch: pytest.MonkeyPatch, group: type[BaseSettings], variable: str, value: str, sentence: str
) -> None:
    monkeypatch.delenv("PROTEUS_SIGNING_KEY", raising=False)
    if variable:
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingRefused) as refused:
        group()
    assert refused.value.message == sentence
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_value_from_a_file_is_told_by_the_variable_that_names_the_file_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    file = f"{tmp_path}/url"
    with open(file, "w", encoding="utf-8") as written:
        written.write("http://elsewhere\n")
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("REDIS_URL_FILE", file)
    with pytest.raises(SettingRefused, match=r"^REDIS_URL \(in the file that REDIS_URL_FILE names, not shown\): it"):
        RedisSettings()


def test_a_group_that_is_given_as_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROTEUS_TOKENS", "hunter2")
    with pytest.raises(SettingRefused) as refused:
        GatewaySettings()
    assert refused.value.message == "PROTEUS_TOKENS cannot be read: it must be JSON."


VARIABLES = [(group, variable_of(group, field)) for group in GROUPS for field in group.model_fields]
ODD = ["", " ", "x", "-1", "1e400", "nan", "\ud800", "[", "{}", "://", "redis://[", "http://a:b", "0", "9" * 400]


@given(which=st.sampled_from(VARIABLES), value=st.sampled_from(ODD) | st.text(st.characters(exclude_characters="\0")))
def test_whatever_a_variable_holds_it_is_taken_or_refused_in_one_sentence(
    which: tuple[type[CheckedSettings], str], value: str
) -> None:
    group, variable = which
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROTEUS_SIGNING_KEY", "a-key-for-tests-that-is-long-enough-to-sign")
        try:
            patch.setenv(variable, value)
        except UnicodeEncodeError:
            return  # No environment holds it.
        assert sentence_of(group) is None or sentence_of(group).startswith(variable)


def sentence_of(group: type[CheckedSettings]) -> str | None:
    try:
        group()
    except SettingRefused as refused:
        return refused.message
    return None
