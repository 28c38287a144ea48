"""Errors as rows keep them and clients read them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from proteus import errors

PREREQUISITE: Final = "prerequisite_"
"""Prefix of a job's error code whose need was cancelled or expired."""


TOLD: Final = (errors.InvalidRequest, errors.PhotoRejected, errors.UploadMissing, errors.Overloaded)
"""Errors about a client's request: their sentences are written for clients."""


def described(code: str, message: str) -> dict[str, Any]:
    """Return the error that clients see: the code, a sentence and a remedy.

    The text of an error outside `TOLD` may come from a library. Workers write it to their logs, operators find it in
    Redis and in the dead letters; a shopper reads our own sentence.
    """
    known = _BY_CODE.get(code, errors.ProteusError)
    return {
        "code": code,
        "message": message if message and of_request(code) else str(known().message),
        "hint": known.hint,
        "retryable": known.retryable,
    }


def of_request(code: str) -> bool:
    """Tell whether an error is about what the client asked for, and not about the system."""
    return issubclass(_BY_CODE.get(code, errors.ProteusError), TOLD) or code.startswith(PREREQUISITE)


def told(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored error as clients see it; one that lacks a part, or has an odd one, is described anew."""
    parts = (("code", str, None), ("message", str, None), ("hint", str, ""), ("retryable", bool, False))
    if all(isinstance(stored.get(name, default), kind) for name, kind, default in parts):
        return dict(stored)
    code, message = stored.get("code"), stored.get("message")
    return described(
        code if isinstance(code, str) else errors.EngineError.code, message if isinstance(message, str) else ""
    )


def error_of(stored: Mapping[str, Any]) -> errors.ProteusError:
    """Return a stored error as the exception it was."""
    return _BY_CODE.get(str(stored.get("code")), errors.PhotoRejected)(str(stored.get("message") or "") or None)


def _codes(root: type[errors.ProteusError]) -> dict[str, type[errors.ProteusError]]:
    found = {root.code: root}
    for child in root.__subclasses__():
        found = _codes(child) | found  # An inherited code stays the parent's.
    return found


_BY_CODE: Final = _codes(errors.ProteusError)
