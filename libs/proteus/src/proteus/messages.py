"""Frozen values that travel between processes as JSON: how they are read and written.

A message is a frozen dataclass whose fields have the names of the wire. Reading is tolerant, because the other side may
run another version: names that this version does not know are ignored, fields that it can do without have defaults.
A required field that it cannot read is refused in one sentence that names the field, the value and the rule. Writing
checks nothing: the writer's types do, and every submit writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Final, Self

from pydantic import BeforeValidator, TypeAdapter, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from proteus.errors import InvalidRequest

SHOWN_CHARS: Final = 80
"""A longer value is cut in a refusal."""


def default_for_empty(default: Any) -> BeforeValidator:
    """Read null, an empty text, an empty object and 0 as the default."""
    return BeforeValidator(lambda value: value or default)


def _none_if_unreadable(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


NONE_IF_UNREADABLE: Final = WrapValidator(_none_if_unreadable)
"""For optional data: a form that this version does not know reads as None."""


class Message:
    """A value that reads and writes itself.

    A subclass is a frozen dataclass. `_what` names its part of a job, for refusals; `_constants` are written with
    every value.
    """

    __slots__ = ()
    _what: ClassVar[str]
    _constants: ClassVar[Mapping[str, str | None]] = {}

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Self:
        """Return the value in what arrived.

        Raises:
            InvalidRequest: A field is missing, or has another form.
        """
        try:
            read: Self = _adapter(cls).validate_python(dict(found))
        except ValidationError as error:
            raise InvalidRequest(_sentence(cls._what, error)) from error
        return read

    @classmethod
    def read_if_readable(cls, found: object) -> Self | None:
        """Return the value in what is stored; None: there is none, or this version cannot read it."""
        if not isinstance(found, Mapping):
            return None
        try:
            return cls.read(found)
        except InvalidRequest:
            return None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {**self._constants, **{name: getattr(self, name) for name in names_of(type(self))}}


_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}
_NAMES: Final[dict[type[Any], tuple[str, ...]]] = {}


def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    """Return the reader of a class; made once, when it is first needed."""
    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def names_of(cls: type[Any]) -> tuple[str, ...]:
    """Return the names of a message's fields, in their order; `fields` takes longer than the rest of writing."""
    if cls not in _NAMES:
        _NAMES[cls] = tuple(one.name for one in fields(cls))
    return _NAMES[cls]


def _sentence(what: str, error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"the job's {what} has no {place!r}"
    value = repr(first["input"])
    shown = value if len(value) <= SHOWN_CHARS else f"{value[:SHOWN_CHARS]}…"
    return f"{place!r} of the job's {what} is {shown}: {first['msg']}"
