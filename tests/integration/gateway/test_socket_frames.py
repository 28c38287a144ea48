"""Clients listen: what a socket may send, and how soon the others are closed."""

from __future__ import annotations

import asyncio
import contextlib
import json

import pytest
import websockets
from prometheus_client import REGISTRY
from websockets.asyncio.client import ClientConnection, connect

from gateway.settings import EdgeSettings
from waiting import PATIENCE_SECONDS, until


async def opened(gateway) -> ClientConnection:
    """A bare WebSocket to the engine, its session open."""
    socket = await connect(gateway.url.replace("http", "ws") + "/updates/?EIO=4&transport=websocket")
    assert (await socket.recv()).startswith("0{")
    return socket


async def connected(gateway, guest) -> ClientConnection:
    socket = await opened(gateway)
    await socket.send("40" + json.dumps({"token": guest.token}))
    assert (await socket.recv()).startswith("40{")
    return socket


async def closed(socket: ClientConnection) -> list[str | bytes]:
    """What came until the gateway closed the socket; fails if it does not."""
    said = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while True:
                said.append(await socket.recv())
        except websockets.ConnectionClosed:
            return said


async def sending(socket: ClientConnection, frame: str | bytes) -> None:
    """Send a frame again and again until the gateway closes; fails if it does not."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.send(frame)
                await asyncio.sleep(0)


STRANGE_FRAMES: list[str | bytes] = [
    '459999999-["x",{"_placeholder":true,"num":0}]', '451-["x",{"_placeholder":true,"num":0}]', "461-[]",
    '401-{"token":"x"}', '42["hello"]', '42/admin,["hello"]', "430[]", '44{"message":"x"}', "4", "47", "2probe",
    "5", "6", "x", "", b"\x04abc", b"", "40[", "40[]", "40" + "[" * 5_000, "40{" + '"a":{' * 1_000, "40/admin,{}",
    "41/admin", "4" + "0" * 9_000,
]  # fmt: skip


async def test_a_frame_that_clients_do_not_send_closes_the_socket(gateway) -> None:
    guest = await gateway.guest()
    for frame in STRANGE_FRAMES:
        for socket in (await opened(gateway), await connected(gateway, guest)):
            await socket.send(frame)
            assert await closed(socket) == [], frame[:40]


async def test_frames_behind_a_forbidden_one_are_not_kept(gateway) -> None:
    socket = await connected(gateway, await gateway.guest())
    await socket.send('459999999-["x",{"_placeholder":true,"num":0}]')
    await sending(socket, b"x" * 16_000)


async def test_a_session_is_asked_for_once_and_pongs_are_counted(gateway) -> None:
    guest = await gateway.guest()
    twice = await connected(gateway, guest)
    await twice.send("40" + json.dumps({"token": guest.token}))
    assert await closed(twice) == []
    chatty = await connected(gateway, guest)
    await sending(chatty, "3")


async def test_a_refused_socket_is_told_why_and_closed(gateway) -> None:
    socket = await opened(gateway)
    await socket.send('40{"token":"forged"}')
    [said] = await closed(socket)
    assert said.startswith("44")
    assert json.loads(said[2:])["data"]["code"] == "unauthorized"


async def test_a_socket_without_connect_is_closed_and_one_with_it_stays(gateway_settings, store, serve) -> None:
    hasty = gateway_settings.model_copy(update={"edge": EdgeSettings(connect_seconds=0.5)})
    async with serve(hasty) as gateway:
        guest = await gateway.guest()
        there = await connected(gateway, guest)
        idle = [await opened(gateway) for _ in range(10)]
        assert await asyncio.gather(*(closed(socket) for socket in idle)) == [[]] * 10
        left = await connected(gateway, guest)
        await left.send("41")
        assert await closed(left) == []
        pong = asyncio.create_task(there.recv())
        done, _ = await asyncio.wait({pong}, timeout=1.0)
        assert not done, "the accepted socket was closed, too"
        pong.cancel()
        await there.close()


async def unread(gateway, guest) -> asyncio.StreamWriter:
    """A socket whose client sends its CONNECT and reads nothing more: its stream stops at twice its limit."""
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=4_096)
    asked = (
        f"GET /updates/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    writer.write(asked.encode())
    await reader.readuntil(b'"sid"')
    text = ("40" + json.dumps({"token": guest.token})).encode()
    writer.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text)  # one text frame, masked with zeros
    return writer


def let_go() -> float:
    """How many slow readers this process has let go."""
    return REGISTRY.get_sample_value("proteus_gateway_sockets_refused_total", {"reason": "slow_reader"}) or 0.0


async def test_who_does_not_read_is_let_go_when_too_much_waits(gateway_settings, store, serve, redis) -> None:
    hasty = gateway_settings.model_copy(update={"edge": EdgeSettings(send_seconds=1.0)})
    before = let_go()
    async with serve(hasty) as gateway:
        guest = await gateway.guest()
        client = await unread(gateway, guest)
        letter = json.dumps(
            {"user_id": guest.user_id, "job_id": "job_" + "x" * 20_000, "stage": "denoising", "step": 1, "steps": 2}
        )

        async def is_let_go() -> bool:
            async with redis.pipeline(transaction=False) as pipeline:
                for _ in range(100):
                    pipeline.publish("events:progress", letter)
                await pipeline.execute()
            return let_go() > before

        try:
            await until(is_let_go)
        finally:
            client.transport.abort()
            with contextlib.suppress(ConnectionError):
                await client.wait_closed()


FLOODS = {
    "pings": bytes([0x89, 0x80 | 100]) + bytes(4) + bytes(100),
    "pongs": bytes([0x8A, 0x80]) + bytes(4),
    "empty pieces of a message": bytes([0x00, 0x80]) + bytes(4),
}
"""Frames below the messages, masked with zeros."""


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flood_below_the_messages_ends_the_socket(gateway, flood) -> None:
    """Each ping is answered at once: unread answers would fill the memory."""
    host, _, port = gateway.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"GET /updates/?EIO=4&transport=websocket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")
    if flood.startswith("empty"):
        writer.write(bytes([0x01, 0x80]) + bytes(4))  # A text that does not end with this frame.
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            writer.write(FLOODS[flood] * 300)
            while await reader.read(65_536):
                pass
    writer.close()


async def test_a_client_may_ping_as_libraries_do(gateway) -> None:
    socket = await connected(gateway, await gateway.guest())
    for _ in range(20):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await (await socket.ping())
    await socket.close()
