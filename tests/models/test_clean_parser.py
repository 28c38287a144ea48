"""The parser `clean` on tiny ONNX graphs with the real ones' signatures.

Some graphs are random, to check what goes in and out. The others read colours: white is background, red an upper
garment, blue a lower one, green a full one, yellow skin, magenta hair. So what a mask should be can be painted.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from proteus.artefacts import Landmark
from proteus.errors import InvalidRequest, LicenceRefused, ModelUnavailable, NoGarmentDetected, NoPersonDetected
from tailor.loading import make_bench, weights_of
from tailor.parsers import isnet
from tailor.parsers.clean import CleanParser
from tailor.parsers.clean_models import BODY, CLOTH, FOREGROUND, Body, CleanModels, Cloth
from tailor.pose import Pose
from tailor.settings import PoseSettings, Settings, TailorSettings, WorkerSettings

WHITE, RED, BLUE, GREEN, SKIN, HAIR = (
    (255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 0), (255, 0, 255),
)  # fmt: skip


def write_graph(path: Path, weight: np.ndarray, bias: np.ndarray, *, side: int, channels_last: bool = False) -> None:
    """One convolution: (classes, 3, k, k) with padding."""
    classes, _, k, _ = weight.shape
    nodes, source, target = [], "picture", "logits"
    if channels_last:
        nodes.append(helper.make_node("Transpose", ["picture"], ["first"], perm=[0, 3, 1, 2]))
        source, target = "first", "last"
    nodes.append(helper.make_node("Conv", [source, "weight", "bias"], [target], pads=[k // 2] * 4))
    if channels_last:
        nodes.append(helper.make_node("Transpose", ["last"], ["logits"], perm=[0, 2, 3, 1]))
    shapes = [[1, side, side, c] if channels_last else [1, c, side, side] for c in (3, classes)]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, shapes[0])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shapes[1])],
        [
            numpy_helper.from_array(weight.astype(np.float32), "weight"),
            numpy_helper.from_array(bias.astype(np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


def colour_classifier(colours: list[tuple[int, int, int]], mean, spread) -> tuple[np.ndarray, np.ndarray]:
    """Weights whose largest output is the nearest colour: 2·x·c - |c|², undoing mean and spread."""
    c = np.array(colours, float) / 255
    weight = 2 * c * np.array(spread)
    bias = 2 * c @ np.array(mean) - (c**2).sum(axis=1)
    return 50 * weight[:, :, None, None], 50 * bias


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Networks that read colours."""
    place = tmp_path_factory.mktemp("clean")
    mean, spread = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
    # Foreground: what is not white. The brightest channel sum is 3; everything painted here has at most 2.
    write_graph(place / FOREGROUND, -40 * spread[None, :, None, None], np.array([40 * (2.5 - mean.sum())]), side=64)
    weight, bias = colour_classifier([WHITE, RED, BLUE, GREEN, SKIN, HAIR], (0.5,) * 3, (0.5,) * 3)
    nothing = np.zeros((4, 6))
    nothing[[0, 1, 2, 3], [0, 1, 2, 3]] = 1
    # Skin and hair are no cloth: give "none" the best of white; nearest colours decide among the rest.
    write_graph(place / CLOTH, np.tensordot(nothing, weight, axes=1), nothing @ bias + [9, 0, 0, 0], side=96)
    weight, bias = colour_classifier([WHITE, HAIR, SKIN, (0, 255, 128), RED, BLUE], (0,) * 3, (1,) * 3)
    write_graph(place / BODY, weight, bias, side=48, channels_last=True)
    return place


class Standing:
    """A pose source that always sees the same person."""

    name = "painted"

    def __init__(self, pose: Pose | None) -> None:
        self.pose = pose

    def find(self, photo: np.ndarray, **_: object) -> Pose:
        if self.pose is None:
            raise NoPersonDetected
        return self.pose


