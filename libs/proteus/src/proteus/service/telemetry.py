"""Structured logs: one event name and fields per line, JSON for machines or readable for people.

Every service calls `configure` once in its composition root; modules log events with
`structlog.get_logger()`. `job_id` and `trace_id` are bound once (`bind`) and carry over to awaits and threads started
by asyncio. Lines of the standard library (uvicorn, botocore, redis) take the same path. Before a line is written,
queries of URLs (they hold signatures), passwords and tokens are cut out of it, tracebacks included.

A crash is one plain traceback in both forms, without the values of variables: those hold tokens and pictures, and
rendering them blocks the loop for too long. It is cut to the innermost frames and a few kilobytes.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from traceback import TracebackException
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from proteus.settings import LogSettings

_URL_QUERY: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s?\"'<>]+)\?[^\s\"'<>]+", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*):[^\s@/\"'<>]+@", re.IGNORECASE)
_SIGNED_PATH: Final = re.compile(r"\?[^\s\"']*(?:X-Amz-|token=|signature=)[^\s\"']*", re.IGNORECASE)
_SIGNATURE: Final = re.compile(r"(X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s\"'<>]+", re.IGNORECASE)
_BEARER: Final = re.compile(r"(Bearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_JWT: Final = re.compile(r"eyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)+")
"""Cut short, too: a part of a token identifies its user."""
_KEY: Final = re.compile(r"\b(pk_[a-z0-9]{8}|rt)_[A-Za-z0-9_-]{8,}")
"""API keys, whose prefix names them, and refresh tokens."""
_SUSPECT: Final = re.compile(r"://|\?|X-Amz-|bearer|eyJ|\bpk_|\brt_", re.IGNORECASE)
"""Every secret has one of these; most strings have none, and are scanned once."""

FRAMES_MOST: Final = 40
"""Innermost frames of each exception that are shown."""

TRACEBACK_MOST_CHARACTERS: Final = 8_000
"""Of a longer traceback the beginning is cut: the raised error is at its end."""

_SECRET_FIELDS: Final = frozenset(
    {"authorization", "password", "secret", "secret_key", "access_token", "refresh_token", "token_value"}
)
_QUIET: Final = {"botocore": "WARNING", "boto3": "WARNING", "urllib3": "WARNING", "asyncio": "WARNING"}


def configure(settings: LogSettings, service: str) -> None:
    """Send every log line of this process to standard error in one form.

    Args:
        settings: Level, and JSON or readable lines.
        service: Name of the service, a field of every line.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(), _name_logger],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _named(service),
            _with_traceback,
            redact,
            structlog.processors.JSONRenderer(default=str)
            if settings.json_lines
            else structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name, level in _QUIET.items():
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(settings.level.upper()),
        cache_logger_on_first_use=False,
    )


def bind(**fields: Any) -> None:
    """Add fields (`job_id`, `trace_id`, …) to every later line of this task and of the tasks it starts."""
    structlog.contextvars.bind_contextvars(**fields)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields to every line inside the block."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def traceback_of(error: BaseException) -> str:
    """Return an exception with its causes as plain text, cut to the length of a log line."""
    found = TracebackException.from_exception(error, limit=-FRAMES_MOST, capture_locals=False, compact=True)
    text = "".join(found.format()).rstrip()
    cut = len(text) - TRACEBACK_MOST_CHARACTERS
    return text if cut <= 0 else f"… {cut} characters before this …\n{text[cut:]}"


def _with_traceback(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn `exc_info`, in each form that logging knows, into the text `exception`."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = traceback_of(error)
    return event


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut secrets: queries and passwords of URLs, tokens, fields that hold secrets."""
    return {name: "…" if name in _SECRET_FIELDS else _clean(value) for name, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if _SUSPECT.search(value) is None:
            return value
        value = _URL_QUERY.sub(r"\1?…", value)
        value = _URL_PASSWORD.sub(r"\1:…@", value)
        value = _SIGNED_PATH.sub("?…", value)
        value = _SIGNATURE.sub(r"\1…", value)
        value = _BEARER.sub(r"\1…", value)
        value = _KEY.sub(r"\1_…", value)
        return _JWT.sub("…", value)
    if isinstance(value, MutableMapping):
        return {key: "…" if key in _SECRET_FIELDS else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _clean(str(value))  # The renderer would write it like this anyway, and it may hold a secret.


def _named(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"service": service, **event}

    return add


def _name_logger(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
        event.pop("color_message", None)  # uvicorn repeats every line in it
    return event
