"""A Redis behind TLS, as managed services offer it: its authority is known, or not a word is said."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from redis.exceptions import ConnectionError as RedisConnectionError

from proteus import redis_client
from proteus.jobs import JobId, WorkerId
from proteus.keys import JOBS, QueueKeys
from proteus.queue import JobQueue, Submission
from proteus.replies import is_away

ORDER = Submission(
    id=JobId("job_a"), epoch=1, payload={"id": "job_a"}, body={}, engine="timed", batch_key="timed/1/1x1"
)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate of 127.0.0.1 that signs itself; return it and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files = folder / f"{name}.crt", folder / f"{name}.key"
    for file, data in zip(
        files, (made.public_bytes(serialization.Encoding.PEM), key.private_bytes(*form)), strict=True
    ):
        file.write_bytes(data)
    return files


@asynccontextmanager
async def behind_tls(redis_url: str, files: tuple[Path, Path]) -> AsyncIterator[str]:
    """Terminate TLS before a Redis; yield host:port."""
    terms = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    terms.load_cert_chain(*files)
    inner = urlsplit(redis_url)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(inner.hostname, inner.port)
        await asyncio.gather(copy(reader, back), copy(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=terms)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_queue_lives_behind_tls_for_workers_and_for_their_hearts(redis_url: str, tmp_path: Path) -> None:
    files = certificate(tmp_path, "authority")
    async with behind_tls(redis_url, files) as address:
        url = f"rediss://{address}/0?ssl_ca_certs={files[0]}"
        async with redis_client.client(url, decode_responses=True) as redis:
            queue = JobQueue(redis, JOBS)
            await queue.submit(ORDER)
            claimed = await queue.claim(WorkerId("w1"), free=1, engines=["timed"])
            assert [job.id for job in claimed.jobs] == ["job_a"]

        def counted() -> int:
            with redis_client.blocking_client(url) as redis:
                return int(redis.exists(QueueKeys(JOBS).leases))

        assert await asyncio.to_thread(counted) == 1


async def test_a_server_that_the_named_authority_did_not_sign_hears_not_a_word(redis_url: str, tmp_path: Path) -> None:
    stranger, _ = certificate(tmp_path, "stranger")
    async with (
        behind_tls(redis_url, certificate(tmp_path, "authority")) as address,
        redis_client.client(f"rediss://{address}/0?ssl_ca_certs={stranger}") as redis,
    ):
        with pytest.raises(RedisConnectionError, match="certificate verify failed") as raised:
            await redis.ping()
    assert is_away(raised.value)