def painted_person() -> tuple[np.ndarray, Pose]:
    """Hair, face, red shirt with short sleeves, yellow arms, blue trousers, on white; 300 x 512."""
    photo = np.full((512, 300, 3), 255, np.uint8)
    cv2.circle(photo, (150, 60), 36, SKIN, -1)
    cv2.ellipse(photo, (150, 40), (40, 24), 0, 180, 360, HAIR, -1)
    cv2.rectangle(photo, (100, 105), (200, 270), RED, -1)
    for side in (-1, 1):
        x = 150 + side * 60
        cv2.line(photo, (150 + side * 42, 122), (x, 190), RED, 30)
        cv2.line(photo, (x, 195), (x + side * 8, 290), SKIN, 22)
        cv2.rectangle(photo, (150 + side * 27 - 22, 265), (150 + side * 27 + 22, 470), BLUE, -1)
    points = {
        0: (150, 62), 1: (155, 52), 2: (160, 52), 3: (165, 52), 4: (145, 52), 5: (140, 52), 6: (135, 52),
        7: (178, 60), 8: (122, 60), 9: (160, 78), 10: (140, 78),
        11: (192, 120), 12: (108, 120), 13: (210, 192), 14: (90, 192), 15: (217, 280), 16: (83, 280),
        17: (219, 295), 18: (81, 295), 19: (217, 297), 20: (83, 297), 21: (212, 292), 22: (88, 292),
        23: (178, 268), 24: (122, 268), 25: (178, 370), 26: (122, 370), 27: (178, 465), 28: (122, 465),
        29: (178, 475), 30: (122, 475), 31: (182, 482), 32: (118, 482),
    }  # fmt: skip
    marks = tuple(Landmark(x=points[n][0], y=points[n][1], visibility=0.99) for n in range(33))
    mask = (photo != 255).any(axis=-1).astype(np.uint8) * 255
    return photo, Pose(landmarks=marks, mask=mask, score=0.99)


def flat(colour: tuple[int, int, int]) -> np.ndarray:
    photo = np.full((400, 320, 3), 255, np.uint8)
    cv2.rectangle(photo, (80, 100), (240, 330), colour, -1)
    return photo


@pytest.fixture
def parser(folder) -> CleanParser:
    return CleanParser(Standing(None), folder=folder)


@pytest.fixture
def wearing(folder) -> tuple[CleanParser, np.ndarray, Pose]:
    photo, pose = painted_person()
    return CleanParser(Standing(pose), folder=folder), photo, pose


@pytest.mark.parametrize(("colour", "category"), [(RED, "upper"), (BLUE, "lower"), (GREEN, "dress")])
def test_a_flat_garment_is_the_foreground_and_its_class_the_category(parser, colour, category) -> None:
    mask = parser.find_garment(flat(colour), category="auto")
    assert (mask.category, mask.worn) == (category, False)
    assert mask.confidence > 0.8
    expected = (flat(colour) != 255).any(axis=-1)
    overlap = ((mask.alpha > 127) & expected).sum() / ((mask.alpha > 127) | expected).sum()
    assert overlap > 0.95


def test_a_named_category_is_taken_at_its_word_for_a_flat_garment(parser) -> None:
    assert parser.find_garment(flat(RED), category="dress").category == "dress"


def test_an_empty_picture_has_no_garment(parser) -> None:
    with pytest.raises(NoGarmentDetected, match="stand out"):
        parser.find_garment(np.full((300, 300, 3), 255, np.uint8), category="auto")


def test_a_word_that_is_no_category_is_refused(parser) -> None:
    with pytest.raises(InvalidRequest, match="'glove'"):
        parser.find_garment(flat(RED), category="glove")


@pytest.mark.parametrize(("category", "colour"), [("upper", RED), ("lower", BLUE), ("auto", RED)])
def test_a_worn_garment_is_cut_without_skin_and_hair(wearing, category, colour) -> None:
    parser, photo, _ = wearing
    mask = parser.find_garment(photo, category=category)
    assert mask.worn
    expected = (photo == colour).all(axis=-1)
    solid = mask.alpha > 127
    assert (solid & expected).sum() / (solid | expected).sum() > 0.8
    assert not solid[(photo == SKIN).all(axis=-1)][::7].mean() > 0.1


def test_a_garment_that_is_not_worn_where_the_body_is_is_not_this_persons(wearing) -> None:
    parser, photo, _ = wearing
    photo = photo.copy()
    photo[400:510, 0:60] = RED  # a red bag on the floor
    alpha = parser.find_garment(photo, category="upper").alpha
    assert alpha[400:510, 0:60].max() == 0
    assert alpha[200, 150] > 200


