"""Parser `isnet`: a garment that lies or hangs alone is ISNet's foreground; everything else is as `classic` does it.

For operators whose photos are taken on floors, beds and before busy walls, where colour and outline fail. Opt-in:
`TAILOR_PARSER=isnet` and a folder `isnet` in `TAILOR_WEIGHTS_DIR` that holds one file:

    isnet-general-use.onnx    foreground    (1, 3, S, S), x/255 - 0.5    ->    (1, 1, S, S) in [0, 1]
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from proteus.errors import ModelUnavailable, NoGarmentDetected
from tailor.cutting import drop_specks
from tailor.parsers.classic import ClassicParser, describe
from tailor.parsers.clean_models import Kind, fingerprint, load, stretched
from tailor.parsers.contract import GarmentMask, Pixels
from tailor.parsers.flat import AREA_FRACTIONS
from tailor.pose import PoseModel

FILE: Final = "isnet-general-use.onnx"
KIND: Final = Kind(file=FILE, side=1024, classes=1, channels_last=False, mean=(0.5,) * 3, spread=(1.0,) * 3)


class IsnetParser(ClassicParser):
    """Implements `parsers.contract.Parser`.

    Args:
        pose: Finds people.
        folder: Holds the ONNX file.
        threads: Of the network.

    Raises:
        ModelUnavailable: ONNX Runtime or the file is missing, or it is another network.
    """

    name = "isnet"

    def __init__(self, pose: PoseModel, *, folder: Path, threads: int = 1) -> None:
        super().__init__(pose)
        if not (folder / FILE).is_file():
            raise ModelUnavailable(f"parser 'isnet' has no {FILE} in {folder}")
        self._foreground = load(folder / FILE, KIND, threads)
        self.version = f"2-{fingerprint(folder, (KIND,))}"

    def cut_flat(self, photo: Pixels, category: str) -> GarmentMask:
        """Take what stands out from the background.

        Raises:
            NoGarmentDetected: Nothing does, or the whole photo does.
        """
        foreground = stretched(self._foreground(photo)[..., 0], photo).clip(0, 1)
        alpha = drop_specks(np.asarray((foreground * 255).round(), np.uint8))
        solid = alpha > 127
        least, most = AREA_FRACTIONS
        if not least <= solid.mean() <= most:
            raise NoGarmentDetected(f"no garment was found: {solid.mean():.1%} of the photo stand out from the rest")
        return describe(alpha, solid, category, trust=float(foreground[solid].mean()))
