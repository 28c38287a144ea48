"""The command line with what it declares and nothing else: no service, no server's client, no workbench."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from gateway.commands import admin

ROOT = Path(__file__).parents[3]
OURS = {"proteus-cli": "tools/cli", "proteus-client": "clients/python", "proteus-tryon": "libs/proteus"}
RUN = "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); from proteus_cli.__main__ import main; main()"


def declared(root: str) -> Iterator[metadata.Distribution]:
    """Yield a distribution and whatever it asks for, as pip would install them."""
    waiting, seen = [Requirement(root)], set()
    while waiting:
        asked = waiting.pop()
        if (mark := (asked.name.lower(), frozenset(asked.extras))) in seen:
            continue
        seen.add(mark)
        found = metadata.distribution(asked.name)
        yield found
        for line in found.requires or ():
            one = Requirement(line)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in ("", *asked.extras)):
                waiting.append(one)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A search path with the declared distributions alone, as links."""
    folder = tmp_path_factory.mktemp("alone")
    sources = []
    for found in declared("proteus-cli"):
        if found.name in OURS:
            sources.append(str(ROOT / OURS[found.name] / "src"))
        for name in {file.parts[0] for file in found.files or () if ".." not in file.parts}:
            link = folder / name
            if not link.exists() and not name.endswith(".pth"):
                link.symlink_to(Path(str(found.locate_file(name))))
    return ":".join([*sources, str(folder)])


@pytest.fixture
def proteus(alone: str, tmp_path: Path) -> Any:
    """Run a command in a Python that sees nothing else."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        # -I and -S: neither this environment's packages nor its settings.
        command = [sys.executable, "-I", "-S", "-c", RUN, alone, *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    return run


def test_help_lists_what_is_here(proteus: Any) -> None:
    done = proteus("--help")
    assert done.returncode == 0, done.stderr
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("│ ")}
    assert {"tryon", "queue", "fleet", "models", "token"} <= listed
    assert not {"up", "demo", "simulate", "weights", "eval"} & listed
    assert "garment" in proteus("tryon", "--help").stdout


@pytest.mark.parametrize("name", ["up", "demo", "simulate", "weights", "eval"])
def test_a_command_of_the_workbench_names_the_package_to_install(proteus: Any, name: str) -> None:
    done = proteus(name)
    said = " ".join(done.stderr.replace("│", "").split())
    assert (done.returncode, done.stdout) == (2, "")
    assert f"`proteus {name}` comes with the package proteus-workbench, which is not installed here" in said


def test_a_command_that_nobody_knows_is_wrong_usage(proteus: Any) -> None:
    done = proteus("weave")
    assert (done.returncode, "No such command 'weave'" in done.stderr) == (2, True)


def test_a_token_without_a_gateway_says_where_to_make_one(proteus: Any) -> None:
    done = proteus("token", "--tenant", "acme")
    assert done.returncode == 4
    assert "python -m gateway token" in done.stderr
    assert "Traceback" not in done.stderr


def test_models_are_listed_without_any_server(proteus: Any) -> None:
    assert {"puppet", "catvton", "fashn"} <= {one["name"] for one in json.loads(proteus("models", "--json").stdout)}


async def test_an_operator_reads_queue_and_decisions_of_a_running_gateway(
    proteus: Callable[..., Any], gateway: Any, account: Any
) -> None:
    token = (await account(gateway, "ops", scopes=["admin"])).token
    where = ("--url", gateway.url, "--token", token)
    listed = await asyncio.to_thread(proteus, "queue", *where, "ls", "--json")
    assert listed.returncode == 0, listed.stderr
    assert json.loads(listed.stdout)["items"] == []
    why = await asyncio.to_thread(proteus, "fleet", "why", *where)
    assert (why.returncode, "No decision is noted" in why.stdout) == (0, True), why.stderr


@pytest.mark.long
async def test_an_owner_logs_in_once_and_manages_keys_without_naming_a_token(
    proteus: Any, gateway: Any, gateway_settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PROTEUS_PASSWORD", await admin(gateway_settings, email="root@ops.example", tenant="acme"))
    kept = tmp_path / "config" / "proteus" / "logins.json"

    async def run(*words: str, status: int = 0) -> str:
        done = await asyncio.to_thread(proteus, *words)
        assert done.returncode == status, done.stderr
        return done.stdout + done.stderr * bool(status)

    where = ("--url", gateway.url)
    assert "(admin)" in await run("login", *where, "--email", "root@ops.example")
    assert kept.stat().st_mode & 0o077 == 0
    made = json.loads(await run("keys", *where, "create", "--name", "shop", "--engine", "puppet", "--json"))
    assert (await gateway.bearer(made["key"]).http.get("/users/me")).json()["tenant"] == "acme"

    before = json.loads(kept.read_text())
    kept.write_text(json.dumps({gateway.url: {**before[gateway.url], "expires_at": 0}}))
    both = await asyncio.gather(*(run("keys", *where, "list", "--json") for _ in range(2)))
    assert [json.loads(one)[0]["key_id"] for one in both] == [made["key_id"]] * 2
    after = json.loads(kept.read_text())
    assert after[gateway.url]["refresh_token"] != before[gateway.url]["refresh_token"], "one of the two refreshed"

    successor = json.loads(await run("keys", *where, "rotate", made["key_id"], "--json"))
    assert "revoked" in await run("keys", *where, "revoke", successor["key_id"])
    assert "Logged out" in await run("logout", *where)
    assert json.loads(kept.read_text()) == {}
    assert "no login" in await run("logout", *where)
    assert "invalid_credentials" not in await run("login", *where, "--email", "nobody@ops.example", status=4)