def test_a_category_that_nobody_wears_is_not_found(folder) -> None:
    photo, pose = painted_person()
    photo[(photo == RED).all(axis=-1)] = BLUE
    with pytest.raises(NoGarmentDetected, match="no upper garment"):
        CleanParser(Standing(pose), folder=folder).find_garment(photo, category="upper")


def test_agnostic_masks_hide_the_old_garment_and_spare_face_hair_and_hands(wearing) -> None:
    parser, photo, _ = wearing
    found = parser.find_person(photo)
    assert set(found.agnostic) == {"upper", "lower", "overall", "dress"}
    shirt, trousers = ((photo == colour).all(axis=-1) for colour in (RED, BLUE))
    upper, lower = found.agnostic["upper"] > 0, found.agnostic["lower"] > 0
    assert upper[shirt].mean() > 0.99
    assert lower[trousers].mean() > 0.95
    assert (found.agnostic["dress"][shirt | trousers] > 0).mean() > 0.95
    for mask in (upper, lower):
        assert not mask[:90].any()  # face and hair
        assert not mask[300:, :95].any()  # what lies beyond the wrist
    assert upper[240, 87]  # bare forearm: a long sleeve may cover it
    assert not upper[380:470].any()
    person = found.person > 127
    painted = (photo != 255).any(axis=-1)
    assert (person & painted).sum() / (person | painted).sum() > 0.85


def test_masks_have_the_photos_size_even_where_it_is_large(folder) -> None:
    photo, pose = painted_person()
    large = cv2.resize(photo, (900, 1536), interpolation=cv2.INTER_NEAREST)
    marks = tuple(Landmark(x=m.x * 3, y=m.y * 3, visibility=m.visibility) for m in pose.landmarks)
    mask = cv2.resize(pose.mask, (900, 1536), interpolation=cv2.INTER_NEAREST)
    parser = CleanParser(Standing(Pose(landmarks=marks, mask=mask, score=1)), folder=folder)
    found = parser.find_person(large)
    assert found.person.shape == (1536, 900)
    assert {m.shape for m in found.agnostic.values()} == {(1536, 900)}
    assert set(np.unique(found.agnostic["upper"])) == {0, 255}


@pytest.mark.parametrize("size", [(90, 60), (33, 128), (200, 200)])
def test_random_networks_get_what_the_published_ones_expect(tmp_path, size) -> None:
    random = np.random.default_rng(5)
    sides = {FOREGROUND: 64, CLOTH: 48, BODY: 32}
    for name, classes in ((FOREGROUND, 1), (CLOTH, 4), (BODY, 6)):
        weight = random.normal(size=(classes, 3, 3, 3))
        write_graph(tmp_path / name, weight, random.normal(size=classes), side=sides[name], channels_last=name == BODY)
    photo = random.integers(0, 256, (*size, 3), dtype=np.uint8)
    models = CleanModels(tmp_path)

    def reference(name: str, mean, spread) -> np.ndarray:
        square = cv2.resize(photo, (sides[name],) * 2, interpolation=cv2.INTER_LINEAR)
        values = ((square / 255 - mean) / spread).astype(np.float32)
        batch = values[None] if name == BODY else values.transpose(2, 0, 1)[None]
        logits = ReferenceEvaluator(str(tmp_path / name)).run(None, {"picture": batch})[0][0]
        return logits if name == BODY else logits.transpose(1, 2, 0)

    def stretched(values: np.ndarray) -> np.ndarray:
        return cv2.resize(values, size[::-1], interpolation=cv2.INTER_LINEAR)

    logits = reference(FOREGROUND, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))[..., 0]
    foreground = models.foreground(photo)
    assert foreground == pytest.approx(stretched(1 / (1 + np.exp(-logits))), abs=1e-4)
    for ours, name, scale in ((models.cloth, CLOTH, 0.5), (models.body, BODY, None)):
        expected = stretched(reference(name, scale or 0, scale or 1)).argmax(axis=-1)
        assert (ours(photo) == expected).mean() > 0.999


def test_cloth_seg_is_fed_plus_minus_one_and_not_imagenets_statistics(tmp_path, folder) -> None:
    for name in (FOREGROUND, BODY):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    weight = np.zeros((4, 3, 1, 1))
    weight[Cloth.UPPER, 2] = 1  # upper where blue is above zero: 120 is, by ImageNet's statistics only
    write_graph(tmp_path / CLOTH, weight, np.zeros(4), side=16)
    cloth = CleanModels(tmp_path).cloth
    assert (cloth(np.full((20, 20, 3), 120, np.uint8)) == Cloth.NONE).all()
    assert (cloth(np.full((20, 20, 3), 135, np.uint8)) == Cloth.UPPER).all()


