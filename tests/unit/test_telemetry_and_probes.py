"""Logs never carry a signature; probes say what is true."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
import structlog
from prometheus_client import CollectorRegistry, Counter

from proteus.errors import ModelUnavailable
from proteus.service import lifecycle, telemetry
from proteus.service.probes import probe_server
from proteus.service.security_headers import SECURITY_HEADERS
from proteus.service.supervision import Loops, Pulse
from proteus.settings import LogSettings
from waiting import PATIENCE_SECONDS
from workbench.fuzz.leaks import leaks

SIGNED = "http://127.0.0.1:8333/proteus/images/a.png?X-Amz-Signature=abc&X-Amz-Credential=key"


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_carries_service_event_and_what_was_bound(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(LogSettings(LOG_JSON=True), "weaver")
    with telemetry.bound(job_id="job_1", trace_id="t1"):
        structlog.get_logger().info("claimed", count=3)
    (line,) = lines(capsys)
    assert (line["service"], line["event"], line["job_id"], line["count"]) == ("weaver", "claimed", "job_1", 3)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (SIGNED, "abc"),
        ("redis://:hunter2@127.0.0.1:6379/0", "hunter2"),
        ("postgresql://farm:hunter2@db/proteus", "hunter2"),
        ('127.0.0.1 - "GET /v1/results/x?token=abc HTTP/1.1" 200', "abc"),
    ],
)
def test_no_signature_and_no_password_is_ever_written(
    capsys: pytest.CaptureFixture[str], text: str, secret: str
) -> None:
    telemetry.configure(LogSettings(LOG_JSON=True), "gateway")
    structlog.get_logger().info("fetched", url=text, nested={"also": [text]}, authorization=secret)
    logging.getLogger("uvicorn.access").info("%s", text)
    written = capsys.readouterr().err
    assert secret not in written
    assert written.count("\n") == 2


def test_an_exception_is_written_with_its_cause(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure(LogSettings(LOG_JSON=True), "tailor")
    try:
        raise ValueError("broken picture")
    except ValueError:
        structlog.get_logger().exception("ingest_failed")
    assert "ValueError: broken picture" in str(lines(capsys)[0]["exception"])


async def test_a_signal_asks_the_service_to_stop() -> None:
    async def main(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await lifecycle.wait(stop, seconds=5)

    await lifecycle.run_until_signalled(main)


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    async def loses_one() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    tasks = [asyncio.create_task(loses_one()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await lifecycle.cancel(*tasks)
    assert all(task.cancelled() for task in tasks)
    await lifecycle.cancel()


async def ask(port: int, request: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    return answer.decode()


async def test_probes_tell_health_readiness_and_metrics(unused_tcp_port: int) -> None:
    registry = CollectorRegistry()
    Counter("proteus_jobs", "Jobs.", registry=registry).inc()
    reasons: list[str | None] = ["the engine is loading", None]
    async with probe_server(
        unused_tcp_port, not_ready=lambda: reasons.pop(0), host="127.0.0.1", registry=registry
    ) as port:
        assert (await ask(port, "GET /healthz HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 200")
        loading = await ask(port, "GET /readyz HTTP/1.1\r\n\r\n")
        assert loading.startswith("HTTP/1.1 503")
        assert "the engine is loading" in loading
        assert (await ask(port, "GET /readyz HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 200")
        assert "proteus_jobs_total 1.0" in await ask(port, "GET /metrics HTTP/1.1\r\n\r\n")
        assert (await ask(port, "GET /secret HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 404")
        assert (await ask(port, "POST /healthz HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 405")
        for path in ("/healthz", "/metrics", "/secret"):
            answer = await ask(port, f"GET {path} HTTP/1.1\r\n\r\n")
            assert all(f"{name}: {value}\r\n" in answer for name, value in SECURITY_HEADERS), path


async def test_health_names_the_loop_that_stopped_turning(unused_tcp_port: int) -> None:
    now, stop = 0.0, asyncio.Event()
    loops = Loops(now=lambda: now)

    async def hang(_pulse: Pulse) -> None:
        await stop.wait()

    hung = asyncio.create_task(loops.keep("listen", hang, stop))
    async with probe_server(
        unused_tcp_port, not_ready=lambda: None, overdue=loops.overdue, host="127.0.0.1", registry=CollectorRegistry()
    ) as port:
        assert (await ask(port, "GET /healthz HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 200")
        now = 61.0
        stuck = await ask(port, "GET /healthz HTTP/1.1\r\n\r\n")
        assert stuck.startswith("HTTP/1.1 503")
        assert "listen" in stuck
        assert (await ask(port, "GET /readyz HTTP/1.1\r\n\r\n")).startswith("HTTP/1.1 200")
    stop.set()
    await hung


async def test_a_long_call_is_left_behind_when_the_service_is_stopped() -> None:
    stop, never, entered = asyncio.Event(), threading.Event(), threading.Event()

    def load() -> None:
        entered.set()
        never.wait()

    loading: asyncio.Task[object] = asyncio.create_task(lifecycle.run_unless_stopped(load, stop))
    await asyncio.to_thread(entered.wait)
    stop.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await loading is None
    never.set()
    lifecycle._abandoned.clear()


async def test_a_long_call_returns_what_it_made_or_raises_what_went_wrong() -> None:
    def fail() -> None:
        raise ModelUnavailable("no weights")

    assert await lifecycle.run_unless_stopped(lambda: 7, asyncio.Event()) == 7
    with pytest.raises(ModelUnavailable):
        await lifecycle.run_unless_stopped(fail, asyncio.Event())


async def test_port_zero_serves_nothing() -> None:
    async with probe_server(0, not_ready=lambda: None) as port:
        assert port == 0


def deep(frames: int, secret: str) -> None:
    """Fail at the bottom of so many calls, each with large variables."""
    photo = b"\x00" * 1_000_000
    token = {"authorization": secret, "all": [secret] * 1_000}
    if frames == 0:
        raise ValueError(f"cannot keep {len(photo) + len(token)} things")
    deep(frames - 1, secret)


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_crash_is_one_short_plain_traceback_without_the_values_of_variables(
    capsys: pytest.CaptureFixture[str], json_lines: bool
) -> None:
    telemetry.configure(LogSettings(LOG_JSON=json_lines), "gateway")
    try:
        deep(300, "hunter2")
    except ValueError as error:
        gc.collect()  # Its turn must not come while the time is taken.
        began = time.thread_time()
        structlog.get_logger().error("request_crashed", exc_info=error)
        took = time.thread_time() - began
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    written = capsys.readouterr().err
    assert written.count("Traceback (most recent call last)") == 2
    assert written.count("ValueError: cannot keep") == 2
    assert len(written) < 3 * telemetry.TRACEBACK_MOST_CHARACTERS
    assert written.count("in deep") <= 2 * telemetry.FRAMES_MOST
    assert "hunter2" not in written
    assert took < 0.05, "the event loop stands still meanwhile"


def test_a_traceback_that_is_too_long_keeps_its_end() -> None:
    found = telemetry.traceback_of(ValueError("x" * 100_000 + " the end"))
    assert len(found) < telemetry.TRACEBACK_MOST_CHARACTERS + 100
    assert found.endswith("the end")
    assert found.startswith("… 9")


def test_causes_are_shown_with_the_error() -> None:
    try:
        try:
            raise OSError("the disk is full")
        except OSError as error:
            raise ValueError("cannot store it") from error
    except ValueError as error:
        found = telemetry.traceback_of(error)
    assert found.index("OSError: the disk is full") < found.index("ValueError: cannot store it")


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl",
        "Bearer abcdefgh12345678",
        "pk_abcdefgh_Zm9yIGRvY3VtZW50YXRpb24gb25seSwgbm8ga2V5IQ",
        "rt_b25lIG1vcmUgZXhhbXBsZSwgbm8gdG9rZW4gYXQgYWxs",
        "X-Amz-Signature=abcdef0123456789",
        "X-Amz-Credential=proteus/20260101",
    ],
)
@pytest.mark.parametrize("json_lines", [True, False])
def test_a_token_is_cut_out_wherever_it_stands(
    capsys: pytest.CaptureFixture[str], secret: str, json_lines: bool
) -> None:
    class Held:
        def __str__(self) -> str:
            return f"holds {secret}"

        __repr__ = __str__

    telemetry.configure(LogSettings(LOG_JSON=json_lines), "gateway")
    log = structlog.get_logger()
    log.info(f"event {secret}", text=f"got {secret}!", held=Held(), many=[{"deep": (secret,)}])
    logging.getLogger("uvicorn.error").warning("refused %s", secret)
    try:
        raise ValueError(f"cannot read {secret}")
    except ValueError:
        log.exception("failed")
    written = capsys.readouterr().err
    assert leaks(written) == []
    assert secret not in written
    assert written.count("…") + written.count("\\u2026") >= 5
