"""What the services send each other: the body and the result of every job, as frozen values.

    gateway ── TryonWork ──▶ weaver ── TryonResult ──▶ gateway
    gateway ── IngestWork, CutWork, ParseWork ──▶ tailor ── IngestResult, CutResult, ParseResult ──▶ gateway

The writer makes a value and sends `write()`; the reader calls `read` on what arrived (`proteus.messages`). The queue
between them carries JSON and reads no more of it than the properties of `Submission`, `Claimed` and `Completion` in
`proteus.queue.model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from proteus.artefacts import CategoryScore, GarmentCut, IngestedImage, PersonParse, PictureWarning, SafetyLevel
from proteus.engines import Quality
from proteus.messages import NONE_IF_UNREADABLE, Message, default_for_empty

SEEDS: Final = 1 << 64
"""Seeds are below this: no engine's generator takes more."""


T = TypeVar("T", bound=BaseModel)


def _readable(model: type[T]) -> BeforeValidator:
    """Read a list; what this version does not know, such as another one's codes, is left out."""

    def read(value: object) -> tuple[T, ...]:
        found = []
        for one in value if isinstance(value, list | tuple) else ():
            with suppress(ValidationError):
                found.append(model.model_validate(one))
        return tuple(found)

    return BeforeValidator(read)


def _plain(values: Iterable[BaseModel]) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json") for one in values]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else ()


def _known_level(value: object) -> object:
    """Read a level of another version as the strictest: it was meant to examine pictures."""
    return value if value is None or value in get_args(SafetyLevel) else "strict"


_Text = Annotated[str, Field(min_length=1)]
_Safety = Annotated[SafetyLevel | None, BeforeValidator(_known_level)]
_Warnings = Annotated[tuple[PictureWarning, ...], _readable(PictureWarning)]
_Categories = Annotated[tuple[CategoryScore, ...], _readable(CategoryScore)]
_Codes = Annotated[tuple[str, ...], BeforeValidator(_texts)]
_Words = Annotated[str | None, NONE_IF_UNREADABLE]
_Key = Annotated[str, Field(min_length=1, max_length=1_000)]
_KeyOrNone = Annotated[str | None, default_for_empty(None)]
_Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]
_Integer = Annotated[int, Field(strict=True)]
_Number = Annotated[float, Field(strict=True)]
_Flag = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work(Message):
    """The fields of every job's body.

    Attributes:
        user_id: The owner.
        result_url: Stable API address of the result, without a signature.
        trace_id: For logs.
    """

    _what = "body"

    user_id: _Text
    result_url: _Words = None
    trace_id: _Words = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonWork(_Work):
    """One picture to weave.

    Attributes:
        vton_id: The VTON entry.
        tryon_job_id: The try-on; `n` counts its pictures from 1.
        person_key: The ingested photo.
        garment_key: The cut-out.
        garment_worn: The garment's photo shows it on a person.
        garment_confidence: The tailor's, in the cut-out; None: unknown.
        garment_warnings: Codes of what may be wrong with the garment's photo.
        parse_key: The photo's parse; None for an engine that needs none.
        mask_key: A mask of the client's own instead of the parse's.
        output_format: None: the engine's own.
        safety: The tenant's own level; None: the deployment's, which the worker knows.
    """

    _constants: ClassVar[Mapping[str, str | None]] = {"job_type": "tryon"}

    vton_id: _Words = None
    tryon_job_id: _Text
    n: Annotated[int, Field(ge=1)]
    person_key: _Text
    garment_key: _Text
    garment_category: _Text
    garment_worn: Annotated[bool, BeforeValidator(bool)] = False
    garment_confidence: Annotated[_Number | None, NONE_IF_UNREADABLE] = None
    garment_warnings: _Codes = ()
    parse_key: _KeyOrNone = None
    mask_key: _KeyOrNone = None
    engine: str = ""
    quality: Annotated[Quality, default_for_empty("balanced")] = "balanced"
    seed: Annotated[int, Field(ge=0, lt=SEEDS, strict=True), default_for_empty(0)] = 0
    output_format: Annotated[Literal["webp", "png", "jpeg"] | None, default_for_empty(None)] = None
    options: Annotated[Mapping[str, Any], default_for_empty({})] = field(default_factory=dict)
    safety: _Safety = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TailorWork(_Work):
    """The fields of every tailor job's body: `image_id` is the photo's."""

    image_id: _Words = None