def test_isnet_cuts_what_stands_out_and_leaves_the_rest_to_classic(tmp_path) -> None:
    # What it gets is x/255 - 0.5: red alone is above zero on every channel but one of this picture.
    weight = np.array([4.0, -4.0, -4.0])[None, :, None, None]
    write_graph(tmp_path / isnet.FILE, weight, np.array([-3.0]), side=64)
    parser = isnet.IsnetParser(Standing(None), folder=tmp_path)
    found = parser.find_garment(flat(RED), category="auto")
    expected = (flat(RED) == RED).all(axis=-1)
    solid = found.alpha > 127
    assert (solid & expected).sum() / (solid | expected).sum() > 0.95
    assert (found.worn, found.confidence > 0) == (False, True)
    with pytest.raises(NoGarmentDetected, match="stand out"):
        parser.find_garment(flat(BLUE), category="upper")
    photo, pose = painted_person()
    assert isnet.IsnetParser(Standing(pose), folder=tmp_path).find_person(photo).agnostic["upper"].any()


def test_isnet_without_its_file_or_with_another_network_is_refused(tmp_path, folder) -> None:
    with pytest.raises(ModelUnavailable, match=r"no isnet-general-use\.onnx"):
        isnet.IsnetParser(Standing(None), folder=tmp_path)
    (tmp_path / isnet.FILE).write_bytes((folder / CLOTH).read_bytes())
    with pytest.raises(ModelUnavailable, match="1 channels on axis 1 are expected"):
        isnet.IsnetParser(Standing(None), folder=tmp_path)


def test_other_weights_are_another_version(tmp_path, folder) -> None:
    for name in (FOREGROUND, CLOTH, BODY):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    first = CleanParser(Standing(None), folder=tmp_path).version
    assert first == CleanParser(Standing(None), folder=folder).version
    write_graph(tmp_path / CLOTH, np.ones((4, 3, 1, 1)), np.zeros(4), side=96)
    assert CleanParser(Standing(None), folder=tmp_path).version != first


def test_missing_broken_and_mistaken_files_are_named(tmp_path, folder) -> None:
    with pytest.raises(ModelUnavailable, match=f"no {FOREGROUND} and no {CLOTH} and no {BODY}"):
        CleanModels(tmp_path)
    for name in (FOREGROUND, CLOTH, BODY):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / CLOTH).write_bytes(b"nothing")
    with pytest.raises(ModelUnavailable, match=f"{CLOTH} is not an ONNX file"):
        CleanModels(tmp_path)
    write_graph(tmp_path / CLOTH, np.ones((5, 3, 1, 1)), np.zeros(5), side=16)
    with pytest.raises(ModelUnavailable, match="4 channels on axis 1 are expected"):
        CleanModels(tmp_path)


def test_class_numbers_are_the_published_ones() -> None:
    assert [cloth.name for cloth in Cloth] == ["NONE", "UPPER", "LOWER", "FULL"]
    assert [body.name for body in Body] == ["BACKGROUND", "HAIR", "BODY_SKIN", "FACE_SKIN", "CLOTHES", "OTHERS"]


def test_a_commercial_deployment_refuses_segformer_and_lets_clean_in_once_it_is_accepted(tmp_path) -> None:
    def settings(parser: str, accept: str = "") -> Settings:
        worker = WorkerSettings(licence_policy="commercial", licence_accept=accept)
        return Settings(tailor=TailorSettings(parser=parser), worker=worker, pose=PoseSettings(model_dir=str(tmp_path)))

    with pytest.raises(LicenceRefused, match="segformer is refused by licence_policy 'commercial'"):
        weights_of(settings("segformer"))
    with pytest.raises(LicenceRefused, match="accept it with PROTEUS_LICENCE_ACCEPT=clean"):
        weights_of(settings("clean"))
    assert [order.model for order in weights_of(settings("clean", "clean"))] == ["clean"]
    with pytest.raises(ModelUnavailable):
        make_bench(settings("clean", "clean"))
