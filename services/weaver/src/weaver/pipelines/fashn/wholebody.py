"""Opt-in: the pose estimator the published model was trained with, brought by the operator.

With it the pose has hands and a face, as in training. It needs PyPI `rtmlib` 0.0.16 (Apache-2.0) and a folder
`wholebody/` beside the weights with `yolox_l.onnx` and `dw-ll_ucoco_384.onnx`. Their licences say Apache-2.0, but they
were trained on COCO-WholeBody, whose terms are research and non-commercial use only: that is why Proteus neither
fetches nor needs them.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from proteus.engines import FASHN
from proteus.errors import ModelUnavailable
from proteus.worker.proofs import Candidate
from weaver.pipelines import levers
from weaver.pipelines.fashn.pose import MIN_SCORE, Keypoints, from_wholebody

DETECTOR: Final = "yolox_l.onnx"
ESTIMATOR: Final = "dw-ll_ucoco_384.onnx"
DETECTOR_SIDE: Final = 640
DETECTOR_SCORE: Final = 0.3
DETECTOR_OVERLAP: Final = 0.45
ESTIMATOR_WIDTH, ESTIMATOR_HEIGHT = 288, 384
BODY_WITHOUT_HEAD: Final = slice(5, 17)
"""COCO's shoulders to ankles."""

PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
EXACT: Final = Candidate(name="cpu")
ON_GPU: Final = Candidate(name="cuda")
"""A lever: ONNX Runtime computes in TF32 on a GPU. Where its CUDA provider is missing it silently takes the CPU's."""


class WholebodyPose:
    """Finds the points of the largest, clearest person.

    Args:
        folder: Holds the two files.
        device: `cpu` or `cuda`.
        machine: Names the device and its libraries, for which a remembered choice holds.

    Raises:
        ModelUnavailable: `rtmlib` is not installed, or a file is missing.
    """

    def __init__(self, folder: Path, *, device: str, machine: str = "") -> None:
        missing = [name for name in (DETECTOR, ESTIMATOR) if not (folder / name).is_file()]
        if missing:
            raise ModelUnavailable(f"{folder} opts in to whole-body pose but has no {' and no '.join(missing)}")
        try:
            import onnxruntime
            import rtmlib
        except ImportError as error:
            raise ModelUnavailable(f"{folder} opts in to whole-body pose, which needs `pip install rtmlib`") from error
        form, (self._detector, self._estimator) = levers.ready(
            (ON_GPU,) if device.startswith("cuda") else (),
            levers.Trial(
                exact=EXACT,
                load=partial(_load, rtmlib, folder),
                answers=_answers,
                tolerance=FASHN.tolerance,
                what="engine fashn's whole-body pose",
                folder=folder,
                device=f"{machine}, onnxruntime {onnxruntime.__version__}",
            ),
        )
        self.form = form.name

    def __call__(self, photo: NDArray[np.uint8]) -> Keypoints:
        """Return the points of a photo, (H, W, 3) uint8 sRGB; without a detection the whole photo is searched."""
        bgr = np.ascontiguousarray(photo[..., ::-1])
        points, scores = self._estimator(bgr, bboxes=self._detector(bgr))
        person = clearest(points, scores)
        return from_wholebody(np.asarray(points[person], np.float64), np.asarray(scores[person], np.float64))


def _load(rtmlib: Any, folder: Path, form: Candidate) -> tuple[Any, Any]:
    place: dict[str, Any] = {"backend": "onnxruntime", "device": form.name}
    detector = rtmlib.YOLOX(
        str(folder / DETECTOR),
        model_input_size=(DETECTOR_SIDE, DETECTOR_SIDE),
        nms_thr=DETECTOR_OVERLAP,
        score_thr=DETECTOR_SCORE,
        **place,
    )
    size = (ESTIMATOR_WIDTH, ESTIMATOR_HEIGHT)
    estimator = rtmlib.RTMPose(str(folder / ESTIMATOR), model_input_size=size, to_openpose=False, **place)
    for tool in (detector, estimator):
        providers = tool.session.get_providers()
        if providers[0] != PROVIDERS[form.name]:
            raise ModelUnavailable(f"ONNX Runtime has no {PROVIDERS[form.name]} here, it would take {providers[0]}")
    return detector, estimator


def _answers(tools: tuple[Any, Any]) -> levers.Answers:
    """Return both networks' outputs for a drawn picture of their size, the same every time."""
    found: dict[str, NDArray[np.float32]] = {}
    sizes = ((DETECTOR_SIDE, DETECTOR_SIDE), (ESTIMATOR_HEIGHT, ESTIMATOR_WIDTH))
    for name, tool, (height, width) in zip(("detector", "estimator"), tools, sizes, strict=True):
        patches = np.random.default_rng(0).uniform(-2, 2, (1, 3, height // 32, width // 32)).astype(np.float32)
        picture = patches.repeat(32, axis=2).repeat(32, axis=3)
        outputs = tool.session.run(None, {tool.session.get_inputs()[0].name: picture})
        found |= {f"{name} {index}": np.asarray(output, np.float32) for index, output in enumerate(outputs)}
    return found


def clearest(points: NDArray[Any], scores: NDArray[Any]) -> int:
    """Return the person, of (n, 133, 2) points, with the most seen and largest body: sum of scores x bounding area."""
    weights = []
    for body, score in zip(points[:, BODY_WITHOUT_HEAD], scores[:, BODY_WITHOUT_HEAD], strict=True):
        seen = score > MIN_SCORE
        width, height = np.ptp(body[seen], axis=0) if seen.any() else (0, 0)
        weights.append(float(score[seen].sum() * width * height))
    return int(np.argmax(weights))
