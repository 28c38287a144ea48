"""Landmarks and person mask of a photo: BlazePose by LiteRT on the CPU, no hub, no GPU.

The detector finds a person in the photo, however small; the landmark model looks at that square region at 256 x 256.
Each output gives a better region (its 34th and 35th point), and the model looks again. Without the detector the
landmark model fails: on the whole of a half-length portrait it places the hips on the chest with a score as high as for
the right place, and it takes a clock for a person. `tailor.parsers` build a `PersonParse` from the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from proteus.artefacts import Landmark
from proteus.errors import ModelUnavailable, NoPersonDetected, PersonCropped, PhotoRejected

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

LEFT_SHOULDER, RIGHT_SHOULDER, LEFT_HIP, RIGHT_HIP = 11, 12, 23, 24

LANDMARK_SIDE: Final = 256
MASK_SHAPE: Final = (LANDMARK_SIDE, LANDMARK_SIDE, 1)
DETECTOR_SIDE: Final = 224
DETECTOR_GRIDS: Final = ((8, 2), (16, 2), (32, 6))
"""Stride in pixels and anchors in each cell: MediaPipe's five layers, three of them of one stride."""

REGION_SCALE: Final = 1.25
"""MediaPipe's: the region is this much larger than the circle around the body."""

MIN_DETECTION: Final = 0.4
"""scikit-image's pictures: people 0.57 and 0.81, the best of fifteen without people 0.18 (a logo: 0.55)."""

MIN_SCORE: Final = 0.7
"""The landmark model's probability that the region shows a person. The same pictures: 0.98 and 0.99, the logo 0.55."""

ANOTHER: Final = 0.5
"""A further person counts from this probability on."""

SAME_PERSON: Final = 0.15
"""In sides of the larger region: people's hips are farther apart than this."""

WIDE: Final = 1.4
"""From this ratio of its sides on a photo is searched in squares, too."""

CROWD_PARTS: Final = (2, 4)
"""The longer side over that of a square in which a crowd is searched: the detector sees people down to a fifth."""

CANDIDATES_MOST: Final = 6
"""As many people are tried, the largest first, until one's trunk is in the photo."""

DETECTIONS_MOST: Final = 200

LOOKS: Final = 3
"""The first look finds the person, the next ones centre on it; more change nothing (15 ms each)."""

MIN_VISIBILITY: Final = 0.5
MIN_TORSO: Final = 0.75
"""The share of each line from shoulder to hip that must lie in the photo: half-length portraits are good, busts not."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """A person.

    Attributes:
        landmarks: 33, in pixels of the photo; they may lie outside it.
        mask: (H, W) uint8, 255 = person, soft edge.
        score: The model's probability that there is a person, 0..1.
        people: How many people were found; this is the largest, or the one that was asked for.
        index: Which one this is, from the left, 0 being the first.
    """

    landmarks: tuple[Landmark, ...]
    mask: Pixels
    score: float
    people: int = 1
    index: int = 0


@dataclass(frozen=True)
class _Region:
    """A square of the photo: centre, side and turn (radians) in photo pixels."""

    x: float
    y: float
    side: float
    turn: float = 0.0

    def to_photo(self, model_side: int) -> Floats:
        """Return the 2 x 3 matrix from model pixels to photo pixels."""
        scale = self.side / model_side
        cos, sin = np.cos(self.turn) * scale, np.sin(self.turn) * scale
        half = model_side / 2
        return np.array(
            [[cos, -sin, self.x - cos * half + sin * half], [sin, cos, self.y - sin * half - cos * half]], np.float32
        )

    def is_near(self, other: _Region) -> bool:
        """Tell whether both are regions of one person: the detector says so many times."""
        return float(np.hypot(self.x - other.x, self.y - other.y)) < SAME_PERSON * max(self.side, other.side)

    @staticmethod
    def around(centre: NDArray[Any], edge: NDArray[Any]) -> _Region:
        """The region of a body circle: `centre` between the hips, `edge` on the circle, above the head when upright."""
        dx, dy = float(edge[0] - centre[0]), float(edge[1] - centre[1])
        side = 2 * REGION_SCALE * float(np.hypot(dx, dy))
        return _Region(float(centre[0]), float(centre[1]), max(side, 1.0), float(np.arctan2(dx, -dy)))


@dataclass(frozen=True)
class _Look:
    """The landmark model's output for one region; points (39, 5) with x, y in photo pixels."""

    region: _Region
    points: Floats
    score: float
    mask_logits: Floats


