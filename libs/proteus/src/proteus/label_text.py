"""The text of a visible label: what the weavers' font can draw, so that no picture shows boxes for letters."""

from __future__ import annotations

from string import ascii_letters, digits, punctuation
from typing import Final

LENGTH_MOST: Final = 60

BEYOND_ASCII: Final = "©«°±´·»‘’“”…‹›⁄™"
DRAWABLE: Final = frozenset(f" {ascii_letters}{digits}{punctuation}{BEYOND_ASCII}")
"""Every character of the font that Pillow brings; a test draws them all."""

PATTERN: Final = f"^[ -~{BEYOND_ASCII}]*$"


def label_text(text: str) -> str:
    """Return a label's text as it is; an empty one is no label.

    Raises:
        ValueError: It is blank or too long, or the font lacks one of its characters.
    """
    if len(text) > LENGTH_MOST:
        raise ValueError(f"has {len(text)} characters; {LENGTH_MOST} are the most of a label")
    for character in text:
        if character not in DRAWABLE:
            raise ValueError(
                f"must not contain U+{ord(character):04X}: a label's font has A-Z, a-z, digits, the punctuation of "
                f"ASCII and {BEYOND_ASCII}"
            )
    if text and not text.strip():
        raise ValueError("must not be blank: an empty text is no label")
    return text
