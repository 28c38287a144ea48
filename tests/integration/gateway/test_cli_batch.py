"""`proteus batch` against a gateway: folders and lines, estimate, progress, cancel, the ZIP."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile

import pytest
from typer.testing import CliRunner

from fleet_of_cards import weavers
from hands import png
from proteus_cli.batch import app


@pytest.fixture
async def shop(gateway, account):
    """A tenant's server."""
    return await account(gateway, "acme")


def unwrapped(text: str) -> str:
    """Without frames and white space: a message's lines break where its path is long."""
    return "".join(text.replace("│", "").split())


@pytest.fixture
def proteus(gateway, shop, monkeypatch):
    """Run a command beside the gateway's loop."""
    monkeypatch.setenv("PROTEUS_TOKEN", shop.token)

    async def run(*words):
        return await asyncio.to_thread(CliRunner().invoke, app, ["--url", gateway.url, *map(str, words)])

    return run


@pytest.fixture
def folders(tmp_path):
    """Two persons and two garments, and a file that is no picture."""
    for kind, names in (("persons", "ab"), ("garments", "xy")):
        (tmp_path / kind).mkdir()
        for n, name in enumerate(names):
            (tmp_path / kind / f"{name}.png").write_bytes(png((96 + 8 * n, 128)))
    (tmp_path / "persons" / "notes.txt").write_text("no picture")
    return tmp_path / "persons", tmp_path / "garments"


async def test_folders_become_a_batch_that_is_followed_and_fetched(proteus, folders, redis, hands, tmp_path) -> None:
    async with weavers(redis, 1), hands.working():
        dry = await proteus("submit", *folders, "--dry-run", "--engine", "puppet")
        assert dry.exit_code == 0, dry.output
        assert "4 pictures" in dry.stdout
        assert "No batches." in (await proteus("ls")).stdout
        made = await proteus("submit", *folders, "--engine", "puppet", "--hours", "2", "--json")
        assert made.exit_code == 0, made.output
        batch_id = json.loads(next(line for line in made.stdout.splitlines() if line.startswith("{")))["batch_id"]
        watched = await proteus("watch", batch_id)
        assert (watched.exit_code, "4 completed" in watched.stdout) == (0, True), watched.output
        assert batch_id in (await proteus("ls", "--json")).stdout
        file = tmp_path / "made.zip"
        assert (await proteus("fetch", batch_id, "-o", file)).exit_code == 0
        archive = zipfile.ZipFile(io.BytesIO(file.read_bytes()))
        manifest = [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()]
        assert [one["custom_id"] for one in manifest] == ["a + x", "a + y", "b + x", "b + y"]
        assert {one["file"] for one in manifest} < set(archive.namelist())
        assert (await proteus("rm", batch_id)).exit_code == 0
        gone = await proteus("fetch", batch_id, "-o", file)
    assert gone.exit_code == 4
    assert sorted(one.name for one in tmp_path.glob("made*")) == ["made.zip"], "the whole one stays, no half one does"


@pytest.mark.long
async def test_lines_name_files_or_addresses_and_a_cancelled_batch_says_so(proteus, folders, tmp_path) -> None:
    head = {"batch": {"options": {"model": "timed"}}}
    lines = [{"person": "persons/a.png", "garment": f"garments/{name}.png", "custom_id": name} for name in "xy"]
    file = tmp_path / "batch.jsonl"
    file.write_text("\n".join(map(json.dumps, [head, *lines])))
    made = await proteus("submit", "--lines", file)
    assert made.exit_code == 0, made.output
    batch_id = next(line for line in made.stdout.splitlines() if line.startswith("bat_"))
    cancelled = await proteus("cancel", batch_id)
    assert (cancelled.exit_code, "2 canceled" in cancelled.stdout) == (0, True), cancelled.output
    watched = await proteus("watch", batch_id)
    assert (watched.exit_code, "canceled" in watched.stdout) == (1, True)


REFUSED = [
    ("", 2, "name two folders"),
    ("{", 2, "line 1"),
    ('{"person": "nobody.png", "garment": "x"}', 2, "nobody.png"),
    ('\n{"person": "http://elsewhere/a.png", "garment": "http://elsewhere/b.png"}', 4, "line 2, person"),
]


async def test_what_cannot_be_a_batch_is_refused_by_its_line(proteus, tmp_path) -> None:
    for lines, status, says in REFUSED:
        file = tmp_path / "batch.jsonl"
        file.write_text(lines)
        done = await proteus("submit", *(["--lines", file] if lines else []))
        assert done.exit_code == status, done.output
        assert unwrapped(says) in unwrapped(done.output), done.output
