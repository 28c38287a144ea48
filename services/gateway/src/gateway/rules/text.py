"""Text from clients: one rule for valid text, as types that every body, path, query and header uses.

Postgres cannot hold a NUL, UTF-8 has no lone surrogates, and a control character in a name or a label only ever hides
something. So no text from a client may have any of these: a path with one is not found (404), a body, query or header
with one is refused (422) with a sentence that names the character. The rest of Unicode is allowed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, WithJsonSchema

from proteus import label_text
from proteus.errors import NotFound

ID_LENGTH_MOST: Final = 200
URL_LENGTH_MOST: Final = 2_048
_TENANT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DATA_URI_LENGTH_MOST: Final = 8 * 1024 * 1024
"""Six megabytes of picture. The whole text is in memory, so larger photos come as files of a form."""

_DATA_URI: Final = re.compile(r"data:[a-z0-9.+/-]{0,100};base64,[A-Za-z0-9+/]", re.IGNORECASE)
SEQ_MOST: Final = 2**63 - 1
"""Postgres counts events in 64 bits."""

PATTERN: Final[dict[str, Any]] = {"pattern": "^[^\\x00-\\x1f\\x7f-\\x9f]*$"}
"""The rule as far as JSON Schema can express it; JSON itself excludes surrogates (RFC 8259, section 8.1)."""


def plain(text: str) -> str:
    """Return the text as it is.

    Raises:
        ValueError: It has a control character (Unicode category Cc) or a lone surrogate (Cs).
    """
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(f"must not contain U+{ord(character):04X}: no control characters, no lone surrogates")
    return text


def written(text: str) -> str:
    """Return a text of several lines as it is.

    Raises:
        ValueError: It has a control character other than a line feed, or a lone surrogate.
    """
    plain(text.replace("\n", ""))
    return text


def stored_url(url: str) -> str:
    """Return an address that can be parsed; its owner is checked elsewhere.

    Raises:
        ValueError: It is no URL, or it has a character that is not `plain`, as it stands or percent-encoded.
    """
    plain(unquote(plain(url)))
    try:
        urlsplit(url)
    except ValueError as error:
        raise ValueError(f"is not a URL: {error}") from error
    return url


def is_data_uri(url: str) -> bool:
    """Return whether a picture's address is the picture itself."""
    return url[:5].lower() == "data:"


def photo_url(url: str) -> str:
    """Return an address, or a picture as a data URI; its bytes are checked elsewhere.

    Raises:
        ValueError: It is no URL, too long for one, or a data URI that is not base64.
    """
    if is_data_uri(url):
        if not _DATA_URI.match(url):
            raise ValueError("must be a data URI in base64: data:image/jpeg;base64,…")
        return url
    if len(url) > URL_LENGTH_MOST:
        raise ValueError(f"has {len(url)} characters; {URL_LENGTH_MOST} are the most of an address")
    return stored_url(url)


def moment(at: datetime) -> datetime:
    """Return the time in UTC.

    Raises:
        ValueError: It has no zone, or its zone carries it out of the years 1 to 9999.
    """
    if at.tzinfo is None:
        raise ValueError("must say its zone")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must lie in the years 1 to 9999 of UTC") from error


def _named(text: str) -> str:
    try:
        found = plain(text)
    except ValueError:
        found = ""
    if not found or len(found) > ID_LENGTH_MOST:
        raise NotFound("There is nothing of yours with this id: no id of ours looks like it.")
    return found


def _written(value: object) -> object:
    """Refuse a bare number: pydantic would take it for Unix seconds, the API requires ISO 8601."""
    if isinstance(value, str) and len(value) >= len("2026-02-03T12:00Z") and value[4] == "-":
        return value
    raise ValueError("must be ISO 8601 with its zone, like 2026-02-03T12:00:00Z")


def _seq(text: str) -> str:
    """Accept the number of an event, or an empty text."""
    number = text.strip()
    if number and not (number.isascii() and number.isdigit() and len(number) <= 19 and int(number) <= SEQ_MOST):
        raise ValueError("must be the number of an event")
    return number


