"""The whole fleet as separate processes, driven through its public API alone: nothing is stubbed."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from rich.console import Console

from proteus_cli.tryon import Board, Wish, try_on
from proteus_client import Client, JobEnded, Refused
from workbench import assets
from workbench.stack.plan import Plan


@pytest.mark.slow
@pytest.mark.timeout(300)
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


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_the_operator_of_a_local_fleet_needs_no_token_for_its_queue(fleet: Plan, tmp_path: Path) -> None:
    here = ["queue", "--folder", str(tmp_path / "stack")]

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
