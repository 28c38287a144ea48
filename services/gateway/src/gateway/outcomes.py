"""What a worker's result must say before a job counts as completed: pure.

Workers of an older or a newer version write results, too. What the gateway reads of one is checked here, once, before
it is recorded; the rest is kept as it came. A result that lacks something would otherwise fail wherever it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proteus.jobs import JobKind

_Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Key = Annotated[str, Field(min_length=1, max_length=1_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class _Image(_Part):
    key: _Key
    sha256: _Key
    width: _Count
    height: _Count
    content_type: str
    size_bytes: _Count


class _Cut(_Part):
    category: str | None = None
    worn: bool | None = None
    parser: str | None = None
    parser_version: str | None = None
    width: _Count | None = None
    height: _Count | None = None
    confidence: float | None = None


class _Ingested(_Part):
    image: _Image


class _Derived(_Part):
    result_key: _Key
    cut: _Cut = _Cut()


class _Woven(_Part):
    result_key: _Key
    engine: str | None = None
    engine_version: str | None = None
    seed: int | None = None
    width: _Count | None = None
    height: _Count | None = None
    content_type: str | None = None
    degraded: bool | None = None
    timings: Mapping[str, float] | None = None


_MODELS: Final[dict[str, type[_Part]]] = {
    JobKind.INGEST: _Ingested,
    JobKind.CUT: _Derived,
    JobKind.PARSE: _Derived,
    JobKind.TRYON: _Woven,
}


def unreadable(kind: str, result: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the result of a completed job of this kind; None if it can be recorded."""
    try:
        _MODELS[kind].model_validate(result)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return None