def _tailor_constants(task: str) -> dict[str, str | None]:
    """Return a body's constants for its stage, by the stage's name in `proteus.stages`."""
    return {"vton_id": None, "job_type": "segment", "task": task}


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestWork(TailorWork):
    """A raw upload to be made safe.

    Attributes:
        content_type: The type that the client declared. Nothing follows from it: the bytes say what the file is.
        kind: The photo's subject, `person` or `garment`; a garment's transparency is kept.
        safety: The tenant's own level; None: the deployment's, which the worker knows.
    """

    _constants = _tailor_constants("ingest")

    incoming_key: _Text
    content_type: str | None = None
    kind: _Words = None
    safety: _Safety = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CutWork(TailorWork):
    """A garment to be cut out of an ingested photo; `auto` lets the tailor choose the category."""

    _constants = _tailor_constants("cut")

    image_key: _Text
    image_sha256: _Text
    category: Annotated[str, default_for_empty("auto")] = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseWork(TailorWork):
    """A person to be parsed in an ingested photo.

    Attributes:
        person_index: Which one, from the left, 0 being the first; None: the tailor chooses.
    """

    _constants = _tailor_constants("parse")

    image_key: _Text
    image_sha256: _Text
    person_index: Annotated[int | None, NONE_IF_UNREADABLE] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Result(Message):
    """A worker's result of a completed job. Fields that are None are not written."""

    _what = "result"

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {name: value for name, value in Message.write(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class IngestResult(Result):
    """The ingested photo, which all later stages read."""

    image: IngestedImage

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {"image": self.image.model_dump(mode="json")}


@dataclass(frozen=True, kw_only=True, slots=True)
class CutFacts(Result):
    """A `GarmentCut` as read from a worker of any version: missing fields are None."""

    schema_version: Annotated[int | None, NONE_IF_UNREADABLE] = None
    image_key: _Words = None
    cut_key: _Words = None
    width: _Count | None = None
    height: _Count | None = None
    category: str | None = None
    confidence: _Number | None = None
    bounding_box: Annotated[tuple[int, int, int, int] | None, NONE_IF_UNREADABLE] = None
    worn: _Flag | None = None
    parser: str | None = None
    parser_version: str | None = None
    categories: _Categories = ()
    warnings: _Warnings = ()

    @classmethod
    def of(cls, described: GarmentCut) -> CutFacts:
        """Return what clients see of a cut-out: all of its description."""
        return cls(**{name: getattr(described, name) for name in GarmentCut.model_fields})

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"categories": _plain(self.categories), "warnings": _plain(self.warnings)}


@dataclass(frozen=True, kw_only=True, slots=True)
class CutResult(Result):
    """A cut-out: `result_key` is its picture, `cut_key_json` its description."""

    result_key: _Key
    cut_key_json: _Words = None
    cut: CutFacts = field(default_factory=CutFacts)

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"cut": self.cut.write()}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseFacts(Result):
    """What clients see of a parse; its description in the store has the rest."""

    parser: str
    parser_version: str
    pose_model: str | None = None
    width: int | None = None
    height: int | None = None
    people: Annotated[_Count | None, NONE_IF_UNREADABLE] = None
    person_index: Annotated[_Count | None, NONE_IF_UNREADABLE] = None
    warnings: _Warnings = ()

    @classmethod
    def of(cls, described: PersonParse) -> ParseFacts:
        """Return what clients see of a parse."""
        return cls(**{one.name: getattr(described, one.name) for one in fields(cls)})

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"warnings": _plain(self.warnings)}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseResult(Result):
    """A parse: `result_key` is its description."""

    result_key: _Key
    parse: Annotated[ParseFacts | None, NONE_IF_UNREADABLE] = None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        told = {"parse": self.parse.write()} if self.parse else {}
        return {"result_key": self.result_key, **told}


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonResult(Result):
    """A finished picture.

    Attributes:
        worker: The worker that made it.
        notes: The engine's own parameters.
        timings: How the worker's time was spent, in seconds.
        warnings: What may be wrong with the garment's photo, the person's, and the picture.
        quality_score: How good it is likely to be, 0..1; None: unknown.
    """

    result_key: _Key
    width: _Count | None = None
    height: _Count | None = None
    content_type: str | None = None
    size_bytes: Annotated[int | None, NONE_IF_UNREADABLE] = None
    engine: str | None = None
    engine_version: str | None = None
    seed: _Integer | None = None
    degraded: _Flag | None = None
    worker: _Words = None
    notes: Annotated[Mapping[str, Any] | None, NONE_IF_UNREADABLE] = None
    timings: Mapping[str, _Number] | None = None
    warnings: _Warnings = ()
    quality_score: Annotated[_Number | None, NONE_IF_UNREADABLE] = None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"warnings": _plain(self.warnings)}
