"""API keys as text: `pk_<prefix>_<secret>`. The prefix names the key, the secret proves it.

Only a SHA-256 of the whole text is stored. It needs no salt and no slow hash, because the secret is 32 random bytes:
nobody can guess it, and two keys never share one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from typing import Final, NewType

KeyId = NewType("KeyId", str)

MARK: Final = "pk_"
PREFIX_CHARACTERS: Final = 8
SECRET_BYTES: Final = 32
ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

_TEXT: Final = re.compile(rf"{MARK}([a-z0-9]{{{PREFIX_CHARACTERS}}})_[A-Za-z0-9_-]{{43}}")
_NOBODYS: Final = bytes(32)


def compose(prefix: str, secret: bytes) -> str:
    """Return a key's text."""
    return f"{MARK}{prefix}_{urlsafe_b64encode(secret).decode().rstrip('=')}"


def id_of(prefix: str) -> KeyId:
    """Return the id of the key with this prefix."""
    return KeyId(f"key_{prefix}")


def prefix_of(key_id: str) -> str:
    """Return the part of a key's text that its owner may see for ever."""
    return MARK + key_id.removeprefix("key_")


def claimed_id(text: str) -> KeyId | None:
    """Return the id that a text claims; None: it is not the text of a key."""
    found = _TEXT.fullmatch(text)
    return id_of(found[1]) if found else None


def digest_of(text: str) -> bytes:
    """Return what is stored of a key."""
    return hashlib.sha256(text.encode()).digest()


def proves(text: str, digest: bytes | None) -> bool:
    """Tell whether a text is the key with this digest, in a time that tells nothing. None: there is no such key."""
    same = hmac.compare_digest(digest_of(text), _NOBODYS if digest is None else digest)
    return same and digest is not None
