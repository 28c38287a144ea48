"""Traces: where the time of one request's work goes, over all services. Off unless an OTLP endpoint is named.

A job carries the `trace_id` of its request in its row and in its body. Every service makes the same trace of it
(`identify`), so spans of gateway, tailor and weaver meet without another field on the wire, also after a retry by
another worker. A batch has a trace of its own; it and the pictures in it link to each other.

While it is off, nothing is imported and a span costs one comparison. Attributes are measures, names of ours and ids of
requests and jobs: never a user's id, a key of an object, an address or a text of a client.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final, Protocol

from proteus.checked_settings import SettingRefused
from proteus.settings import TracingSettings

__all__ = ["Span", "child", "exported", "interval", "serving", "span"]

Value = str | int | float | bool


class Span(Protocol):
    """A span that has begun."""

    def name(self, name: str) -> None:
        """Give it its final name."""

    def note(self, **attributes: Value) -> None:
        """Add attributes."""

    def fail(self, reason: str) -> None:
        """Mark it as failed; `reason` is a code or the name of an error."""


class Sender(Protocol):
    """Sends spans; `exported` makes it."""

    def open(
        self, name: str, trace_id: str | None, *, root: bool = False, parent: str = ""
    ) -> AbstractContextManager[Span]: ...

    def interval(
        self, name: str, trace_id: str, begin: float, end: float, *, root: bool, links: Sequence[str], **noted: Value
    ) -> None: ...

    def stop(self) -> None: ...


class _Nothing:
    """The span of a process that sends none."""

    def name(self, name: str) -> None:
        """Do nothing."""

    def note(self, **attributes: Value) -> None:
        """Do nothing."""

    def fail(self, reason: str) -> None:
        """Do nothing."""


_NOTHING: Final = _Nothing()
_sender: Sender | None = None


@contextmanager
def exported(settings: TracingSettings, service: str) -> Iterator[None]:
    """Send this process's spans for the length of the block, if the settings name an endpoint.

    Raises:
        SettingRefused: The packages that send are not installed.
    """
    global _sender  # noqa: PLW0603 - one per process, as logging is
    if not settings.exporter_otlp_endpoint:
        yield
        return
    try:
        from proteus.tracing.otlp import OtlpSender
    except ImportError as error:
        raise SettingRefused(
            f"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, and the package {error.name} is not installed: "
            "pip install 'proteus-tryon[tracing]', or leave the variable empty."
        ) from error
    sender = _sender = OtlpSender(settings, service)
    try:
        yield
    finally:
        _sender = None
        sender.stop()


@contextmanager
def span(name: str, trace_id: Any, **noted: Value) -> Iterator[Span]:
    """Time the block as a part of a trace; an error that leaves it marks the span as failed.

    Args:
        name: Of the span.
        trace_id: Of its trace; nothing is sent unless it is a text.
        noted: Attributes.
    """
    if _sender is None or not _known(trace_id):
        yield _NOTHING
        return
    with _sender.open(name, trace_id) as opened:
        opened.note(**noted)
        yield opened


@contextmanager
def child(name: str, **noted: Value) -> Iterator[Span]:
    """Time the block as a part of the span around it; outside of every span nothing is sent."""
    if _sender is None:
        yield _NOTHING
        return
    with _sender.open(name, None) as opened:
        opened.note(**noted)
        yield opened


@contextmanager
def serving(name: str, trace_id: str, *, first: bool, parent: str) -> Iterator[Span]:
    """Time the block as a request.

    Args:
        name: Until the route is known.
        trace_id: Of the request and all its work; empty: the request is not traced.
        first: The work of this trace hangs on this request: it is the one that submits.
        parent: The id of the caller's span, 16 hexadecimal digits; empty: it sent none.
    """
    if _sender is None or not trace_id:
        yield _NOTHING
        return
    with _sender.open(name, trace_id, root=first, parent=parent) as opened:
        yield opened


def interval(
    name: str,
    trace_id: Any,
    begin: float,
    end: float,
    *,
    root: bool = False,
    links: Sequence[str] = (),
    **noted: Value,
) -> None:
    """Send a span that was measured elsewhere.

    Args:
        name: Of the span.
        trace_id: Of its trace; None: nothing is sent.
        begin: Unix time in seconds.
        end: Unix time in seconds; before `begin` (another machine's clock) it counts as `begin`.
        root: It is the span that the trace's others hang on.
        links: Traces that it belongs to as well.
        noted: Attributes.
    """
    if _sender is not None and _known(trace_id):
        known = [other for other in links if _known(other)]
        _sender.interval(name, trace_id, begin, max(begin, end), root=root, links=known, **noted)


def _known(trace_id: object) -> bool:
    """Tell whether a job's body names a trace: others may have written it."""
    return isinstance(trace_id, str) and trace_id != ""
