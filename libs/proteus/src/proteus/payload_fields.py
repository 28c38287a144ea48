"""The kinds of fields in what the services send each other: how each is read from another version's message."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from proteus.artefacts import CategoryScore, PictureWarning, SafetyLevel
from proteus.label_text import label_text
from proteus.messages import NONE_IF_UNREADABLE, default_for_empty

T = TypeVar("T", bound=BaseModel)


def readable(model: type[T]) -> BeforeValidator:
    """Read a list; what this version does not know, such as another one's codes, is left out."""

    def read(value: object) -> tuple[T, ...]:
        found = []
        for one in value if isinstance(value, list | tuple) else ():
            with suppress(ValidationError):
                found.append(model.model_validate(one))
        return tuple(found)

    return BeforeValidator(read)


def plain(values: Iterable[BaseModel]) -> list[dict[str, Any]]:
    """Return values as JSON-able ones."""
    return [one.model_dump(mode="json") for one in values]


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list; of anything else, none."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def known_level(value: object) -> object:
    """Read a level of another version as the strictest: it was meant to examine pictures."""
    return value if value is None or value in get_args(SafetyLevel) else "strict"


Text = Annotated[str, Field(min_length=1)]
Safety = Annotated[SafetyLevel | None, BeforeValidator(known_level)]
Warnings = Annotated[tuple[PictureWarning, ...], readable(PictureWarning)]
Categories = Annotated[tuple[CategoryScore, ...], readable(CategoryScore)]
Codes = Annotated[tuple[str, ...], BeforeValidator(texts)]
Words = Annotated[str | None, NONE_IF_UNREADABLE]
Key = Annotated[str, Field(min_length=1, max_length=1_000)]
LabelOrNone = Annotated[str | None, AfterValidator(lambda text: text and label_text(text)), NONE_IF_UNREADABLE]
KeyOrNone = Annotated[str | None, default_for_empty(None)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
Integer = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
