"""Structured logs: one event name and fields per line, JSON for machines or readable for people.

Every service calls `configure` once in its composition root; modules take `structlog.get_logger()` and say what
happened. `job_id` and `trace_id` are bound once (`bind`) and follow through awaits and threads started by asyncio.
Lines of the standard library (uvicorn, botocore, redis) go the same way. A URL's query is cut before anything is
written: signatures live there.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from proteus.settings import LogSettings

_URL_QUERY: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s?\"'<>]+)\?[^\s\"'<>]+", re.IGNORECASE)
_URL_PASSWORD: Final = re.compile(r"([a-z][a-z0-9+.-]*://[^\s:/@\"'<>]*):[^\s@/\"'<>]+@", re.IGNORECASE)
_SIGNED_PATH: Final = re.compile(r"\?[^\s\"']*(?:X-Amz-|token=|signature=)[^\s\"']*", re.IGNORECASE)
_SECRET_FIELDS: Final = frozenset({"authorization", "password", "secret", "secret_key", "access_token", "token_value"})
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
            *([structlog.processors.format_exc_info] if settings.json_lines else []),
            redact,
            structlog.processors.JSONRenderer(default=str)
            if settings.json_lines
            # Plain: a traceback with every local took the event loop for more than a minute, and showed tokens.
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
    """Add fields (`job_id`, `trace_id`, …) to every later line of this task and of what it starts."""
    structlog.contextvars.bind_contextvars(**fields)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """Add fields to every line inside the block."""
    with structlog.contextvars.bound_contextvars(**fields):
        yield


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Cut what must never be written: queries and passwords of URLs, fields that hold secrets."""
    return {name: "…" if name in _SECRET_FIELDS else _clean(value) for name, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if "://" not in value and "?" not in value:
            return value
        value = _URL_QUERY.sub(r"\1?…", value)
        value = _URL_PASSWORD.sub(r"\1:…@", value)
        return _SIGNED_PATH.sub("?…", value)
    if isinstance(value, MutableMapping):
        return {key: "…" if key in _SECRET_FIELDS else _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


def _named(service: str) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"service": service, **event}

    return add


def _name_logger(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None:
        event["logger"] = record.name
        event.pop("color_message", None)  # uvicorn says every line twice
    return event