class PoseModel:
    """BlazePose, loaded. One instance is used by one thread at a time.

    Args:
        folder: Holds `pose_landmark_full.tflite` and `pose_detection.tflite` (`workbench.weights.fetch_pose`).
        threads: Of the runtime.

    Raises:
        ModelUnavailable: A file is missing.
    """

    name: Final = "blazepose-full-0.5.1675469404"

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self._landmarks = _interpreter(folder / "pose_landmark_full.tflite", threads)
        self._detector = _interpreter(folder / "pose_detection.tflite", threads)
        self._anchors = _anchors()

    def find(self, photo: Pixels, *, index: int | None = None, closely: bool = False) -> Pose:
        """Return a person of a photo, (H, W, 3) uint8 sRGB: of several the largest whose trunk is in the photo.

        Args:
            photo: The photo.
            index: The number of the person wanted, from the left, 0 being the first.
            closely: Where nobody is seen, look at parts of the photo: a crowd is not nobody.

        Raises:
            NoPersonDetected: The model sees none, or fewer than asked for.
            PersonCropped: A shoulder or a hip is outside the photo or not visible.
        """
        try:
            return self._choose(photo, self._people(photo), index)
        except NoPersonDetected:
            crowd = self._crowd(photo) if closely else []
            if not crowd:
                raise
            return self._choose(photo, crowd, index)

    def _choose(self, photo: Pixels, regions: list[_Region], index: int | None) -> Pose:
        """Return the person of a number, or the largest one that passes."""
        height, width = photo.shape[:2]
        if index is not None and index >= len(regions) > 0:
            raise NoPersonDetected(f"{len(regions)} people were found in the photo; there is no person_index {index}")
        wanted = [index] if index is not None and regions else self._by_size(photo, regions)
        refusal: PhotoRejected = NoPersonDetected()
        for chosen in wanted:
            try:
                found = self._at(photo, regions[chosen])
                _check_torso(found.landmarks, width=width, height=height)
            except PhotoRejected as error:
                # The largest one's refusal says most; "nobody" says least.
                refusal = error if type(refusal) is NoPersonDetected else refusal
                continue
            return replace(found, people=len(regions), index=chosen)
        raise refusal

    def _by_size(self, photo: Pixels, regions: list[_Region]) -> list[int]:
        """Return the numbers of the largest people, the largest first, by their bodies: regions are rough."""
        by_region = sorted(range(len(regions)), key=lambda one: -regions[one].side)[:CANDIDATES_MOST]
        if len(by_region) < 2:
            return by_region

        def size(one: int) -> float:
            look = self._look(photo, regions[one])
            return _Region.around(look.points[33, :2], look.points[34, :2]).side if look.score >= MIN_SCORE else 0.0

        sizes = {one: size(one) for one in by_region}
        return sorted(by_region, key=lambda one: -sizes[one])

    def _at(self, photo: Pixels, region: _Region) -> Pose:
        """Return the person in a region."""
        height, width = photo.shape[:2]
        best = self._look(photo, region)
        if best.score < MIN_SCORE:
            raise NoPersonDetected(f"no person was found in the photo (score {best.score:.2f})")
        for _ in range(LOOKS - 1):
            again = self._look(photo, _Region.around(best.points[33, :2], best.points[34, :2]))
            best = again if again.score >= MIN_SCORE else best
        landmarks = tuple(
            Landmark(x=float(x), y=float(y), z=float(z), visibility=float(visibility))
            for x, y, z, visibility in best.points[:33, :4]
        )
        return Pose(landmarks=landmarks, mask=_mask(best, width=width, height=height), score=best.score)

    def _people(self, photo: Pixels) -> list[_Region]:
        """Return the region of each person in photo pixels, from the left."""
        height, width = photo.shape[:2]
        found = self._detect(photo, _Region(width / 2, height / 2, float(max(width, height))), MIN_DETECTION)
        if found and max(width, height) >= WIDE * min(width, height):
            # In a long photo each person is small; squares of its shorter side show those that the whole does not.
            found = self._search(photo, float(min(width, height)), found)
        return sorted(found, key=lambda one: one.x)

    def _crowd(self, photo: Pixels) -> list[_Region]:
        """Return people that are too small to be seen in the whole photo, from the left."""
        found: list[_Region] = []
        for parts in CROWD_PARTS:
            found = found or self._search(photo, max(photo.shape[:2]) / parts, [])
        return sorted(found, key=lambda one: one.x)

    def _search(self, photo: Pixels, side: float, known: list[_Region]) -> list[_Region]:
        """Return the known people and those seen in overlapping squares of the photo."""
        height, width = photo.shape[:2]
        found = list(known)
        for y in _middles(height, side):
            for x in _middles(width, side):
                seen = self._detect(photo, _Region(x, y, side), ANOTHER)
                found += [one for one in seen if not any(one.is_near(other) for other in found)]
        return found

    def _detect(self, photo: Pixels, square: _Region, least: float) -> list[_Region]:
        """Return the region of each person in a square of the photo, the likeliest first.

        Args:
            least: Probability from which the likeliest counts; any other counts from `ANOTHER`.
        """
        matrix = square.to_photo(DETECTOR_SIDE)
        boxes, logits = _run(self._detector, _crop(photo, matrix, DETECTOR_SIDE) * 2 - 1, (2254, 12), (2254, 1))
        scores = _sigmoid(logits[:, 0])
        found: list[_Region] = []
        for best in np.argsort(-scores)[:DETECTIONS_MOST]:
            if scores[best] < (ANOTHER if found else least):
                break
            points = boxes[best, 4:8].reshape(2, 2) + self._anchors[best] * DETECTOR_SIDE
            points = points @ matrix[:, :2].T + matrix[:, 2]
            region = _Region.around(points[0], points[1])
            if not any(region.is_near(other) for other in found):
                found.append(region)
        return found

    def _look(self, photo: Pixels, region: _Region) -> _Look:
        matrix = region.to_photo(LANDMARK_SIDE)
        found, score, mask = _run(self._landmarks, _crop(photo, matrix, LANDMARK_SIDE), (195,), (1,), MASK_SHAPE)
        points = found.reshape(39, 5).copy()
        points[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
        points[:, 2] *= float(np.linalg.norm(matrix[:, 0]))
        points[:, 3:] = _sigmoid(points[:, 3:])
        return _Look(region, points, float(score[0]), mask)


def _middles(length: int, side: float) -> list[float]:
    """Return the middles of squares that cover a length, each overlapping the next by half."""
    count = max(1, int(np.ceil(2 * length / side)) - 1)
    if count == 1:
        return [length / 2]
    return [float(at) for at in np.linspace(side / 2, length - side / 2, count)]


def _interpreter(path: Path, threads: int) -> Any:
    from ai_edge_litert.interpreter import Interpreter  # 0.3 s and 60 MB: only where people are looked for

    if not path.is_file():
        raise ModelUnavailable(f"there is no {path.name} in {path.parent}: the set-up fetches it (make up)")
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def _run(interpreter: Any, picture: Floats, *shapes: tuple[int, ...]) -> list[Floats]:
    """Return the outputs of these shapes, in this order: the files do not name their outputs."""
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None])
    interpreter.invoke()
    outputs = {tuple(detail["shape"][1:]): detail["index"] for detail in interpreter.get_output_details()}
    return [np.asarray(interpreter.get_tensor(outputs[shape])[0], np.float32) for shape in shapes]


