"""What the services send each other: the body and the result of every job, as frozen values.

    gateway ── TryonWork ──▶ weaver ── TryonResult ──▶ gateway
    gateway ── IngestWork, CutWork, ParseWork ──▶ tailor ── IngestResult, CutResult, ParseResult ──▶ gateway
    gateway ── VariantWork ──▶ tailor; it stores the variant, and nobody waits for its VariantResult

The writer makes a value and sends `write()`; the reader calls `read` on what arrived (`proteus.messages`). The queue
between them carries JSON and reads no more of it than the properties of `Submission`, `Claimed` and `Completion` in
`proteus.queue.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import BeforeValidator, Field

from proteus.artefacts import GarmentCut, IngestedImage, PersonParse
from proteus.engines import MaskMode, Quality
from proteus.messages import NONE_IF_UNREADABLE, Message, default_for_empty
from proteus.payload_fields import (
    Categories,
    Codes,
    Count,
    Flag,
    Integer,
    Key,
    KeyOrNone,
    LabelOrNone,
    Number,
    Safety,
    Text,
    Warnings,
    Words,
    plain,
)
from proteus.variants import VariantFormat, VariantQuality, VariantWidth

SEEDS: Final = 1 << 64
"""Seeds are below this: no engine's generator takes more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work(Message):
    """The fields of every job's body.

    Attributes:
        user_id: The owner.
        result_url: Stable API address of the result, without a signature.
        trace_id: For logs.
    """

    _what = "body"

    user_id: Text
    result_url: Words = None
    trace_id: Words = None


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
        mask_mode: Whose mask says what may change; `free`: everything may.
        mask_key: The client's own mask, an ingested photo of the person photo's size; with `provided` only.
        return_mask: The result names the mask that was used.
        output_format: None: the engine's own.
        safety: The tenant's own level; None: the deployment's, which the worker knows.
        label: The tenant's own text on its results, empty for none; None: the deployment's, which the worker knows.
    """

    _constants: ClassVar[Mapping[str, str | None]] = {"job_type": "tryon"}

    vton_id: Words = None
    tryon_job_id: Text
    n: Annotated[int, Field(ge=1)]
    person_key: Text
    garment_key: Text
    garment_category: Text
    garment_worn: Annotated[bool, BeforeValidator(bool)] = False
    garment_confidence: Annotated[Number | None, NONE_IF_UNREADABLE] = None
    garment_warnings: Codes = ()
    parse_key: KeyOrNone = None
    mask_mode: Annotated[MaskMode, default_for_empty("auto")] = "auto"
    mask_key: KeyOrNone = None
    return_mask: Annotated[bool, BeforeValidator(bool)] = False
    engine: str = ""
    quality: Annotated[Quality, default_for_empty("balanced")] = "balanced"
    seed: Annotated[int, Field(ge=0, lt=SEEDS, strict=True), default_for_empty(0)] = 0
    output_format: Annotated[Literal["webp", "png", "jpeg"] | None, default_for_empty(None)] = None
    options: Annotated[Mapping[str, Any], default_for_empty({})] = field(default_factory=dict)
    safety: Safety = None
    label: LabelOrNone = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TailorWork(_Work):
    """The fields of every tailor job's body: `image_id` is the photo's."""

    image_id: Words = None


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

    incoming_key: Text
    content_type: str | None = None
    kind: Words = None
    safety: Safety = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CutWork(TailorWork):
    """A garment to be cut out of an ingested photo; `auto` lets the tailor choose the category."""

    _constants = _tailor_constants("cut")

    image_key: Text
    image_sha256: Text
    category: Annotated[str, default_for_empty("auto")] = "auto"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseWork(TailorWork):
    """A person to be parsed in an ingested photo.

    Attributes:
        person_index: Which one, from the left, 0 being the first; None: the tailor chooses.
    """

    _constants = _tailor_constants("parse")

    image_key: Text
    image_sha256: Text
    person_index: Annotated[int | None, NONE_IF_UNREADABLE] = None


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantWork(TailorWork):
    """A result to be stored in another size or format.

    Attributes:
        source_key: The result.
        width: Narrower results keep their width.
    """

    _constants = _tailor_constants("variant")

    source_key: Key
    width: VariantWidth
    format: VariantFormat
    quality: VariantQuality


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyWork(TailorWork):
    """A file whose marks are to be read."""

    _constants = _tailor_constants("verify")

    incoming_key: Key


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
    image_key: Words = None
    cut_key: Words = None
    width: Count | None = None
    height: Count | None = None
    category: str | None = None
    confidence: Number | None = None
    bounding_box: Annotated[tuple[int, int, int, int] | None, NONE_IF_UNREADABLE] = None
    worn: Flag | None = None
    parser: str | None = None
    parser_version: str | None = None
    categories: Categories = ()
    warnings: Warnings = ()

    @classmethod
    def of(cls, described: GarmentCut) -> CutFacts:
        """Return what clients see of a cut-out: all of its description."""
        return cls(**{name: getattr(described, name) for name in GarmentCut.model_fields})

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"categories": plain(self.categories), "warnings": plain(self.warnings)}


@dataclass(frozen=True, kw_only=True, slots=True)
class CutResult(Result):
    """A cut-out: `result_key` is its picture, `cut_key_json` its description, `blurhash` its miniature on white."""

    result_key: Key
    cut_key_json: Words = None
    cut: CutFacts = field(default_factory=CutFacts)
    blurhash: Words = None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"cut": self.cut.write()}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseFacts(Result):
    """What clients see of a parse; its description in the store has the rest.

    Attributes:
        masks: The categories that it has masks for; none: a tailor of an older version did not say.
    """

    parser: str
    parser_version: str
    pose_model: str | None = None
    width: int | None = None
    height: int | None = None
    people: Annotated[Count | None, NONE_IF_UNREADABLE] = None
    person_index: Annotated[Count | None, NONE_IF_UNREADABLE] = None
    warnings: Warnings = ()
    masks: Codes = ()

    @classmethod
    def of(cls, described: PersonParse) -> ParseFacts:
        """Return what clients see of a parse."""
        return cls(**{one.name: getattr(described, one.name) for one in fields(cls)})

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"warnings": plain(self.warnings)}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseResult(Result):
    """A parse: `result_key` is its description."""

    result_key: Key
    parse: Annotated[ParseFacts | None, NONE_IF_UNREADABLE] = None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        told = {"parse": self.parse.write()} if self.parse else {}
        return {"result_key": self.result_key, **told}


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantResult(Result):
    """A stored variant."""

    result_key: Key
    width: Count
    height: Count
    size_bytes: Count


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyResult(Result):
    """What the marks of a file say, as `proteus.verifying` found it."""

    marks: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class TryonResult(Result):
    """A finished picture.

    Attributes:
        worker: The worker that made it.
        notes: The engine's own parameters.
        timings: How the worker's time was spent, in seconds.
        warnings: What may be wrong with the garment's photo, the person's, and the picture.
        quality_score: How good it is likely to be, 0..1; None: unknown.
        mask_key: The mask that said what may change, where the job asks for it; None: everything might.
        blurhash: A blurred miniature as a short text, to show until the picture is there.
    """

    result_key: Key
    width: Count | None = None
    height: Count | None = None
    content_type: str | None = None
    size_bytes: Annotated[int | None, NONE_IF_UNREADABLE] = None
    engine: str | None = None
    engine_version: str | None = None
    seed: Integer | None = None
    degraded: Flag | None = None
    worker: Words = None
    notes: Annotated[Mapping[str, Any] | None, NONE_IF_UNREADABLE] = None
    timings: Mapping[str, Number] | None = None
    warnings: Warnings = ()
    quality_score: Annotated[Number | None, NONE_IF_UNREADABLE] = None
    mask_key: Words = None
    blurhash: Words = None

    def write(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return Result.write(self) | {"warnings": plain(self.warnings)}
