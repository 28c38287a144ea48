"""Unsigned addresses of objects, for payloads and rows. Pure; `proteus.storage` signs and fetches."""

from __future__ import annotations

from unicodedata import category
from urllib.parse import quote, unquote, urlsplit

from proteus.errors import ForeignUrl
from proteus.settings import StorageSettings


def url_of(settings: StorageSettings, key: str) -> str:
    """Return the address of an object in this deployment's bucket."""
    return f"{settings.client_endpoint}/{settings.bucket}/{quote(key)}"


def key_of(settings: StorageSettings, url: str) -> str:
    """Return the key behind an address in this deployment's bucket; a query (a signature) is ignored.

    Raises:
        ForeignUrl: The address is not in this bucket: another host, bucket or scheme, a path that climbs, or no
            URL at all.
    """
    ours = urlsplit(f"{settings.client_endpoint}/{settings.bucket}/")
    try:
        given = urlsplit(url)
    except ValueError as error:
        raise ForeignUrl(f"{url[:200]!r} is not a URL: {error}.") from error
    key = unquote(given.path[len(ours.path) :])
    if (
        (given.scheme, given.netloc) != (ours.scheme, ours.netloc)
        or not given.path.startswith(ours.path)
        or not key
        or any(category(character) in ("Cc", "Cs") for character in key)
        or any(part in ("", ".", "..") for part in key.split("/"))
    ):
        shown = given._replace(query="", fragment="").geturl()[:200]
        raise ForeignUrl(f"{shown!r} does not point into this deployment's storage ({ours.geturl()}…).")
    return key
