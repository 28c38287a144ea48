"""The tailor's output and the weaver's input: JSON beside PNGs, under keys of `proteus.object_keys`.

The JSON names objects by key, never by URL. Coordinates are pixels of the ingested (upright, sRGB) photo, x to the
right, y down, unless stated otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

GarmentCategory = Literal["upper", "lower", "overall", "dress", "inner", "outer", "shoes", "bag", "hat"]
"""What a garment is. `inner`: a top under an open jacket that stays; `outer`: a jacket over a shirt that stays."""

CLOTHES: Final[tuple[GarmentCategory, ...]] = ("upper", "lower", "overall", "dress", "inner", "outer")
ACCESSORIES: Final[tuple[GarmentCategory, ...]] = ("shoes", "bag", "hat")
"""No parse has a mask for them: engines that put them on need none."""

MaskedCategory = Literal["upper", "lower", "overall", "dress", "inner", "outer"]
"""The categories that a parse has a mask for."""

LAYERS: Final[tuple[GarmentCategory, ...]] = ("inner", "outer")
"""A parse by a tailor of an older version has no mask for them; the mask of `upper` hides all that theirs would."""

Subject = Literal["person", "garment", "result"]
"""What a warning concerns."""

SafetyLevel = Literal["off", "standard", "strict"]
"""How much of what a picture may show is refused, by thresholds of the deployment's own model; `off`: no picture is
examined."""

CUT_REVISION: Final = 4
"""Revision of how garments are cut and described, for all parsers: after a new one a request cuts them anew."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WarningCode(StrEnum):
    """What may be wrong with a picture that was accepted nevertheless; `picture_warnings` has the words."""

    SEVERAL_GARMENTS = "several_garments"
    GARMENT_CROPPED = "garment_cropped"
    GARMENT_ROTATED = "garment_rotated"
    GARMENT_FOLDED = "garment_folded"
    NO_GARMENT_SHAPE = "no_garment_shape"
    GARMENT_WORN = "garment_worn"
    CUTOUT_UNCERTAIN = "cutout_uncertain"
    CATEGORY_UNCERTAIN = "category_uncertain"
    SEVERAL_PEOPLE = "several_people"
    PERSON_CROPPED = "person_cropped"
    PERSON_TURNED = "person_turned"
    POSE_UNCERTAIN = "pose_uncertain"
    LOW_LIGHT = "low_light"
    BLURRED = "blurred"
    LOW_RESOLUTION = "low_resolution"
    SLEEVES_NOT_PLACED = "sleeves_not_placed"
    GARMENT_HIDDEN = "garment_hidden"
    ENGINE_REPLACED = "engine_replaced"


class PictureWarning(_Frozen):
    """One thing that may be wrong, for machines and for people."""

    code: WarningCode
    subject: Subject
    message: str
    hint: str


class CategoryScore(_Frozen):
    """How likely a garment is of a category, 0..1; the scores of all categories add up to 1."""

    category: GarmentCategory
    score: Annotated[float, Field(ge=0, le=1)]


_Name = Annotated[str, Field(min_length=1, max_length=1_000)]
_Count = Annotated[int, Field(ge=0, le=2**31 - 1, strict=True)]


class IngestedImage(_Frozen):
    """A photo made safe: decoded, upright, sRGB, without metadata; immutable and content-addressed."""

    key: _Name
    """`object_keys.photo_key`"""
    sha256: _Name
    width: _Count
    height: _Count
    content_type: str
    size_bytes: _Count


class Landmark(_Frozen):
    """One of BlazePose's 33 body landmarks.

    Attributes:
        x: In pixels of the photo, like y and z.
        z: Away from the camera, 0 between the hips; 0 everywhere where a tailor of another version did not say.
    """

    x: float
    y: float
    visibility: Annotated[float, Field(ge=0, le=1)]
    z: float = 0.0


class PersonParse(_Frozen):
    """Landmarks and masks of a person's photo. One per photo and parser version.

    Attributes:
        landmarks: 33 in BlazePose's order (11, 12 shoulders; 23, 24 hips; `left` is the person's left).
        person_mask_key: PNG, (H, W) uint8, 255 = person, at the photo's size.
        agnostic_mask_keys: Category -> PNG, (H, W) uint8, 255 = may change.
        layer_mask_keys: The same for `LAYERS`: weavers of an older version refuse other names among the former.
        people: How many people the photo shows; None: a tailor of another version did not say.
        person_index: Whose parse it is, from the left, 0 being the first.
        warnings: What may be wrong with the photo.
    """

    schema_version: Literal[1] = 1
    image_key: str
    width: int
    height: int
    parser: str
    parser_version: str
    pose_model: str
    landmarks: tuple[Landmark, ...] = Field(min_length=33, max_length=33)
    person_mask_key: str
    agnostic_mask_keys: dict[GarmentCategory, str]
    layer_mask_keys: dict[str, str] = Field(default_factory=dict)
    people: int | None = None
    person_index: int | None = None
    warnings: tuple[PictureWarning, ...] = ()

    @property
    def masks(self) -> tuple[str, ...]:
        """The categories that it has a mask of their own for."""
        return (*self.agnostic_mask_keys, *self.layer_mask_keys)

    def mask_key(self, category: str) -> str | None:
        """Return the agnostic mask for a garment; None: the parse has none for its category."""
        keys = {name: key for one in (self.agnostic_mask_keys, self.layer_mask_keys) for name, key in one.items()}
        return keys.get(masked_as(category, self.masks))


def masked_as(category: str, masks: Iterable[str]) -> str:
    """Return the category whose mask serves for a garment, of those that a parse has masks for."""
    return "upper" if category in LAYERS and category not in masks else category


class GarmentCut(_Frozen):
    """A garment, cut out of its photo: a transparent PNG with straight alpha, cropped to the garment.

    Attributes:
        cut_key: PNG, (h, w, 4) uint8 RGBA; colour under alpha 0 is 0.
        bounding_box: (left, top, right, bottom) of the crop in the photo, right and bottom exclusive; where the
            garment lies as in the photo, before it was turned upright.
        confidence: The parser's own confidence in the cut, 0..1.
        worn: The photo shows the garment on a person.
        categories: The likeliest first, by the cut-out's shape; whatever `category` was asked for.
        warnings: What may be wrong with the photo.
    """

    schema_version: Literal[1] = 1
    image_key: str
    cut_key: str
    width: int
    height: int
    category: GarmentCategory
    confidence: Annotated[float, Field(ge=0, le=1)]
    bounding_box: tuple[int, int, int, int]
    worn: bool
    parser: str
    parser_version: str
    categories: tuple[CategoryScore, ...] = ()
    warnings: tuple[PictureWarning, ...] = ()
