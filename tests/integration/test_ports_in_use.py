"""A port that another process has is one sentence, naming the setting, the port and the rule, and exit status 1."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from proteus.checked_settings import SettingRefused
from proteus.service.lifecycle import CANNOT_WORK
from proteus.service.listening import listen

AWAY = {
    "PROTEUS_SIGNING_KEY": "a-key-for-tests-that-is-long-enough-to-sign",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "OBJECT_STORAGE_ENDPOINT": "http://127.0.0.1:1",
    "OBJECT_STORAGE_ACCESS_KEY": "nobody",
    "OBJECT_STORAGE_SECRET_KEY": "nothing",
    "GATEWAY_INNER_PORT": "0",
    "PROBE_PORT": "0",
    "PROBE_HOST": "127.0.0.1",
    "TAILOR_HTTP_PORT": "0",
    "TAILOR_HTTP_HOST": "127.0.0.1",
    "LOG_JSON": "1",
    "WEAVER_ENGINES": "puppet",
}
GATEWAY = ("gateway", "serve", "--host", "127.0.0.1")


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "setting"),
    [
        ((*GATEWAY, "--port", "PORT"), "--port"),
        pytest.param((*GATEWAY, "--port", "0"), "GATEWAY_INNER_PORT", marks=pytest.mark.long),
        (("tailor",), "TAILOR_HTTP_PORT"),
        pytest.param(("tailor",), "PROBE_PORT", marks=pytest.mark.long),
        (("weaver",), "PROBE_PORT"),
        pytest.param(("arbitrator",), "PROBE_PORT", marks=pytest.mark.long),
    ],
)
def test_every_service_says_which_port_it_cannot_have(taken: int, arguments: tuple[str, ...], setting: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OBJECT_", "COV"))}
    chosen = {} if setting.startswith("--") else {setting: str(taken)}
    ended = subprocess.run(
        [sys.executable, "-m", *(str(taken) if one == "PORT" else one for one in arguments)],
        env={**inherited, **AWAY, **chosen},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = [json.loads(line)["reason"] for line in ended.stderr.splitlines() if '"cannot_work"' in line]
    assert ended.returncode == CANNOT_WORK, ended.stderr
    assert said == [f"{setting} is '{taken}': it must be a port that no other process listens on at 127.0.0.1."]
    assert "Traceback" not in ended.stderr + ended.stdout


def test_a_host_that_is_not_this_machine_is_named() -> None:
    for host in ("192.0.2.1", "no such host", "x" * 300):
        with pytest.raises(SettingRefused, match=r"^PROBE_HOST is '.*': it must be an address of this machine\.$"):
            listen(host, 0, port_setting="PROBE_PORT", host_setting="PROBE_HOST")


def test_a_port_that_was_taken_here_is_taken_for_everybody() -> None:
    (mine,) = listen("127.0.0.1", 0, port_setting="PROBE_PORT", host_setting="PROBE_HOST")
    port = mine.getsockname()[1]
    with mine, pytest.raises(SettingRefused, match=f"PROBE_PORT is '{port}'"):
        listen("127.0.0.1", port, port_setting="PROBE_PORT", host_setting="PROBE_HOST")
    (again,) = listen("127.0.0.1", port, port_setting="PROBE_PORT", host_setting="PROBE_HOST")
    again.close()
