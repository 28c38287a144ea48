"""What klein is asked for, by category: one English sentence each for the picture, the things kept and the thing shown.

The sentence depends on nothing but the category, so all of them are embedded once, before the first picture. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WEARING: Final[Mapping[str, str]] = {
    "upper": "wearing the top of image 2 instead of the one in image 1",
    "lower": "wearing the trousers or skirt of image 2 instead of those in image 1",
    "overall": "wearing the one-piece outfit of image 2 instead of the clothes in image 1",
    "dress": "wearing the dress of image 2 instead of the clothes in image 1",
    "inner": "wearing the top of image 2 under the open jacket of image 1",
    "outer": "wearing the jacket or coat of image 2, open, over the clothes of image 1",
    "shoes": "wearing the shoes of image 2 on both feet instead of those in image 1",
    "bag": "carrying the bag of image 2, held by its handle or strap",
    "hat": "wearing the hat of image 2 on the head, the whole face visible",
}
"""Category -> how the person of image 1 carries what image 2 shows."""

PROMPT: Final = (
    "The person of image 1 {wearing}. Keep the face, hair, body, pose, hands, other clothes, background, light and "
    "framing of image 1 exactly. Keep the colours, pattern, text and shape of the item in image 2 exactly."
)


def prompt_of(category: str) -> str:
    """Return the sentence for a category of `WEARING`."""
    return PROMPT.format(wearing=WEARING[category])
