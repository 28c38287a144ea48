"""The edge as a process: sockets open, background loops and servers side by side, until a signal or their own end."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import Iterator

import structlog
import uvicorn

from gateway import listening
from gateway.api.inner import InnerApp
from gateway.app import make_app
from gateway.composition import build
from gateway.settings import GatewaySettings
from proteus.service.lifecycle import run_until_signalled
from proteus.service.listening import listen
from proteus.tracing import exported

log = structlog.get_logger()


async def serve(settings: GatewaySettings, *, host: str, port: int) -> int:
    """Serve until SIGTERM or SIGINT; then close sockets and streams, let requests end, and go.

    Returns:
        The exit status: 0 after a signal, 1 when the background loops ended by themselves: uvicorn would go on
        answering for ever, and nothing would be recorded or delivered.

    Raises:
        ProteusError: The settings allow no gateway here; no port was opened.
    """
    with exported(settings.tracing, "gateway"):
        return await _serve(settings, host=host, port=port)


async def _serve(settings: GatewaySettings, *, host: str, port: int) -> int:
    gc.collect()
    gc.freeze()  # Loaded objects stay: collecting over them again and again costs a tenth of each request.
    stopping = asyncio.Event()
    inside = InnerApp()
    app = make_app(settings, stopping, inside, build(settings, stopping))
    serves = [(_Server(listening.public(app, settings.edge)), _listen(host, port, "--port"))]
    if inner_port := settings.edge.inner_port:
        serves.append((_Server(listening.inner(inside)), _listen(host, inner_port, "GATEWAY_INNER_PORT")))
    status = 1

    async def run(stop: asyncio.Event) -> None:
        nonlocal status
        async with asyncio.TaskGroup() as tasks:
            serving, *_others = [tasks.create_task(one.serve(sockets)) for one, sockets in serves]
            ends = [tasks.create_task(event.wait()) for event in (stop, stopping)]
            await asyncio.wait((serving, *ends), return_when=asyncio.FIRST_COMPLETED)
            if stop.is_set():
                status = 0
            else:
                log.error("ended_by_itself", serving=not serving.done())
            stopping.set()
            for one, _ in serves:
                one.should_exit = True
            for end in ends:
                end.cancel()

    await run_until_signalled(run)
    return status


def _listen(host: str, port: int, setting: str) -> list[socket.socket]:
    return listen(host, port, port_setting=setting, host_setting="--host")


class _Server(uvicorn.Server):
    """Leaves signals to `run_until_signalled`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
