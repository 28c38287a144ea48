"""A service that its settings do not let work says why in one sentence, and ends with a status of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from proteus.service.lifecycle import CANNOT_WORK
from workbench.stack.certificate import make_certificate

AWAY = {
    "PROTEUS_SIGNING_KEY": "a-key-for-tests-that-is-long-enough-to-sign",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "OBJECT_STORAGE_ENDPOINT": "http://127.0.0.1:1",
    "GATEWAY_INNER_PORT": "0",
    "PROBE_PORT": "0",
    "LOG_JSON": "1",
    "TAILOR_HTTP_PORT": "0",
    "WEAVER_ENGINES": "puppet",
    "WEAVER_PROFILE_SECONDS": "0",
}
KEYS = {"OBJECT_STORAGE_ACCESS_KEY": "nobody", "OBJECT_STORAGE_SECRET_KEY": "nothing"}
COMMERCIAL = {"PROTEUS_LICENCE_POLICY": "commercial"}
SERVE = ("gateway", "serve", "--host", "127.0.0.1", "--port", "0")
NO_KEY = "OBJECT_STORAGE_ACCESS_KEY and OBJECT_STORAGE_SECRET_KEY are not set, so nothing can be signed."


def ends(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OBJECT_", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**inherited, **AWAY, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.usefixtures("pose_folder")
@pytest.mark.parametrize(
    ("arguments", "environment", "reason"),
    [
        (SERVE, {}, NO_KEY),
        pytest.param(("tailor",), {}, NO_KEY, marks=pytest.mark.long),
        pytest.param(("weaver",), {}, NO_KEY, marks=pytest.mark.long),
        (("weaver",), {**KEYS, **COMMERCIAL, "WEAVER_ENGINES": "catvton"}, "catvton is refused by licence_policy"),
        pytest.param(
            ("tailor",),
            {**KEYS, **COMMERCIAL, "TAILOR_PARSER": "segformer"},
            "segformer is refused by licence_policy",
            marks=pytest.mark.long,
        ),
        pytest.param(
            SERVE,
            {**KEYS, **COMMERCIAL, "PROTEUS_ENGINES": "puppet,catvton"},
            "catvton is refused by licence_policy",
            marks=pytest.mark.long,
        ),
        (("gateway", "migrate"), KEYS, "DATABASE_URL names a database at 127.0.0.1:1: The database does not answer."),
        pytest.param(
            SERVE,
            {"LIMIT_TENANT_TOTAL": "many"},
            "LIMIT_TENANT_TOTAL is 'many': it must be a whole number.",
            marks=pytest.mark.long,
        ),
        (("tailor",), {"TAILOR_SLOTS": "0"}, "TAILOR_SLOTS is '0': it must be greater than or equal to 1."),
        pytest.param(
            ("weaver",),
            {"WEAVER_ENGINES": "warp"},
            "WEAVER_ENGINES is 'warp': there is no engine 'warp'",
            marks=pytest.mark.long,
        ),
        (("arbitrator",), {"LOG_LEVEL": "LOUD"}, "LOG_LEVEL is 'LOUD': it must be one of DEBUG, INFO"),
    ],
)
def test_what_cannot_work_says_why_in_one_sentence_and_ends_with_its_status(arguments, environment, reason):
    ended = ends(*arguments, environment=environment)
    said = [json.loads(line)["reason"] for line in ended.stderr.splitlines() if '"cannot_work"' in line]
    assert ended.returncode == CANNOT_WORK, ended.stderr
    assert len(said) == 1, ended.stderr
    assert reason in said[0]
    assert "Traceback" not in ended.stderr + ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "broken", "rule"),
    [
        pytest.param(
            "weaver",
            "garbage",
            "{certificate} (MARKS_CERTIFICATE_FILE) holds no certificates: they must be PEM",
            marks=pytest.mark.long,
        ),
        ("tailor", "expired", "{certificate} (MARKS_CERTIFICATE_FILE) has the certificate"),
        pytest.param(
            "weaver",
            "another key",
            "{key} (MARKS_KEY_FILE) is not the key of the first certificate in {certificate}",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_certificate_that_cannot_sign_ends_a_worker_with_the_file_and_the_rule(module, broken, rule, tmp_path):
    now = datetime.now(UTC)
    chain, key = make_certificate(now=now - timedelta(days=4_000) if broken == "expired" else now)
    files = {"certificate": tmp_path / "tls.crt", "key": tmp_path / "tls.key"}
    files["certificate"].write_text("garbage" if broken == "garbage" else chain)
    files["key"].write_text(make_certificate(now=now)[1] if broken == "another key" else key)
    named = {f"MARKS_{what.upper()}_FILE": str(file) for what, file in files.items()}
    ended = ends(module, environment={**KEYS, **named})
    said = [json.loads(line)["reason"] for line in ended.stderr.splitlines() if '"cannot_work"' in line]
    assert ended.returncode == CANNOT_WORK, ended.stderr
    assert len(said) == 1, ended.stderr
    assert rule.format(**files) in said[0]
    assert "PRIVATE KEY" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr + ended.stdout
