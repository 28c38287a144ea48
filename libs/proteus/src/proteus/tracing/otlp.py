"""Sends spans by OpenTelemetry's SDK over OTLP/HTTP, from a thread of its own.

A collector that is slow or away costs spans and nothing else: a bounded queue drops what does not fit. Which traces are
sent depends on the trace's number alone, so all services choose the same ones.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from proteus.settings import TracingSettings
from proteus.tracing.identify import root_number, trace_number

Value = str | int | float | bool

EXPORT_SECONDS: Final = 5.0
"""Longest wait for the collector, per try."""

STOP_SECONDS: Final = 1.0
"""How long a process that ends waits for its last spans to leave."""

_rooted: ContextVar[str] = ContextVar("rooted", default="")
"""Trace whose root span begins now."""


class OtlpSender:
    """Sends the spans of this process.

    Args:
        settings: Where to, and which share of the traces. The SDK reads further `OTEL_` variables itself (headers,
            certificate, resource attributes).
        service: Its name.
    """

    def __init__(self, settings: TracingSettings, service: str) -> None:
        self._exporter = OTLPSpanExporter(
            endpoint=f"{settings.exporter_otlp_endpoint.rstrip('/')}/v1/traces", timeout=EXPORT_SECONDS
        )
        self._provider = TracerProvider(
            sampler=TraceIdRatioBased(settings.traces_sampler_arg),
            resource=Resource.create({"service.name": f"proteus-{service}", "service.namespace": "proteus"}),
            id_generator=_Numbers(),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter, schedule_delay_millis=1_000))
        self._tracer = self._provider.get_tracer("proteus")

    @contextmanager
    def open(self, name: str, trace_id: str | None, *, root: bool = False, parent: str = "") -> Iterator[_Opened]:
        """Begin a span that ends with the block."""
        if trace_id is None and not trace.get_current_span().get_span_context().is_valid:
            yield _Opened(trace.INVALID_SPAN)
            return
        with (
            self._rooted(trace_id if root else None),
            self._tracer.start_as_current_span(
                name,
                context=None if trace_id is None else _context(trace_id, root=root, parent=parent),
                kind=SpanKind.SERVER if root or parent else SpanKind.INTERNAL,
                record_exception=False,  # Its text may quote an address or a client's words.
                set_status_on_exception=False,
            ) as span,
        ):
            opened = _Opened(span)
            try:
                yield opened
            except Exception as error:
                opened.fail(getattr(error, "code", None) or type(error).__name__)
                raise

    def interval(
        self, name: str, trace_id: str, begin: float, end: float, *, root: bool, links: Sequence[str], **noted: Value
    ) -> None:
        """Send a span that has ended."""
        with self._rooted(trace_id if root else None):
            span = self._tracer.start_span(
                name,
                context=_context(trace_id, root=root, parent=""),
                links=[trace.Link(_root_of(other)) for other in links],
                start_time=_nanoseconds(begin),
                attributes=_attributes(noted),
            )
        span.end(_nanoseconds(end))

    def stop(self) -> None:
        """Send what is left; give up after a moment."""
        ending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)
        if ending.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call] # ends its pause before a repetition

    @contextmanager
    def _rooted(self, trace_id: str | None) -> Iterator[None]:
        token = _rooted.set(trace_id or "")
        try:
            yield
        finally:
            _rooted.reset(token)


class _Numbers(RandomIdGenerator):
    """Random, but for a trace's root span: others must know its number without meeting it."""

    def generate_trace_id(self) -> int:
        return trace_number(given) if (given := _rooted.get()) else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return root_number(given) if (given := _rooted.get()) else super().generate_span_id()


class _Opened:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def name(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, **attributes: Value) -> None:
        self._span.set_attributes(_attributes(attributes))

    def fail(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR))


def _context(trace_id: str, *, root: bool, parent: str) -> Context:
    """Return what a new span hangs on: the caller's span, nothing, or the root of its trace."""
    if parent:
        numbers = SpanContext(trace_number(trace_id), int(parent, 16), is_remote=True, trace_flags=TraceFlags(1))
    elif root:
        return Context()
    else:
        current = trace.get_current_span()
        if current.get_span_context().trace_id == trace_number(trace_id):
            return trace.set_span_in_context(current)
        numbers = _root_of(trace_id)
    return trace.set_span_in_context(NonRecordingSpan(numbers), Context())


def _root_of(trace_id: str) -> SpanContext:
    return SpanContext(trace_number(trace_id), root_number(trace_id), is_remote=True, trace_flags=TraceFlags(1))


def _attributes(noted: Mapping[str, Value]) -> dict[str, Value]:
    return {f"proteus.{name}": value for name, value in noted.items()}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
