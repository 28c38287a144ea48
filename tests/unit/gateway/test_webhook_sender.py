"""The sender against real servers that mean no good."""

from __future__ import annotations

import asyncio
import datetime
import ssl
import subprocess
from ipaddress import ip_address, ip_network

import pytest
from standardwebhooks import Webhook

from gateway.rules.webhook_targets import TargetRules
from gateway.webhooks.sender import ANSWER_BYTES_MOST, Sender
from gateway.webhooks.signing import new_secret, signed_headers
from receiver import answer, receiving
from waiting import PATIENCE_SECONDS

LOOPBACK = TargetRules((ip_network("127.0.0.0/8"),))


class resolving:
    """A resolver with one answer; it notes its questions."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host, port):
        self.asked.append((host, port))
        return [ip_address(one) for one in self.addresses]


async def post(url: str, *, rules: TargetRules = LOOPBACK, **made):
    sender = Sender(rules, **made)
    try:
        return await sender.post(url, {"X-One": "1"}, b"{}")
    finally:
        sender.close()


async def test_it_connects_to_what_was_resolved_once_under_the_name_it_was_given() -> None:
    resolve = resolving("127.0.0.1")
    async with receiving() as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        got = await post(f"http://shop.invalid:{port}/a?b=c", resolve=resolve)
    assert (got.status, got.body, got.error) == (200, "ok", None)
    assert resolve.asked == [("shop.invalid", int(port))]
    assert receiver.got[0].headers["host"] == f"shop.invalid:{port}"
    assert receiver.got[0].path == "/a?b=c"


@pytest.mark.parametrize(
    "addresses", [("10.0.0.1",), ("127.0.0.1", "10.0.0.1"), ("::ffff:127.0.0.1",), ("64:ff9b::7f00:1",), ()]
)
async def test_a_name_that_leads_inside_is_never_connected_to(addresses: tuple[str, ...]) -> None:
    async with receiving() as receiver:
        got = await post(receiver.url.replace("127.0.0.1", "shop.invalid"), resolve=resolving(*addresses))
    assert got.status is None
    assert "shop.invalid" in str(got.error)
    assert receiver.got == []


async def test_the_systems_resolver_is_held_to_the_same_rules() -> None:
    async with receiving() as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        for host in ("localhost", "2130706433", "0x7f.1"):
            refused = await post(f"http://{host}:{port}/", rules=TargetRules((ip_network("10.0.0.0/8"),)))
            assert refused.status is None
    assert receiver.got == []


async def test_no_redirect_is_followed() -> None:
    async with receiving() as inner, receiving(answer(307, f"Location: {inner.url}")) as receiver:
        got = await post(receiver.url)
    assert got.status == 307
    assert (len(receiver.got), inner.got) == (1, [])


async def test_no_proxy_of_the_environment_is_used(monkeypatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert (await post(receiver.url)).status == 200
    assert proxy.got == []


async def test_of_a_huge_answer_four_kilobytes_are_read() -> None:
    ended = asyncio.Event()

    async def flood(_got, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except OSError:
            ended.set()

    async with receiving(flood) as receiver, asyncio.timeout(PATIENCE_SECONDS):
        got = await post(receiver.url)
        await ended.wait()
    assert (got.status, len(got.body)) == (200, ANSWER_BYTES_MOST)


async def test_an_answer_that_trickles_or_never_comes_is_cut_off() -> None:

    async def drip(_got, writer):
        for byte in b"HTTP/1.1 200 OK\r\nX-Never: " + b"x" * 1_000:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)

    async def drip_body(_got, writer):
        writer.write(b"HTTP/1.1 202 OK\r\nContent-Length: 1000\r\n\r\n")
        await drip(_got, writer)

    async def nothing(_got, writer):
        await asyncio.sleep(5)

    for reply in (drip, nothing):
        async with receiving(reply) as receiver:
            got = await post(receiver.url, seconds=0.3)
        assert got.status is None
        assert "no answer within" in str(got.error)
    async with receiving(drip_body) as receiver:
        got = await post(receiver.url, seconds=0.3)
    assert got.status == 202  # It has the message; the rest of its answer is of no use.


@pytest.mark.parametrize(
    "reply",
    [
        b"", b"\x00\xff\xfe", b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
        b"HTTP/1.1 99999 X\r\n\r\n",
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_http_is_a_failure_with_its_reason(reply: bytes) -> None:
    async with receiving(reply) as receiver:
        got = await post(receiver.url)
    assert got.status is None
    assert got.error


async def test_a_port_where_nobody_listens_is_a_failure() -> None:
    async with receiving() as receiver:
        url = receiver.url
    got = await post(url)
    assert got.status is None
    assert got.error


async def test_a_certificate_is_checked_for_the_name_and_the_name_is_asked_for(tmp_path) -> None:
    certificate, key = self_signed(tmp_path, "shop.invalid")
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    names = []
    served.sni_callback = lambda _socket, name, _context: names.append(name)
    trust = ssl.create_default_context(cafile=certificate)
    async with receiving(ssl=served) as receiver:
        port = receiver.url.rpartition(":")[2].partition("/")[0]
        for host, status in (("shop.invalid", 200), ("other.invalid", None)):
            got = await post(f"https://{host}:{port}/", resolve=resolving("127.0.0.1"), trust=trust)
            assert got.status == status
        untrusted = await post(f"https://shop.invalid:{port}/", resolve=resolving("127.0.0.1"))
        assert "certificate" in str(untrusted.error).lower()
    assert names == ["shop.invalid", "other.invalid", "shop.invalid"]
    assert len(receiver.got) == 1


def self_signed(folder, name):
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_a_message_is_proven_by_each_of_its_secrets_and_by_no_other() -> None:
    keys = [new_secret(), new_secret()]
    body = '{"id":"msg_1","name":"Zoë"}'
    headers = signed_headers("msg_1", body, at=datetime.datetime.now(datetime.UTC), keys=keys)
    for key in keys:
        assert Webhook(key).verify(body, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(new_secret()).verify(body, headers)
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(keys[0]).verify(body.replace("1", "2"), headers)
