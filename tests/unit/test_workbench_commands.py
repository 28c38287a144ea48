"""The command line's words and exit statuses, and the type that the client declares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proteus_cli import commands
from proteus_cli.__main__ import app, loaded
from proteus_cli.sentences import UNREACHABLE
from proteus_client import content_type_of
from workbench.stack.errors import StackError, refuse_other_machines
from workbench.stack.ports import free_port

REPLAY = ["replay", "--policy", "slo"]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    return path


def test_help_imports_no_commands_module() -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from proteus_cli.__main__ import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "print(*sorted(name for name in sys.modules if name.startswith(('workbench', 'proteus'))))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["proteus_cli", "proteus_cli.__main__", "proteus_cli.commands"]


@pytest.mark.parametrize("name", commands.KNOWN)
def test_the_list_of_commands_says_of_each_what_it_says_itself(name: str) -> None:
    point = commands.installed()[name]
    assert point.dist is not None
    assert point.dist.name == commands.KNOWN[name].distribution
    assert loaded(name).help.splitlines()[0] == commands.KNOWN[name].help
    done = CliRunner().invoke(app, [name, "--help"])
    assert (done.exit_code, f" {name} " in done.stdout) == (0, True)


def test_a_gateway_that_is_not_there_is_exit_status_three(photo: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = CliRunner().invoke(app, ["tryon", str(photo), str(photo), "--url", url])
    assert done.exit_code == UNREACHABLE
    assert url in done.stderr
    assert "make up" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["queue", "--url", "gateway:8000", "dead"], {}, "the gateway's address is 'gateway:8000': it must begin with"),
        (["queue", "--url", "http://[", "ls"], {}, "the gateway's address is 'http://[': it must be a URL"),
        (["queue", "ls"], {"PROTEUS_TOKEN": "hunter2\n"}, "(PROTEUS_TOKEN) holds characters that no token has"),
        (["fleet", "why", "--url", "http://a:hunter2@b:c"], {}, "the gateway's address is '…@b:c': it must be a URL"),
        (REPLAY, {"REDIS_URL": "redis"}, "(REDIS_URL) is 'redis': it must begin with redis://"),
        (REPLAY, {"REDIS_URL": "redis://a:hunter2@b:c"}, "(REDIS_URL) is '…@b:c': it must be a URL"),
        (REPLAY, {"REDIS_URL": "redis://a:hunter2"}, "(REDIS_URL) is 'redis://a:…': it must be a URL"),
    ],
)
def test_a_setting_that_is_none_is_wrong_usage_named_in_a_sentence(
    arguments: list[str], environment: dict[str, str], words: str
) -> None:
    done = CliRunner().invoke(app, arguments, env=environment)
    said = " ".join(done.stderr.replace("│", "").split())
    assert (done.exit_code, words in said) == (2, True), said
    assert "hunter2" not in done.output + repr(done.exception)


def test_a_photo_that_is_not_there_is_wrong_usage(photo: Path) -> None:
    assert CliRunner().invoke(app, ["tryon", "nowhere.jpg", str(photo)]).exit_code == 2


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "is empty"), (b"GIF89a", "is no JPEG, PNG, WebP, AVIF or HEIC picture")]
)
def test_a_file_that_is_no_picture_is_refused_by_name_before_anything_is_sent(
    photo: Path, content: bytes, words: str
) -> None:
    other = photo.with_name("other")
    other.write_bytes(content)
    for pair in ([photo, other], [other, photo]):
        done = CliRunner().invoke(app, ["tryon", *map(str, pair), "--url", "http://127.0.0.1:1"])
        said = "".join(done.stderr.replace("│", "").split())
        assert (done.exit_code, f"{other.name}'{words}".replace(" ", "") in said) == (2, True)


def test_a_folder_cannot_be_the_output(photo: Path) -> None:
    assert CliRunner().invoke(app, ["tryon", str(photo), str(photo), "-o", str(photo.parent)]).exit_code == 2


def test_down_where_nothing_runs_is_no_error(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["down", "--folder", str(tmp_path)])
    assert done.exit_code == 0
    assert "No stack runs here" in done.stderr


def test_clean_keeps_the_model_weights(tmp_path: Path) -> None:
    for name in ("data", "logs", "demo", "models"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets.json").write_text("{}")
    assert CliRunner().invoke(app, ["clean", "--folder", str(tmp_path)]).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_another_machine_is_sent_to_compose(system: str, machine: str) -> None:
    with pytest.raises(StackError, match=f"this is {system} {machine}") as refusal:
        refuse_other_machines(system=system, machine=machine)
    assert "docker compose up" in refusal.value.way_out


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\0\0\0\x20ftypavif", "image/avif"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "application/octet-stream"),
        (b"RIFF\0\0\0\0WAVE", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_a_file_is_declared_as_what_its_first_bytes_say(start: bytes, expected: str) -> None:
    assert content_type_of(start) == expected
