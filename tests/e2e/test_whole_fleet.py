"""The whole fleet as separate processes, driven through its public API alone: nothing is stubbed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit
from zipfile import ZipFile

import httpx
import pytest
import pytest_asyncio
from PIL import Image, ImageChops
from rich.console import Console
from tests.e2e.conftest import in_browser, running

from collector import Collector, collecting
from proteus_cli.tryon import Board, Wish, try_on
from proteus_client import AsyncProteus, JobEnded, Refused
from waiting import until
from workbench import assets
from workbench.fuzz.leaks import leaks
from workbench.stack.plan import Plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
SMOKE = Path(__file__).parents[2] / "deploy" / "helm" / "proteus" / "files" / "smoke" / "smoke.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the fleet of these tests lives."""
    return tmp_path_factory.mktemp("whole") / "stack"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Receives the fleet's traces."""
    with collecting() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fleet(folder: Path, collector: Collector) -> AsyncIterator[Plan]:
    """One running fleet for all of them."""
    async with running(folder, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as plan:
        yield plan


async def test_a_photo_and_a_garment_become_a_try_on(fleet: Plan, tmp_path: Path) -> None:
    output = tmp_path / "result.png"
    wish = Wish(person=assets.PERSON, garment=assets.GARMENT, category="upper", options={}, output=output)
    async with AsyncProteus(fleet.gateway_url) as client, AsyncProteus(fleet.gateway_url) as stranger:
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
    assert (refusal.value.status, refusal.value.code) == (404, "not_found")


async def test_a_jacket_is_put_on_over_a_shirt_and_a_hat_is_refused_in_words(fleet: Plan, tmp_path: Path) -> None:
    output = tmp_path / "jacket.png"
    jacket = Wish(person=assets.PERSON, garment=assets.GARMENT, category="outer", options={}, output=output)
    async with AsyncProteus(fleet.gateway_url) as client:
        with Board(Console(quiet=True)).live() as board:
            done, _ = await try_on(client, jacket, board=board)
            with pytest.raises(Refused) as refusal:
                await try_on(client, replace(jacket, category="hat"), board=board)
    assert (done.status, done.engine) == ("completed", "puppet")
    with Image.open(assets.PERSON) as before, Image.open(output) as after:
        assert ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox() is not None
    assert (refusal.value.status, refusal.value.code) == (422, "category_unsupported")
    assert "puppet cannot put on the category 'hat'" in str(refusal.value)


async def test_a_mask_of_ones_own_from_the_command_line_says_what_may_change(fleet: Plan, tmp_path: Path) -> None:
    with Image.open(assets.PERSON) as photo:
        before = photo.convert("RGB")
    mask = Image.new("L", before.size, 0)
    mask.paste(255, (0, before.height // 2, before.width, before.height))
    mask.save(tmp_path / "mask.png")
    words = [str(assets.PERSON), str(assets.GARMENT), "-o", str(tmp_path / "out.png"), "--url", fleet.gateway_url]
    masked = ["--mask", str(tmp_path / "mask.png"), "--return-mask", str(tmp_path / "used" / "mask.png"), "--json"]

    async def proteus(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "proteus_cli", "tryon", *words, "--category", "upper", *more]
        return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)

    done = await proteus(*masked)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["mask"] == str(tmp_path / "used" / "mask.png")
    with Image.open(tmp_path / "used" / "mask.png") as used:
        assert ImageChops.difference(used.convert("L"), mask).getbbox() is None
    refused = await proteus("--person-index", "1")
    assert refused.returncode in (1, 4), refused.stderr
    assert "there is no person_index 1" in refused.stderr
    refused = await proteus("--mask-mode", "free")
    assert (refused.returncode, "puppet" in refused.stderr) == (4, True), refused.stderr
    (tmp_path / "mask.png").write_text("no picture")
    refused = await proteus(*masked)
    assert (refused.returncode, "Invalid value for '--mask'" in refused.stderr) == (2, True), refused.stderr


async def test_one_trace_shows_where_a_try_ons_time_went(fleet: Plan, collector: Collector) -> None:
    async with AsyncProteus(fleet.gateway_url) as client:
        person = await client.upload(assets.PERSON.read_bytes(), kind="person")
        garment = await client.upload(assets.GARMENT.read_bytes(), kind="garment")
        trace = token_hex(16)
        headers = {"Authorization": f"Bearer {client.token}", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
        async with httpx.AsyncClient(base_url=fleet.gateway_url, headers=headers, timeout=90) as plain:
            body = {"user_photo_url": person, "cloth_clean_url": garment, "category": "upper"}
            job = (await plain.post("/api/snap", json=body)).raise_for_status().json()
            done = (await plain.get(f"/api/status/{job['job_id']}", params={"wait": 60})).json()
    assert done["status"] == "completed", done

    path = ["prepare", "queue wait", "fetch and prepare", "weave", "encode and store", "record tryon"]

    async def arrived() -> bool:
        return {"POST /api/snap", *path} <= {one.name for one in collector.of(trace)}

    await until(arrived, what="the spans of the try-on")
    spans = {one.name: one for one in collector.of(trace)}
    submit = spans["POST /api/snap"]
    assert (submit.parent, submit.service) == ("00f067aa0ba902b7", "proteus-gateway")
    assert {spans[name].parent for name in path} == {submit.id}
    assert [spans[name].service.removeprefix("proteus-") for name in path] == ["gateway", *["weaver"] * 4, "gateway"]
    assert [spans[name].end for name in path] == sorted(spans[name].end for name in path)
    assert spans["store put_object"].parent == spans["encode and store"].id
    assert spans["postgres transaction"].parent == submit.id
    prepared = [
        one for other in spans["prepare"].links for one in collector.of(other) if one.service == "proteus-tailor"
    ]
    assert {"ingest", "cut", "parse"} & {one.name for one in prepared}
    assert "store get_object" in {one.name for one in prepared}
    (batch,) = [one for one in collector.spans if one.name == "batch puppet" and trace in one.links]
    assert spans["weave"].links == (batch.trace,)
    sent = b"".join(collector.raw)
    for secret in (client.token, client.token.split(".")[1], "X-Amz-Signature", "incoming/", "derived/", "user_"):
        assert secret.encode() not in sent, secret


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
    async with AsyncProteus(fleet.gateway_url) as client:
        with pytest.raises(JobEnded) as ended:
            await client.cut_out(await client.upload(b"\xff\xd8\xff" + bytes(200), kind="garment"))
    failed = json.loads((await proteus(*here, "ls", "--state", "failed", "--json")).stdout)["items"]
    assert {job["kind"] for job in failed} == {"ingest", "cut"}
    shown = await proteus(*here, "show", ended.value.job.job_id)
    assert ended.value.code in shown.stdout
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


@pytest.mark.long
async def test_an_operator_pauses_intake_and_resumes_it_from_the_command_line(fleet: Plan, folder: Path) -> None:
    async def queue(*words: str) -> str:
        command = [sys.executable, "-m", "workbench", "queue", "--folder", str(folder), *words]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async with AsyncProteus(fleet.gateway_url) as client:
        photo = await client.upload(assets.GARMENT.read_bytes(), kind="garment")
        assert "Intake is paused" in await queue("pause", "--reason", "A new disk until 14:00 UTC.")
        assert "A new disk until 14:00 UTC." in await queue("ls")
        headers = {"Authorization": f"Bearer {client.token}"}
        async with httpx.AsyncClient(base_url=fleet.gateway_url, headers=headers) as plain:  # The client waits it out.
            refused = await plain.post("/v1/segmentations", json={"image_url": photo})
        assert (refused.status_code, refused.json()["code"]) == (503, "intake_paused")
        assert "A new disk" in refused.json()["detail"]
        assert "New work is taken again" in await queue("resume")
        assert "paused" not in await queue("ls")
        await client.cut_out(photo)


async def test_a_support_bundle_of_a_running_fleet_holds_every_part_and_no_secret(fleet: Plan, folder: Path) -> None:
    bundle = folder.parent / "bundle.zip"
    script = "import typer; from workbench.support.cli import support_bundle; typer.run(support_bundle)"
    command = [sys.executable, "-c", script, "--folder", str(folder), "-o", str(bundle)]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    secrets = set(json.loads((folder / "secrets.json").read_text()).values())
    for environment in (fleet.environment, *fleet.environments.values()):
        secrets |= {value for name, value in environment.items() if name.endswith("_SECRET_KEY")}
        secrets |= {urlsplit(value).password or "" for value in environment.values() if "://" in value}
    with ZipFile(bundle) as opened:
        texts = {name: opened.read(name).decode() for name in opened.namelist()}
    assert json.loads(texts["about.json"])["away"] == {}
    parts = {f"health/{name}/readyz.txt" for name in ("tailor", "weaver", "arbitrator")} | {"health/gateway/health.txt"}
    assert parts | {f"logs/{name}.log" for name in ("gateway", "weaver", "postgres")} <= texts.keys()
    assert all(len(secret) > 8 for secret in secrets - {""})
    for name, text in texts.items():
        assert [secret[:4] for secret in secrets - {""} if secret in text] == [], name
        assert leaks(text) == [], name


async def test_a_result_its_variants_and_its_zip_are_signed_by_this_deployment(fleet: Plan, folder: Path) -> None:
    words = [sys.executable, "-m", "workbench", "token", "--tenant", "acme", "--folder", str(folder)]
    minted = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=True)
    async with AsyncProteus(fleet.gateway_url, token=minted.stdout.strip()) as client:
        person = await client.upload(assets.PERSON.read_bytes(), kind="person")
        garment = await client.upload(assets.GARMENT.read_bytes(), kind="garment")
        headers = {"Authorization": f"Bearer {client.token}"}
        async with httpx.AsyncClient(
            base_url=fleet.gateway_url, headers=headers, timeout=90, follow_redirects=True
        ) as plain:

            async def got(path: str, **query: object) -> httpx.Response:
                return (await plain.get(path, params=query)).raise_for_status()

            item = {"person": person, "garment": garment, "category": "upper"}
            made = (await plain.post("/v1/batches", json={"items": [item]})).raise_for_status().json()
            address = f"/v1/batches/{made['batch_id']}"

            async def ended() -> bool:
                return bool((await got(address)).json()["finished_at"])

            await until(ended, what="the batch's end")
            picture = (await got(f"{address}/items")).json()["items"][0]["url"]
            files = {"result": (await got(picture)).content}
            for format_ in ("webp", "jpeg"):
                files[format_] = (await got(picture, w=320, format=format_)).content
            with ZipFile(io.BytesIO((await got(f"{address}/results")).content)) as archive:
                [name] = [name for name in archive.namelist() if name != "manifest.jsonl"]
                files["zip"] = archive.read(name)
            for name, data in files.items():
                answer = await plain.post("/v1/verify", files={"image": (name, data)})
                said = answer.raise_for_status().json()
                assert (said["c2pa"]["state"], said["c2pa"]["engine"], said["c2pa"]["problems"]) == (
                    "valid", "puppet", [],
                ), name  # fmt: skip
                assert said["width"] == (320 if name in ("webp", "jpeg") else 512), name
                assert name not in ("webp", "jpeg") or said["format"] == name
    assert files["zip"] == files["result"]


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


@pytest.mark.timeout(600)
async def test_two_photos_become_a_picture_on_the_page_in_a_real_browser(fleet: Plan) -> None:
    """The least that every change must leave whole; `make e2e` runs what else the pages promise."""
    await in_browser("tests/short/*.test.mjs", PROTEUS_URL=fleet.gateway_url)
