"""Opt-in: the pose estimator the published model was trained with, brought by the operator.

With it the pose has hands and a face, as in training. It needs PyPI `rtmlib` 0.0.16 (Apache-2.0) and a folder
`wholebody/` beside the weights with `yolox_l.onnx` and `dw-ll_ucoco_384.onnx`. Their licences say Apache-2.0, but they
were trained on COCO-WholeBody, whose terms are research and non-commercial use only: that is why Proteus neither
fetches nor needs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from proteus.errors import ModelUnavailable
from weaver.pipelines.fashn.pose import MIN_SCORE, Keypoints, from_wholebody

DETECTOR: Final = "yolox_l.onnx"
ESTIMATOR: Final = "dw-ll_ucoco_384.onnx"
DETECTOR_SIDE: Final = 640
DETECTOR_SCORE: Final = 0.3
DETECTOR_OVERLAP: Final = 0.45
ESTIMATOR_WIDTH, ESTIMATOR_HEIGHT = 288, 384
BODY_WITHOUT_HEAD: Final = slice(5, 17)
"""COCO's shoulders to ankles."""


class WholebodyPose:
    """Finds the points of the largest, clearest person.

    Raises:
        ModelUnavailable: `rtmlib` is not installed, or a file is missing.
    """

    def __init__(self, folder: Path, *, device: str) -> None:
        missing = [name for name in (DETECTOR, ESTIMATOR) if not (folder / name).is_file()]
        if missing:
            raise ModelUnavailable(f"{folder} opts in to whole-body pose but has no {' and no '.join(missing)}")
        try:
            from rtmlib import YOLOX, RTMPose
        except ImportError as error:
            raise ModelUnavailable(f"{folder} opts in to whole-body pose, which needs `pip install rtmlib`") from error
        place: dict[str, Any] = {"backend": "onnxruntime", "device": device}
        self._detector = YOLOX(
            str(folder / DETECTOR),
            model_input_size=(DETECTOR_SIDE, DETECTOR_SIDE),
            nms_thr=DETECTOR_OVERLAP,
            score_thr=DETECTOR_SCORE,
            **place,
        )
        size = (ESTIMATOR_WIDTH, ESTIMATOR_HEIGHT)
        self._estimator = RTMPose(str(folder / ESTIMATOR), model_input_size=size, to_openpose=False, **place)

    def __call__(self, photo: NDArray[np.uint8]) -> Keypoints:
        """Return the points of a photo, (H, W, 3) uint8 sRGB; without a detection the whole photo is looked at."""
        bgr = np.ascontiguousarray(photo[..., ::-1])
        points, scores = self._estimator(bgr, bboxes=self._detector(bgr))
        person = clearest(points, scores)
        return from_wholebody(np.asarray(points[person], np.float64), np.asarray(scores[person], np.float64))


def clearest(points: NDArray[Any], scores: NDArray[Any]) -> int:
    """Return the person, of (n, 133, 2) points, with the most seen and largest body: sum of scores x bounding area."""
    weights = []
    for body, score in zip(points[:, BODY_WITHOUT_HEAD], scores[:, BODY_WITHOUT_HEAD], strict=True):
        seen = score > MIN_SCORE
        width, height = np.ptp(body[seen], axis=0) if seen.any() else (0, 0)
        weights.append(float(score[seen].sum() * width * height))
    return int(np.argmax(weights))