def _crop(photo: Pixels, to_photo: Floats, side: int) -> Floats:
    """Return the region as (side, side, 3) float32 in [0, 1]; black outside the photo."""
    # Shrinking by more than two needs a smoothed source, or thin things alias away.
    shrink = float(np.hypot(to_photo[0, 0], to_photo[1, 0]))
    if shrink > 2:
        height, width = photo.shape[:2]
        size = (max(1, round(width / shrink)), max(1, round(height / shrink)))
        photo = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
        to_photo = to_photo * np.array([[size[0] / width], [size[1] / height]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(photo, to_photo, (side, side), flags=flags), np.float32) / np.float32(255)


def _anchors() -> Floats:
    """Return the detector's anchor centres, (2254, 2) in 0..1, row by row, stride by stride."""
    grids = []
    for stride, anchors_per_cell in DETECTOR_GRIDS:
        cells = DETECTOR_SIDE // stride
        ys, xs = np.mgrid[0:cells, 0:cells]
        centres = (np.stack([xs, ys], axis=-1).reshape(-1, 2) + 0.5) / cells
        grids.append(np.repeat(centres, anchors_per_cell, axis=0))
    return np.concatenate(grids).astype(np.float32)


def _mask(look: _Look, *, width: int, height: int) -> Pixels:
    """Return the model's mask in photo pixels."""
    matrix = look.region.to_photo(LANDMARK_SIDE)
    mask = (_sigmoid(look.mask_logits[:, :, 0]) * 255).round().astype(np.uint8)
    return np.asarray(cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=0), np.uint8)


def _check_torso(landmarks: tuple[Landmark, ...], *, width: int, height: int) -> None:
    for shoulder, hip in ((LEFT_SHOULDER, LEFT_HIP), (RIGHT_SHOULDER, RIGHT_HIP)):
        for index, name in ((shoulder, "shoulder"), (hip, "hip")):
            if landmarks[index].visibility < MIN_VISIBILITY:
                raise PersonCropped(f"a {name} is not visible in the photo ({landmarks[index].visibility:.2f})")
        a, b = landmarks[shoulder], landmarks[hip]
        t = np.linspace(0, 1, 41)
        xs, ys = a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t
        inside = float(np.mean((xs >= 0) & (xs < width) & (ys >= 0) & (ys < height)))
        if inside < MIN_TORSO:
            raise PersonCropped(f"only {inside:.0%} of the torso is in the photo")


def _sigmoid(values: Any) -> Any:
    return 1 / (1 + np.exp(-np.clip(values, -60, 60)))
