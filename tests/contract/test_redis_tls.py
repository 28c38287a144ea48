"""A Redis that speaks TLS with a certificate of a private authority: the URL names it, and clients check it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from proteus.redis_client import blocking_client
from proteus.settings import RedisSettings
from proteus.worker.runtime import worker_client


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `ca.crt`, and with `key.pem` of the one certificate of 127.0.0.1."""
    folder = tmp_path_factory.mktemp("authority")
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*made, *names, "-keyout", "key.pem", "-out", "ca.crt"], cwd=folder, check=True, capture_output=True)
    return folder


@asynccontextmanager
async def tls_before(url: str, folder: Path) -> AsyncIterator[int]:
    """Serve the Redis at this URL over TLS; yield the port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.crt", folder / "key.pem")
    parts = urlsplit(url)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, before = await asyncio.open_connection(parts.hostname, parts.port)
        await asyncio.gather(copy(reader, before), copy(behind, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_the_authority_that_the_url_names_is_believed_and_no_other(redis_url: str, authority: Path) -> None:
    async with tls_before(redis_url, authority) as port:
        plain = f"rediss://127.0.0.1:{port}/0"
        named = RedisSettings(url=f"{plain}?ssl_ca_certs={authority / 'ca.crt'}").url
        async with worker_client(named) as client:
            assert await client.ping()

        def beats() -> bool:
            with blocking_client(named) as client:
                return bool(client.ping())

        assert await asyncio.to_thread(beats), "a worker's heart believes it, too"
        async with worker_client(plain) as client:
            with pytest.raises(RedisConnectionError, match="certificate verify failed"):
                await client.ping()