def tenant_name(text: str) -> str:
    """Return a tenant's name.

    Raises:
        ValueError: It is none: it stands in ids and on command lines.
    """
    if not _TENANT.fullmatch(text):
        raise ValueError("must be 1 to 64 of a-z, A-Z, 0-9, '.', '_' and '-', and begin with a letter or a digit")
    return text


def email(text: str) -> str:
    """Return an email address in lower case, without the blanks around it.

    Raises:
        ValueError: It has no name or no host.
    """
    found = plain(text).strip().lower()
    name, _, host = found.rpartition("@")
    if not name or not host or any(character.isspace() for character in found):
        raise ValueError("must be an email address like ada@shop.example")
    return found


def web_origin(text: str) -> str:
    """Return a web origin as browsers write it in `Origin`.

    Raises:
        ValueError: It is none: scheme and host (and port) alone, in lower case.
    """
    parts = urlsplit(stored_url(text))
    if parts.scheme not in ("http", "https") or not parts.hostname or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("must be a web origin like https://shop.example, without a path or a slash at its end")
    if parts.username is not None or text != text.lower():
        raise ValueError("must be a web origin in lower case, without a user")
    return text


PathId = Annotated[
    str, AfterValidator(_named), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": ID_LENGTH_MOST})
]
"""An id in a path: text that cannot be an id of ours is not found."""

Id = Annotated[str, Field(max_length=80, json_schema_extra=PATTERN), AfterValidator(plain)]
"""An id in a query or a body."""

Email = Annotated[str, Field(min_length=3, max_length=254, json_schema_extra=PATTERN), AfterValidator(email)]
"""An email address, in lower case."""

Password = Annotated[str, Field(min_length=10, max_length=256, json_schema_extra=PATTERN), AfterValidator(plain)]
"""A new password: length is what counts (NIST SP 800-63B)."""

TriedPassword = Annotated[str, Field(max_length=256, json_schema_extra=PATTERN), AfterValidator(plain)]
"""A password of a login: any text may be tried."""

Secret = Annotated[str, Field(max_length=200, json_schema_extra=PATTERN), AfterValidator(plain)]
"""A token in a body."""

TenantName = Annotated[
    str, AfterValidator(tenant_name), WithJsonSchema({"type": "string", "pattern": f"^{_TENANT.pattern}$"})
]
"""The name of a tenant."""

EngineName = Annotated[str, Field(max_length=32, json_schema_extra=PATTERN), AfterValidator(plain)]

ExternalId = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra=PATTERN), AfterValidator(plain)]
"""The id of something in a client's own system."""

Label = Annotated[str, Field(max_length=256, json_schema_extra=PATTERN), AfterValidator(plain)]
"""A key or a value of `metadata`."""

PictureLabel = Annotated[
    str,
    Field(max_length=label_text.LENGTH_MOST, json_schema_extra={"pattern": label_text.PATTERN}),
    AfterValidator(label_text.label_text),
]
"""A text on pictures."""

Name = Annotated[str, Field(max_length=100, json_schema_extra=PATTERN), AfterValidator(plain)]
"""A display name or a media type."""

Key = Annotated[str, Field(max_length=255, json_schema_extra=PATTERN), AfterValidator(plain)]
"""An Idempotency-Key."""

StoredUrl = Annotated[
    str, Field(min_length=1, max_length=URL_LENGTH_MOST, json_schema_extra=PATTERN), AfterValidator(stored_url)
]
"""An address of a picture."""

WebhookUrl = Annotated[
    str, Field(min_length=1, max_length=URL_LENGTH_MOST, json_schema_extra=PATTERN), AfterValidator(stored_url)
]
"""An address that webhooks are sent to; whether they may be is checked elsewhere."""

PhotoUrl = Annotated[
    str, Field(min_length=1, max_length=DATA_URI_LENGTH_MOST, json_schema_extra=PATTERN), AfterValidator(photo_url)
]
"""An address of a picture, or the picture as a data URI."""

Seq = Annotated[str, AfterValidator(_seq)]
"""The number of an event in a header; empty is none, as browsers send it."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(moment)]
"""A point in time."""
