"""The drill: a working fleet is backed up, lost, and restored onto an empty one, which ends what was unfinished."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.e2e.conftest import MODELS, running

from proteus_client import AsyncProteus, Refused
from waiting import until
from workbench import assets
from workbench.backup import database
from workbench.backup.manifest import SECRETS, Manifest
from workbench.stack.home import Home
from workbench.stack.up import stack

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.timeout(900)]

TIMED = {
    "WEAVER_ENGINES": "timed",
    "PROTEUS_DEFAULT_ENGINE": "timed",
    "WEAVER_TIMED_CURVE": "1:1,2:1.9,4:3.6",
    "ADMISSION_MAX_REPLICAS": "1",
}
"""Slow enough that the backup finds work unfinished."""

UNFINISHED = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
RTO_SECONDS = 900


async def proteus(command: str, *words: str) -> str:
    """Run a command as an operator does."""
    script = f"import typer; from workbench.backup.cli import {command}; typer.run({command})"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script, *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def finished(client: AsyncProteus, job_id: str) -> str:
    """Wait for a picture and return the SHA-256 of its bytes, which open."""
    job = await client.follow(job_id)
    picture = await client.download(job.results[0].url)
    with Image.open(io.BytesIO(picture)) as opened:
        opened.load()
    return hashlib.sha256(picture).hexdigest()


async def submits(client: AsyncProteus, person: str, accepted: list[str], *, enough: Callable[[], bool]) -> None:
    """Go on asking for pictures of fresh garments; a full queue lets it wait."""
    while not enough():
        try:
            garment = await client.upload(_garment(len(accepted)), kind="garment")
            job = await client.submit(person, garment, seed=len(accepted))
            accepted.append(job.job_id)
        except Refused as refused:
            if refused.status != 429:
                raise
        await asyncio.sleep(0.1)


def _garment(number: int) -> bytes:
    with Image.open(assets.GARMENT) as drawn, io.BytesIO() as file:
        drawn.convert("RGB").resize((200 + number % 50, 260)).save(file, "JPEG", quality=70 + number % 25)
        return file.getvalue()


async def test_a_fleet_that_is_lost_comes_back_from_its_backup_and_ends_what_it_had_accepted(tmp_path: Path) -> None:
    old, new, backup = tmp_path / "old", tmp_path / "new", tmp_path / "backup"
    accepted: list[str] = []
    saved = asyncio.Event()
    async with running(old, **TIMED) as plan, AsyncProteus(plan.gateway_url) as client:
        token = client.token
        person = await client.upload(assets.PERSON.read_bytes(), kind="person")
        load = asyncio.create_task(submits(client, person, accepted, enough=saved.is_set))

        async def enough() -> bool:
            return len(accepted) >= 6

        await until(enough, seconds=120, what="a few pictures are asked for")
        done = {job_id: await finished(client, job_id) for job_id in accepted[:3]}
        before = list(accepted)
        said = await proteus("backup", str(backup), "--with-secrets", "--folder", str(old))
        print(said)
        saved.set()
        await load
        assert len(accepted) > len(before), "it was asked for pictures while the backup was taken"
    # The fleet is gone with its folder; only the backup is left.
    lost_at = time.monotonic()
    manifest = Manifest.read(backup)
    key = json.loads((backup / SECRETS).read_text())["PROTEUS_SIGNING_KEY"]
    new.mkdir()
    (new / "secrets.json").write_text(json.dumps({"signing": key}))
    quiet = ("gateway", "tailor", "weaver")
    async with stack(Home(new), models=MODELS, given=TIMED, say=print, without=quiet) as plan:
        print(await proteus("restore", str(backup), "--folder", str(new)))
        unfinished = database.query(plan.reach["DATABASE_URL"], UNFINISHED)
        assert int(unfinished) > 0, "the backup found work unfinished"
    async with running(new, **TIMED) as plan, AsyncProteus(plan.gateway_url, token=token) as client:
        serving_at = time.monotonic()
        restored, away = [], []
        for job_id in accepted:
            try:
                await client.status(job_id)
                restored.append(job_id)
            except Refused as refused:
                if refused.status != 404:
                    raise
                away.append(job_id)
        assert set(before) <= set(restored), "what was accepted before the backup began is there"
        pictures = {job_id: await finished(client, job_id) for job_id in restored}
        assert {job_id: pictures[job_id] for job_id in done} == done, "finished pictures are the same to the byte"
    assert serving_at - lost_at < RTO_SECONDS
    print(
        f"{len(manifest.objects)} objects; serving again {serving_at - lost_at:.0f} s after the loss; "
        f"{len(restored)} try-ons restored, with {unfinished} unfinished jobs, and all ended "
        f"{time.monotonic() - serving_at:.0f} s later; {len(away)} accepted after the backup began are lost"
    )
