"""`Cancel-After`: a try-on's deadline as a header, the way other prediction APIs take it."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from fastapi import Header
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, WithJsonSchema

from gateway.rules.durations import DURATION_LENGTH_MOST, duration_ms
from gateway.rules.options import TryonOptions
from gateway.rules.text import plain

NAME: Final = "Cancel-After"

O = TypeVar("O", bound=TryonOptions)  # noqa: E741 - options


def _duration(text: str) -> int:
    if len(text) > DURATION_LENGTH_MOST:
        raise ValueError(f"has {len(text)} characters; {DURATION_LENGTH_MOST} are the most")
    return duration_ms(plain(text.strip()))


CancelAfter = Annotated[
    Annotated[
        int,
        BeforeValidator(_duration),
        WithJsonSchema({"type": "string", "maxLength": DURATION_LENGTH_MOST, "pattern": r"^([0-9.]+(ms|s|m|h)?)+$"}),
    ]
    | None,
    Header(
        alias=NAME,
        description="`deadline_ms` as a duration, from 100ms to 24h: seconds (`90`) or units (`1m30s`). "
        "What is late is dropped with `deadline_exceeded`.",
        examples=["90", "1m30s"],
    ),
]


def with_deadline(options: O, cancel_after_ms: int | None) -> O:
    """Return the options with the header's deadline.

    Raises:
        RequestValidationError: The options have a deadline of their own.
    """
    if cancel_after_ms is None:
        return options
    if options.deadline_ms is not None:
        message = "states a deadline, and so does deadline_ms: send one of them"
        raise RequestValidationError([{"loc": ("header", NAME), "msg": message, "type": "value_error"}])
    return options.model_copy(update={"deadline_ms": cancel_after_ms})
