"""The Caddyfile of the Compose profile `tls`, run by the real Caddy in front of two gateways and the store."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import socketio

from gateway.settings import EdgeSettings
from hands import png
from waiting import PATIENCE_SECONDS, until
from workbench.stack.ports import free_port

pytestmark = [pytest.mark.slow]

CADDYFILE = Path(__file__).parents[3] / "deploy" / "tls" / "Caddyfile"
CADDY = Path(sys.executable).with_name("caddy")


@dataclass
class Proxy:
    """Caddy, as clients see it.

    Attributes:
        url: Leads to the gateways.
        store_url: Leads to the store.
        authority: The certificate that signed both sites' certificates.
    """

    url: str
    store_url: str
    authority: Path

    @property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)


@dataclass
class Ports:
    """Where the proxy will listen; gateways must know before it runs."""

    site: int
    store: int


@contextmanager
def caddy(folder: Path, ports: Ports, gateways: list[str], store: str) -> Iterator[Proxy]:
    """Run Caddy with our Caddyfile."""
    environment = {
        **os.environ,
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "TLS_INNER_PORT": str(ports.site),
        "TLS_STORE_INNER_PORT": str(ports.store),
        "TLS_GATEWAYS": " ".join(url.removeprefix("http://") for url in gateways),
        "TLS_STORE": store.removeprefix("http://"),
    }
    with (folder / "caddy.log").open("wb") as log:
        command = [str(CADDY), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
        running = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    authority = folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    try:
        yield Proxy(f"https://localhost:{ports.site}", f"https://localhost:{ports.store}", authority)
    finally:
        running.terminate()
        running.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def ports() -> Ports:
    return Ports(free_port(), free_port())


@pytest.fixture
async def behind(gateway_settings, store, serve, ports: Ports, tmp_path: Path) -> AsyncIterator[tuple[Proxy, list]]:
    """Two gateways behind Caddy."""
    storage = gateway_settings.storage.model_copy(update={"public_endpoint": f"https://localhost:{ports.store}"})
    edge = EdgeSettings(trusted_proxies="127.0.0.0/8")
    settings = gateway_settings.model_copy(update={"storage": storage, "edge": edge})
    async with serve(settings) as first, serve(settings) as second:
        with caddy(tmp_path, ports, [first.url, second.url], settings.storage.endpoint) as proxy:

            async def answers() -> bool:
                try:
                    async with httpx.AsyncClient(verify=proxy.tls) as http:
                        return (await http.get(f"{proxy.url}/readyz")).status_code == 200
                except (httpx.TransportError, OSError):
                    return False

            await until(answers, seconds=PATIENCE_SECONDS, what="the proxy answers")
            yield proxy, [first, second]


@asynccontextmanager
async def shopper(proxy: Proxy) -> AsyncIterator[httpx.AsyncClient]:
    """A guest who sees the proxy alone."""
    async with httpx.AsyncClient(base_url=proxy.url, verify=proxy.tls, timeout=PATIENCE_SECONDS) as http:
        http.headers["Authorization"] = f"Bearer {(await http.post('/v1/auth/guest')).json()['access_token']}"
        yield http


async def submitted(http: httpx.AsyncClient, proxy: Proxy) -> str:
    """Upload two pictures to the signed addresses of the store and submit a try-on; return its job's id."""
    urls = []
    for kind in ("person", "garment"):
        asked = {"kind": kind, "content_type": "image/png", "size_bytes": len(png())}
        ticket = (await http.get("/images/presignedUpUrl", params=asked)).json()
        assert ticket["upload_url"].startswith(proxy.store_url)
        put = await http.put(ticket["upload_url"], headers=ticket["headers"], content=png())
        assert put.status_code == 200, put.text
        urls.append(ticket["image_url"])
    made = await http.post("/api/snap", json={"user_photo_url": urls[0], "cloth_clean_url": urls[1]})
    return str(made.json()["job_id"])


async def test_a_replica_goes_while_a_try_on_is_followed_and_nobody_notices(behind, hands) -> None:
    proxy, gateways = behind
    connector = aiohttp.TCPConnector(ssl=proxy.tls)
    async with shopper(proxy) as http, aiohttp.ClientSession(connector=connector) as session:
        job_id = await submitted(http, proxy)
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        client = socketio.AsyncClient(http_session=session, reconnection_delay=0.1)
        client.on("job", heard.put)
        auth = {"token": http.headers["Authorization"].removeprefix("Bearer "), "last_seq": 0}
        await client.connect(proxy.url, auth=auth, transports=["websocket"], socketio_path="updates")
        gateways[0].stop()
        statuses = {(await http.get(f"/api/status/{job_id}")).status_code for _ in range(20)}
        statuses |= {(await http.post("/v1/auth/guest")).status_code for _ in range(4)}
        async with hands.working(), asyncio.timeout(2 * PATIENCE_SECONDS):
            while (event := await heard.get())["job_id"] != job_id or event["status"] != "completed":
                pass
        await client.shutdown()
        picture = await http.get(f"/v1/results/{job_id}/1", follow_redirects=True)
    assert statuses == {200, 201}
    assert str(picture.url).startswith(proxy.store_url)
    assert picture.headers["content-type"] == "image/png"


async def test_events_arrive_while_the_job_waits(behind, hands) -> None:
    proxy, _ = behind
    async with shopper(proxy) as http:
        job_id = await submitted(http, proxy)
        async with http.stream("GET", f"/v1/tryons/{job_id}/events") as stream:
            lines = stream.aiter_lines()
            assert await anext(lines)  # Nobody works yet: what is read now did not wait for the end.
            async with hands.working():
                rest = [line async for line in lines]
    assert any("completed" in line for line in rest)


async def test_browsers_are_offered_http_2(behind) -> None:
    proxy, _ = behind

    def negotiated(context: ssl.SSLContext) -> str | None:
        context.set_alpn_protocols(["h2", "http/1.1"])
        port = int(proxy.url.rpartition(":")[2])
        plain = socket.create_connection(("127.0.0.1", port))
        with context.wrap_socket(plain, server_hostname="localhost") as wrapped:
            return wrapped.selected_alpn_protocol()

    assert await asyncio.to_thread(negotiated, proxy.tls) == "h2"
