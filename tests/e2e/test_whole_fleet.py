"""The whole fleet as separate processes, driven through its public API alone: nothing is stubbed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from PIL import Image, ImageChops
from rich.console import Console
from tests.e2e.conftest import running

from proteus_cli.tryon import Board, Wish, try_on
from proteus_client import Client, JobEnded, Refused
from workbench import assets
from workbench.stack.plan import Plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
SMOKE = Path(__file__).parents[2] / "deploy" / "helm" / "proteus" / "files" / "smoke" / "smoke.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fleet of these tests lives."""
    return tmp_path_factory.mktemp("whole") / "stack"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(folder: Path) -> AsyncIterator[Plan]:
    """One running fleet for all of them."""
    async with running(folder) as plan:
        yield plan


async def test_a_photo_and_a_garment_become_a_try_on(fleet: Plan, tmp_path: Path) -> None:
    output = tmp_path / "result.png"
    wish = Wish(person=assets.PERSON, garment=assets.GARMENT, category="upper", options={}, output=output)
    async with Client.connected(fleet.gateway_url) as client, Client.connected(fleet.gateway_url) as stranger:
        with Board(Console(quiet=True)).live() as board:
            done, cut_out = await try_on(client, wish, board=board)
        with pytest.raises(Refused) as refusal:
            await stranger.status(done.job_id)
    assert (done.status, done.engine) == ("completed", "puppet")
    assert {"upload", "cut_out", "try_on", "download"} <= set(done.stages)
    with Image.open(assets.PERSON) as before, Image.open(output) as after, Image.open(io.BytesIO(cut_out)) as cut:
        assert after.size == before.size
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is not None
        assert cut.mode == "RGBA"
    assert (refusal.value.status, refusal.value.problem_code) == (404, "not_found")


@pytest.mark.long
async def test_the_operator_of_a_local_fleet_needs_no_token_for_its_queue(fleet: Plan, folder: Path) -> None:
    here = ["queue", "--folder", str(folder)]

    async def proteus(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workbench", *words]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)

    depths = json.loads((await proteus(*here, "ls", "--json")).stdout)
    assert depths["queues"]["queue:jobs"]["waiting"] == 0
    assert {"weaver", "tailor"} <= {worker["id"].partition("-")[0] for worker in depths["workers"]}
    assert "No alive job" in (await proteus(*here, "ls")).stdout
    assert "No dead letters" in (await proteus(*here, "dead")).stdout
    async with Client.connected(fleet.gateway_url) as client:
        with pytest.raises(JobEnded) as ended:
            await client.cut_out(await client.upload(b"\xff\xd8\xff" + bytes(200), kind="garment"))
    failed = json.loads((await proteus(*here, "ls", "--state", "failed", "--json")).stdout)["items"]
    assert {job["kind"] for job in failed} == {"ingest", "cut"}
    shown = await proteus(*here, "show", ended.value.job.job_id)
    assert ended.value.problem_code in shown.stdout
    refused = await proteus(*here, "retry", ended.value.job.job_id)
    ingest = next(job["job_id"] for job in failed if job["kind"] == "ingest")
    assert (refused.returncode, f"needs ingest {ingest}, which is failed" in refused.stderr) == (4, True)
    assert (await proteus(*here, "drop", ended.value.job.job_id)).returncode == 0
    unknown = await proteus(*here, "drop", "job_nowhere")
    assert (unknown.returncode, "no such job" in unknown.stderr) == (4, True)
    guest = await proteus(*here, "--token", client.token or "", "ls")
    assert (guest.returncode, "admin" in guest.stderr) == (4, True)
    minted = await proteus("token", "--tenant", "acme", "--scope", "admin", *here[1:])
    assert (await proteus(*here, "--token", minted.stdout.strip(), "dead")).returncode == 0


@pytest.mark.parametrize(("picture", "ends"), [("yes", "picture made by puppet"), ("no", "no picture was asked for")])
async def test_the_charts_own_test_makes_a_picture_and_deletes_it(fleet: Plan, picture: str, ends: str) -> None:
    store = urlsplit(fleet.environment["OBJECT_STORAGE_ENDPOINT"]).netloc
    smoke = {"BASE": fleet.gateway_url, "STORE": store, "GUESTS": "open", "PICTURE": picture, "SECONDS": "60"}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, str(SMOKE)], env={**os.environ, **smoke}, capture_output=True, text=True
    )
    *_, what, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr, last) == (0, "", "ok")
    assert what.startswith(ends)


async def test_the_charts_own_test_says_where_it_stopped(fleet: Plan) -> None:
    smoke = {"BASE": fleet.gateway_url, "STORE": "127.0.0.1:9", "GUESTS": "open", "PICTURE": "no", "SECONDS": "60"}
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, str(SMOKE)], env={**os.environ, **smoke}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED: the object storage at 127.0.0.1:9 does not answer")
