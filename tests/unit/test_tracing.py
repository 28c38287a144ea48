"""Traces: what is sent, how spans of several services meet, and what a collector that is away costs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from collector import collecting
from proteus.checked_settings import SettingRefused
from proteus.settings import TracingSettings
from proteus.tracing import child, exported, interval, serving, span
from proteus.tracing.identify import root_number, trace_number

REQUEST = "6f0b5c1e2d3a49788796a5b4c3d2e1f0"


def settings(url: str, **more: float) -> TracingSettings:
    return TracingSettings(exporter_otlp_endpoint=url, **more)


def test_a_process_without_an_endpoint_imports_no_sender():
    code = (
        "import sys, proteus.tracing as t, proteus.settings as s\n"
        "with t.exported(s.TracingSettings(exporter_otlp_endpoint=''), 'x'), t.span('a', 'b'): pass\n"
        "print([m for m in sys.modules if m.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_spans_of_two_services_hang_on_the_request_that_submitted():
    with collecting() as collector:
        with (
            exported(settings(collector.url), "gateway"),
            serving("POST", REQUEST, first=True, parent="") as request,
            child("commit"),
        ):
            request.name("POST /api/snap")
        with exported(settings(collector.url), "weaver"):
            with span("fetch", REQUEST, job_id="job_1"), child("store get_object"):
                pass
            interval("weave", REQUEST, 100.0, 102.5, links=["another"], pictures=2)
    found = {one.name: one for one in collector.of(REQUEST)}
    root = found["POST /api/snap"]
    assert (root.id, root.parent, root.service) == (f"{root_number(REQUEST):016x}", "", "proteus-gateway")
    assert {found[name].parent for name in ("commit", "fetch", "weave")} == {root.id}
    assert found["store get_object"].parent == found["fetch"].id
    assert found["fetch"].noted == {"proteus.job_id": "job_1"}
    assert (found["weave"].begin, found["weave"].end) == (100.0, 102.5)
    assert found["weave"].links == (f"{trace_number('another'):032x}",)
    assert len(collector.spans) == 5


def test_a_request_within_a_callers_trace_hangs_on_the_callers_span():
    with (
        collecting() as collector,
        exported(settings(collector.url), "gateway"),
        serving("POST", REQUEST, first=True, parent="00f067aa0ba902b7"),
    ):
        pass
    (found,) = collector.of(REQUEST)
    assert (found.parent, found.id) == ("00f067aa0ba902b7", f"{root_number(REQUEST):016x}")


def test_a_failed_span_names_the_error_and_never_quotes_it():
    with (
        collecting() as collector,
        exported(settings(collector.url), "weaver"),
        pytest.raises(ValueError, match="face"),
        span("fetch", REQUEST),
    ):
        raise ValueError("http://store/images/usr_1/face.png?X-Amz-Signature=abc")
    (found,) = collector.spans
    assert (found.failed, found.noted) == (True, {"error.type": "ValueError"})
    assert b"usr_1" not in b"".join(collector.raw)


@pytest.mark.parametrize("trace_id", [None, "", 7, ["x"], {"a": 1}])
def test_a_body_without_a_readable_trace_sends_nothing(trace_id):
    with collecting() as collector, exported(settings(collector.url), "weaver"), span("fetch", trace_id):
        interval("weave", trace_id, 1.0, 2.0)
    assert collector.spans == []


def test_every_service_sends_the_same_share_of_the_traces():
    ids = [f"request-{n}" for n in range(200)]
    with collecting() as collector:
        for service in ("tailor", "weaver"):
            with exported(settings(collector.url, traces_sampler_arg=0.25), service):
                for one in ids:
                    interval("work", one, 1.0, 2.0)
    by_service = [
        {one.trace for one in collector.spans if one.service == f"proteus-{name}"} for name in ("tailor", "weaver")
    ]
    assert by_service[0] == by_service[1]
    assert 20 < len(by_service[0]) < 80


async def test_spans_follow_work_into_threads():
    with collecting() as collector, exported(settings(collector.url), "tailor"), span("cut", REQUEST):

        def store() -> None:
            with child("store get_object"):
                pass

        await asyncio.to_thread(store)
    found = {one.name: one for one in collector.spans}
    assert found["store get_object"].parent == found["cut"].id


def test_a_collector_that_is_away_costs_spans_alone():
    began = time.monotonic()
    with exported(settings("http://127.0.0.1:9"), "weaver"):
        for number in range(5_000):  # More than the queue holds.
            interval("work", f"request-{number}", 1.0, 2.0)
    assert time.monotonic() - began < 10


def test_an_endpoint_that_is_no_address_is_refused_by_name():
    with pytest.raises(SettingRefused, match="OTEL_EXPORTER_OTLP_ENDPOINT"):
        settings("collector:4318")
