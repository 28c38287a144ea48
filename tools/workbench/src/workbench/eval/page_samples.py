"""Writes the sample pictures of the pages: drawn garments, and the demo's person.

`python -m workbench.eval.page_samples`
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from workbench.assets import people
from workbench.eval import scenes

FOLDER: Final = Path(__file__).parents[5] / "frontend" / "src" / "features" / "studio" / "samples"
GARMENTS: Final = (
    "tee-white-print", "long-breton", "jumper-red", "shirt-checks", "polo-green", "crop-flowers", "tank-tie-dye",
    "shirt-stripes",
)  # fmt: skip
WEBP_QUALITY: Final = 82
LONGEST_PIXELS: Final = 720
PERSON_PIXELS: Final = 1_024


def main() -> None:
    """Write every sample anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with Image.open(people.photo_file(people.DEMO)) as person:
        person.thumbnail((PERSON_PIXELS, PERSON_PIXELS))
        person.save(FOLDER / "person.webp", quality=WEBP_QUALITY, method=6)
    plain = [case for case in scenes.cases("a") if case.group == "plain"]
    for name in GARMENTS:
        case = next(one for one in plain if one.garment == name)
        picture = Image.fromarray(np.asarray(scenes.draw(case).picture))
        picture.thumbnail((LONGEST_PIXELS, LONGEST_PIXELS))
        picture.save(FOLDER / f"{name}.webp", quality=WEBP_QUALITY, method=6)


if __name__ == "__main__":
    main()
