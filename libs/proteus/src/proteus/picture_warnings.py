"""What may be wrong with a picture that was accepted nevertheless: every warning's words, and what it costs in quality.

The tailor finds what the photos show, the weaver what the result lacks. Both send codes; the words are here alone, so
a page, a client and a webhook read the same sentence. A result's quality is the confidence in its cut-out, reduced by
each warning about the person and about the result; warnings about the garment have reduced the confidence before. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

from proteus.artefacts import PictureWarning, Subject, WarningCode
from proteus.errors import QualityTooLow


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A warning's words.

    Attributes:
        message: What was seen; `{subject}` stands for what it concerns.
        hint: What to do about it.
        left: What it leaves of the quality, 0..1.
    """

    message: str
    hint: str
    left: float


WORDS: Final[Mapping[WarningCode, Words]] = {
    WarningCode.SEVERAL_GARMENTS: Words(
        message="The picture shows more than one garment; all of them were cut out.",
        hint="Use a picture of one garment.",
        left=0.25,
    ),
    WarningCode.GARMENT_CROPPED: Words(
        message="The garment reaches the picture's edge, so a part of it may be missing.",
        hint="Show the whole garment.",
        left=0.85,
    ),
    WarningCode.GARMENT_ROTATED: Words(
        message="The garment does not seem to lie upright.",
        hint="Turn the picture so that the garment's top is up.",
        left=0.5,
    ),
    WarningCode.GARMENT_FOLDED: Words(
        message="The garment seems to be folded, so its shape is not in the picture.",
        hint="Unfold it and lay it flat.",
        left=0.5,
    ),
    WarningCode.NO_GARMENT_SHAPE: Words(
        message="What was cut out does not have the shape of a garment.",
        hint="Use a picture of one garment, laid flat.",
        left=0.3,
    ),
    WarningCode.GARMENT_WORN: Words(
        message="The garment is worn by a person; it was taken off by colours and the body's shape alone.",
        hint="Use a picture of the garment alone.",
        left=0.8,
    ),
    WarningCode.CUTOUT_UNCERTAIN: Words(
        message="It is not sure where the garment ends and its ground begins.",
        hint="Look at the cut-out; a plain ground of another colour helps.",
        left=0.8,
    ),
    WarningCode.CATEGORY_UNCERTAIN: Words(
        message="It is not sure what kind of garment this is.",
        hint="Say whether it is for above the waist, below, or both.",
        left=0.9,
    ),
    WarningCode.SEVERAL_PEOPLE: Words(
        message="The photo shows more than one person; the largest was chosen.",
        hint="Use a photo of one person, or choose another one with person_index.",
        left=0.7,
    ),
    WarningCode.PERSON_CROPPED: Words(
        message="A part of the person's trunk is outside the photo.",
        hint="Shoulders and hips should be in the picture.",
        left=0.85,
    ),
    WarningCode.PERSON_TURNED: Words(
        message="The person does not face the camera.",
        hint="Use a photo from the front.",
        left=0.7,
    ),
    WarningCode.POSE_UNCERTAIN: Words(
        message="Where the person's arms are is not sure.",
        hint="Use a photo with both arms visible, beside the body.",
        left=0.8,
    ),
    WarningCode.LOW_LIGHT: Words(
        message="The {subject} is dark in its picture.", hint="Use a picture taken in more light.", left=0.75
    ),
    WarningCode.BLURRED: Words(
        message="The {subject} is blurred in its picture.", hint="Use a sharper picture.", left=0.75
    ),
    WarningCode.LOW_RESOLUTION: Words(
        message="The {subject} has few pixels in its picture.",
        hint="Use a larger picture: 768 x 1024 pixels or more.",
        left=0.75,
    ),
    WarningCode.SLEEVES_NOT_PLACED: Words(
        message="A sleeve of the garment could not be put on its arm.",
        hint="Use a photo with both arms visible.",
        left=0.6,
    ),
    WarningCode.GARMENT_HIDDEN: Words(
        message="Little of the garment is visible on the person.",
        hint="Use a photo that shows where the garment goes.",
        left=0.5,
    ),
    WarningCode.ENGINE_REPLACED: Words(
        message="Another engine made the picture: that of the chosen one did not pass its own check.",
        hint="Compare the result's `engine` with the one that you chose.",
        left=0.9,
    ),
}


def warn(code: WarningCode, subject: Subject) -> PictureWarning:
    """Return a warning in words."""
    words = WORDS[code]
    return PictureWarning(code=code, subject=subject, message=words.message.format(subject=subject), hint=words.hint)


def warn_of_people(people: int, chosen: int, *, by_client: bool) -> PictureWarning:
    """Return the warning about a photo of several people; it names the chosen one.

    Args:
        people: How many were found.
        chosen: Which one wears the garment, from the left, 0 being the first.
        by_client: The client named the number.
    """
    rule = "as person_index says" if by_client else "the largest"
    words = f"The photo shows {people} people; the garment is put on person_index {chosen} (from the left, 0 first)"
    return warn(WarningCode.SEVERAL_PEOPLE, "person").model_copy(update={"message": f"{words}, {rule}."})


def warn_of_turn(*, mended: bool) -> PictureWarning:
    """Return the warning about a garment that does not lie upright; `mended`: its cut-out was turned."""
    said = warn(WarningCode.GARMENT_ROTATED, "garment")
    if not mended:
        return said
    message = "The garment lay on its side or upside down; its cut-out was turned upright."
    return said.model_copy(
        update={"message": message, "hint": "Look at the cut-out; if its top is not up, turn the picture."}
    )


def warn_all(codes: Iterable[str], subject: Subject) -> tuple[PictureWarning, ...]:
    """Return warnings in words; a code of another version is left out."""
    known = {code.value for code in WarningCode}
    return tuple(warn(WarningCode(code), subject) for code in codes if code in known)


def quality_of(confidence: float | None, warnings: Iterable[PictureWarning]) -> float | None:
    """Return how good a result is likely to be, 0..1; None: nobody knows how sure the cut-out is.

    Args:
        confidence: In the cut-out, 0..1.
        warnings: All; those about the garment are in the confidence already.
    """
    if confidence is None:
        return None
    left = prod(WORDS[one.code].left for one in warnings if one.subject != "garment")
    return round(min(1.0, max(0.0, confidence)) * left, 3)


def require_quality(score: float | None, *, floor: float) -> None:
    """Refuse a picture that is too poor for its engine; an unknown score is not refused.

    Raises:
        QualityTooLow: The score is below the floor of the engine's card.
    """
    if score is not None and score < floor:
        raise QualityTooLow(f"The picture's quality would be {score:.2f}; below {floor:.2f} none is made.")
